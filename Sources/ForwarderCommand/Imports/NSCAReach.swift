import Monitoring

/// What a pattern of nsca-ng.cfg is about, and what it let through besides.
///
/// nsca-ng compares patterns with the whole command as text, and puts no parentheses around them.
///
/// - Source: nsca-ng 1.6, nsca-ng.cfg(5); the corners by trying the program.
struct NSCAReach: Sendable, Hashable {
    /// An object that is named in full; `nil` as its host stands for any.
    struct Target: Sendable, Hashable {
        var host: String?
        var service: String?

        /// What is written of it, the host in front.
        var names: [String] { [host, service].compactMap { $0 } }

        /// False where no object can have such names.
        var isObject: Bool {
            names.allSatisfy { !$0.contains("!") && ObjectName(fullName: $0) != nil }
        }

        /// True where the own host has this object already: its health.
        var mayBeHealth: Bool { service == ObjectName.healthServiceName }

        /// False where a Submitter object takes a name for a pattern of others, which it has no
        /// way to write otherwise.
        var isExactInSubmitter: Bool {
            !names.contains { $0.utf8.contains { "*?".utf8.contains($0) } }
        }
    }

    let pattern: NSCAServerConfiguration.Pattern
    /// What it names; empty where that cannot be listed.
    let targets: [Target]
    /// What it is about, for people.
    let words: String
    /// What it really let through, or what was taken otherwise than written.
    let remarks: [String]

    init(_ pattern: NSCAServerConfiguration.Pattern) {
        switch pattern.subject {
        case .hosts: self.init(host: pattern)
        case .services: self.init(service: pattern)
        case .commands: self.init(command: pattern)
        }
    }

    private init(
        _ pattern: NSCAServerConfiguration.Pattern, _ targets: [Target], _ words: String,
        _ remarks: [String]
    ) {
        self.pattern = pattern
        self.targets = targets.filter(\.isObject)
        self.words = words
        var remarks = remarks
        if targets.count > self.targets.count {
            remarks.append("'\(pattern.text)' is no name that an object can have.")
        }
        let vague = self.targets.filter { !$0.isExactInSubmitter }
        if !vague.isEmpty {
            let shown = vague.map { "'\($0.names.joined(separator: "!"))'" }
            remarks.append(
                """
                No Submitter is proposed for \(shown.joined(separator: ", ")): in it '*' and '?' \
                stand for any text, and for any character, with no way to write them as they are.
                """)
        }
        if self.targets.contains(where: \.mayBeHealth) {
            remarks.append(
                """
                '\(ObjectName.healthServiceName)' of this host itself is the forwarder's own \
                health, and takes no results of others: that service needs another name here.
                """)
        }
        self.remarks = remarks
    }

    private init(host pattern: NSCAServerConfiguration.Pattern) {
        let host = ExtendedPattern(pattern.text)
        var remarks = Self.alternation("PROCESS_HOST_CHECK_RESULT;\(pattern.text);.+")
        if host.spansFields, !host.isEverything, remarks.isEmpty {
            remarks.append(
                Self.spanning(pattern.text, "host", "PROCESS_HOST_CHECK_RESULT;other;2;..."))
        }
        remarks += Self.oddities([host], remarks)
        let targets = host.names.map { Target(host: $0, service: nil) }
        if !targets.isEmpty, host.hasLooseDot { remarks.append(Self.looseDot(pattern.text)) }
        let words = host.isEverything ? "every host" : "hosts '\(pattern.text)'"
        self.init(pattern, targets, words, remarks)
    }

