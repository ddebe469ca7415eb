import Monitoring

/// Checkmk's mrpe.cfg as definitions of this host.
///
/// - Source: Checkmk, "Monitoring Linux", MRPE: `Name [(options)] command line`, the name
///   percent-encoded, the command line for the agent's bash; what that does with it by running the
///   agent of Checkmk 2.3.
struct MRPEImport: Sendable {
    struct Line: Sendable, Hashable {
        var place: ImportPlace
        var original: String
        var name: String
        /// What stands behind `interval=`; nil where nothing does.
        var interval: String?
        var command: String
        /// Options besides the interval.
        var options: [String]

        /// Seconds between runs; nil where the agent runs it whenever it is asked.
        var intervalSeconds: Int? {
            interval.flatMap { Int($0) }.flatMap {
                (1...MRPEImport.longestInterval).contains($0) ? $0 : nil
            }
        }
    }

    /// Ten years, in seconds.
    fileprivate static let longestInterval = 315_360_000

    private(set) var lines: [Line] = []
    private(set) var notes: [ImportNote] = []
    private let origin: String

    /// How often the agent is asked, and with it whatever has no interval of its own.
    private static let agentInterval = 60
    private static let template = "mrpe-service"
    /// Most lines that become checks.
    private static let limit = 10_000

    /// Reads a file's bytes.
    init(_ content: [UInt8], path: String) {
        origin = path
        let rows = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, row) in rows.enumerated() {
            let place = ImportPlace(path: path, line: index + 1)
            guard !row.contains(0), let text = String(validating: row, as: UTF8.self) else {
                notes.append(
                    ImportNote(
                        place: place,
                        text: "This line has a NUL, or is not UTF-8. It is left out."))
                continue
            }
            take(text, at: place)
        }
    }

    private mutating func take(_ text: String, at place: ImportPlace) {
        let isBlank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        var rest = Substring.UnicodeScalarView(text.unicodeScalars).drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        guard let first = rest.first, first != "#" else { return }
        let name = rest.prefix { !isBlank($0) }
        rest = rest[name.endIndex...].drop(while: isBlank)
        var options: [String] = []
        if let end = Self.endOfOptions(rest) {
            options = Substring(rest[..<end].dropFirst()).split(separator: ":").map(String.init)
            rest = rest[end...].dropFirst().drop(while: isBlank)
        }
        guard !rest.isEmpty, lines.count < Self.limit else {
            return notes.append(
                ImportNote(place: place, text: "There is no command, or no room. It is left out."))
        }
        let interval = options.first { $0.hasPrefix(Self.intervalKey) }
        lines.append(
            Line(
                place: place, original: text, name: Self.decoded(String(Substring(name))),
                interval: interval.map { String($0.dropFirst(Self.intervalKey.count)) },
                command: String(Substring(rest)), options: options.filter { $0 != interval }))
    }

    private static let intervalKey = "interval="

    /// Where the parenthesis of the options closes; nil where none are.
    ///
    /// A parenthesis that no blank follows is the line's own, a subshell.
    private static func endOfOptions(
        _ rest: Substring.UnicodeScalarView
    ) -> Substring.UnicodeScalarView.Index? {
        guard rest.first == "(" else { return nil }
        for end in rest.indices where rest[end] == ")" {
            switch rest[end...].dropFirst().first {
            case " ", "\t": return end
            case nil:
                let options = Substring(rest[..<end].dropFirst()).split(separator: ":")
                return options.allSatisfy { $0.contains("=") && ShellLine.isPlain($0) } ? end : nil
            default: continue
            }
        }
        return nil
    }

    /// `%20` as a blank; what is no such code, or no UTF-8 after it, stays.
    private static func decoded(_ name: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.first {
            rest = rest.dropFirst()
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard byte == UInt8(ascii: "%"), digits.utf8.count == 2,
                digits.allSatisfy(\.isHexDigit), let code = UInt8(digits, radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self) ?? name
    }

    /// The definitions, and what is to be known of them.
    var outcome: ImportOutcome {
        var names = ImportedNames(reserved: [ObjectName.healthServiceName])
        var notes = self.notes
        let checks = lines.map { line in
            let check = Self.check(line, &names)
            notes += check.remarks.map { ImportNote(place: line.place, text: $0) }
            return check
        }
        let heading = [
            "Imported from \(origin) by `forwarder import mrpe`, to be read before it is used.",
            """
            Checkmk's agent runs what has no interval each time that it is asked, every minute \
            unless told otherwise, and as root. Here it runs as the daemon's user, or as that of \
            the Checks object in forwarder.conf.
            """,
        ]
        let text =
            heading.map(IcingaText.comment).joined() + "\n"
            + ImportTemplate(Self.template, intervalSeconds: Self.agentInterval).text
            + self.notes.map { IcingaText.comment("\($0)") }.joined()
            + checks.map { $0.text(template: Self.template) }.joined(separator: "\n")
        return ImportOutcome(text: text, notes: notes)
    }

    private static func check(_ line: Line, _ names: inout ImportedNames) -> ImportedCheck {
        let name = names.give(line.name)
        let variables = MRPEEnvironment(line.command)
        var remarks: [String] = []
        if name != line.name {
            remarks.append("Named '\(name)': '\(line.name.printable)' is taken or no name here.")
        }
        if let interval = line.interval, line.intervalSeconds == nil {
            remarks.append(
                """
                'interval=\(interval.printable)' gives no time between two runs: the agent runs it \
                each time that it is asked. Here: every minute.
                """)
        }
        if !line.options.isEmpty {
            remarks.append(
                "Left out, because they mean nothing here: \(line.options.joined(separator: ", "))."
            )
        }
        if line.interval != nil, losesQuotes(line.command) {
            remarks.append(
                """
                With an interval Checkmk's agent takes single quotes away before bash reads the \
                line. Here they count as they are written.
                """)
        }
        let commandLine: ImportedCheck.CommandLine =
            ShellLine.words(of: line.command).map { .words($0) }
            ?? .otherShell(path: "/bin/bash", line.command)
        return ImportedCheck(
            place: line.place, original: line.original, commandName: "mrpe-\(name)",
            serviceName: name, commandLine: commandLine, intervalSeconds: line.intervalSeconds,
            environment: variables.known, remarks: remarks + variables.remarks)
    }

    /// True when it matters whether what stands in single quotes is in quotes.
    private static func losesQuotes(_ command: String) -> Bool {
        let pieces = command.split(separator: "'", omittingEmptySubsequences: false)
        return pieces.enumerated().contains { index, piece in
            !index.isMultiple(of: 2) && (piece.isEmpty || !ShellLine.isPlain(piece))
        }
    }
}

