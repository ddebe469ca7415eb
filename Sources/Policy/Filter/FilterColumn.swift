/// Reads the name of a column.
struct FilterColumn {
    private let name: String

    init(_ name: String) { self.name = name }

    /// The column, or what is wrong with its name.
    enum Outcome {
        case column(FilterCondition.Column)
        case failure(String)

        /// The column; throws what the caller makes of the words.
        func mapFailure<Failure: Error>(
            _ failure: (String) -> Failure
        ) throws(Failure) -> FilterCondition.Column {
            switch self {
            case .column(let column): return column
            case .failure(let message): throw failure(message)
            }
        }
    }

    private static let known: [String: FilterCondition.Column] = [
        "host.name": .hostName, "service.name": .serviceName, "hostgroup.name": .hostGroupName,
        "servicegroup.name": .serviceGroupName,
    ]

    /// The column that the name means.
    func read() -> Outcome {
        if let column = Self.known[name] { return .column(column) }
        if let path = dropping("host.vars.") { return variable(path) { .hostVariable($0) } }
        if let path = dropping("service.vars.") { return variable(path) { .serviceVariable($0) } }
        let told = name.suffix(80)
        guard !name.contains(".user"), !name.hasPrefix("user") else {
            return .failure("'\(told)': users and contacts do not exist on this host.")
        }
        for (old, new) in [("_host_", "host.vars."), ("_service_", "service.vars.")] {
            guard let path = dropping(old) else { continue }
            return .failure(
                "There is no column '\(told)'. Did you mean '\(new)\(path.suffix(80))'?")
        }
        let candidates = Self.known.keys.sorted() + ["host.vars.", "service.vars."]
        let suggestion = Suggestion.text(for: name, among: candidates)
        let all = candidates.map { $0.hasSuffix(".") ? $0 + "NAME" : $0 }.joined(separator: ", ")
        return .failure("There is no column '\(told)'.\(suggestion) Columns are \(all).")
    }

    private func dropping(_ prefix: String) -> String? {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }

    private func variable(
        _ path: String,
        _ column: (MatchPattern) -> FilterCondition.Column
    ) -> Outcome {
        if let flaw = VariablePath.flaw(in: path) { return .failure(flaw) }
        return .column(column(MatchPattern(path)))
    }
}

/// The rules for `name.key[0].key[*]`, which names custom variables and what is in them.
enum VariablePath {
    /// Most bytes of a path.
    ///
    /// 512: four times the longest that Icinga DB can store comfortably; people write 40.
    static let byteLimit = 512

    /// What is wrong with a path; nil when it can name something.
    static func flaw(in path: String) -> String? {
        guard !path.isEmpty else { return "The name of the custom variable is missing." }
        guard path.utf8.count <= byteLimit else {
            return "The variable's path has more than \(byteLimit) bytes."
        }
        if path.hasPrefix(".") || path.hasSuffix(".") || path.contains("..") {
            return "An empty name between dots in '\(path)'."
        }
        for part in path.split(separator: "[", omittingEmptySubsequences: false).dropFirst() {
            guard let close = part.firstIndex(of: "]") else {
                return "The bracket in '\(path)' is never closed."
            }
            let inside = part[..<close]
            guard
                inside == "*"
                    || (!inside.isEmpty && inside.utf8.allSatisfy { (0x30...0x39).contains($0) })
            else {
                return "Brackets hold a number or '*', as in 'tags[0]' and 'tags[*]'."
            }
            let rest = part[part.index(after: close)...]
            guard rest.isEmpty || rest.hasPrefix(".") || rest.hasPrefix("*") else {
                return "After ']' comes a dot, another '[' or the end, in '\(path)'."
            }
        }
        return nil
    }
}