    private init(service pattern: NSCAServerConfiguration.Pattern) {
        let parts = pattern.text.lastIndex(of: "@")
        let service = ExtendedPattern(parts.map { String(pattern.text[..<$0]) } ?? pattern.text)
        let host = parts.map { ExtendedPattern(String(pattern.text[$0...].dropFirst())) }
        let command =
            "PROCESS_SERVICE_CHECK_RESULT;\(host?.text ?? "[^;]+");\(service.text);.+;.+"
        var remarks = Self.alternation(command)
        if !service.isEverything, remarks.isEmpty {
            if service.spansFields {
                remarks.append(
                    Self.spanning(
                        service.text, "service", "PROCESS_SERVICE_CHECK_RESULT;host;other;2;..."))
            }
            if let host, host.spansFields {
                remarks.append(
                    Self.spanning(
                        host.text, "service of any host",
                        "PROCESS_SERVICE_CHECK_RESULT;other;other;2;..."))
            }
        } else if let host, host.spansFields, !host.isEverything, remarks.isEmpty {
            remarks.append(
                Self.spanning(
                    host.text, "host's services", "PROCESS_SERVICE_CHECK_RESULT;other;..."))
        }
        remarks += Self.oddities([service, host].compactMap { $0 }, remarks)
        let hosts: [String?] = host?.names ?? [nil]
        let targets =
            Self.alternation(command).isEmpty && hosts.count * service.names.count <= Self.limit
            ? hosts.flatMap { host in service.names.map { Target(host: host, service: $0) } } : []
        if !targets.isEmpty, service.hasLooseDot || host?.hasLooseDot == true {
            remarks.append(Self.looseDot(pattern.text))
        }
        let of = host.map { $0.isEverything ? "every host" : "hosts '\($0.text)'" } ?? "every host"
        let what = service.isEverything ? "every service" : "services '\(service.text)'"
        self.init(pattern, targets, "\(what) of \(of)", remarks)
    }

    private init(command pattern: NSCAServerConfiguration.Pattern) {
        var remarks = Self.alternation(pattern.text)
        remarks.append(
            """
            Commands are not taken over. Where this let results through \
            (PROCESS_HOST_CHECK_RESULT, PROCESS_SERVICE_CHECK_RESULT), define an object for each \
            one that comes, and give the right to submit it. Whoever sent downtimes or \
            acknowledgements does so in Icinga DB Web or the API from now on.
            """)
        self.init(pattern, [], "commands '\(pattern.text)'", remarks)
    }

    /// What a `|` without parentheses made of the whole command's pattern.
    private static func alternation(_ command: String) -> [String] {
        let parts = ExtendedPattern(command).alternatives
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return [] }
        let between = parts.dropFirst().dropLast().map { ", every command with '\($0)' in it" }
        return [
            """
            No parentheses around '|': nsca-ng let through every command that begins with \
            '\(first)'\(between.joined()), and every command, whichever it is, that ends in \
            '\(last)'. Here names are compared one by one.
            """
        ]
    }

    private static func spanning(_ text: String, _ kind: String, _ example: String) -> String {
        """
        '\(text)' also matches semicolons, and with them the fields behind the name: nsca-ng let \
        through results of another \(kind), such as \(example) with the rest of the pattern in \
        the output. Here names are compared one by one.
        """
    }

    /// Most objects that one pattern names: as many as are listed of a name.
    private static let limit = PatternNames.limit

    /// What is no name though it may look like one.
    ///
    /// - Parameter told: what was said already; a split pattern is no longer one of names.
    private static func oddities(_ patterns: [ExtendedPattern], _ told: [String]) -> [String] {
        var remarks: [String] = []
        if told.isEmpty, patterns.contains(where: \.hasAnchor) {
            remarks.append(
                """
                '^' and '$' stand in the middle of what nsca-ng compares, where they match \
                nothing: what has one let no result through. If a name was meant, leave them out.
                """)
        }
        var escapes: [String] = []
        for escape in patterns.flatMap(\.specialEscapes) where !escapes.contains(escape) {
            escapes.append(escape)
        }
        if !escapes.isEmpty {
            remarks.append(
                """
                \(escapes.joined(separator: ", ")): no letter, but a kind of character, a place or \
                a repetition. It cannot be translated: define each object that results come for.
                """)
        }
        return remarks
    }

    private static func looseDot(_ text: String) -> String {
        "A dot in '\(text)' matched any character; here it is a dot."
    }
}