/// What a line takes from the agent that runs it: variables that it exports, and functions.
///
/// - Source: the agent of Checkmk 2.3.
private struct MRPEEnvironment {
    /// Variables that the agent sets, with the values of its packages.
    private(set) var known: [ImportedCheck.EnvironmentVariable] = []
    private(set) var remarks: [String] = []

    private static let values = [
        "MK_LIBDIR": "/usr/lib/check_mk_agent", "MK_CONFDIR": "/etc/check_mk",
        "MK_VARDIR": "/var/lib/check_mk_agent", "MK_LOGDIR": "/var/log/check_mk_agent",
        "MK_BIN": "/usr/bin",
    ]
    /// What every plugin has here too.
    private static let kept: Set = ["PATH", "HOME", "LANG", "TZ", "USER", "LOGNAME", "LC_NUMERIC"]
    private static let functions: Set = ["waitmax", "run_cached", "run_mrpe", "inpath"]

    init(_ command: String) {
        var unknown: [String] = []
        for name in ShellLine.variables(in: command) where !Self.kept.contains(name) {
            if let value = Self.values[name] {
                known.append(.init(name: name, value: value))
            } else {
                unknown.append(name)
            }
        }
        if !known.isEmpty {
            remarks.append(
                """
                Checkmk's agent gives its own folders in \(Self.listed(known.map(\.name))). The \
                values here are those of its packages: mend them if your agent has others.
                """)
        }
        if !unknown.isEmpty {
            remarks.append(
                """
                \(Self.listed(unknown)): what the agent was started with is not here. Write what \
                the line needs as env of its CheckCommand.
                """)
        }
        let first = command.prefix { $0 != " " && $0 != "\t" }
        if Self.functions.contains(String(first)) {
            remarks.append(
                """
                '\(first)' is a function of Checkmk's agent, which is not here. Write the command \
                itself, with timeout in its CheckCommand.
                """)
        }
    }

    private static func listed(_ names: [String]) -> String {
        names.map { "$\($0)" }.joined(separator: ", ")
    }
}
