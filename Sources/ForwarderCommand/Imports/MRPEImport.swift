import Monitoring

/// Checkmk's mrpe.cfg as definitions of this host.
///
/// - Source: Checkmk, "Monitoring Linux", MRPE: `Name [(options)] command line`, the name
///   percent-encoded, the command line for the agent's bash.
struct MRPEImport: Sendable {
    struct Line: Sendable, Hashable {
        var place: ImportPlace
        var original: String
        var name: String
        var intervalSeconds: Int?
        var command: String
        /// Options besides the interval.
        var options: [String]
    }

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
        if rest.first == "(", let end = rest.firstIndex(of: ")") {
            options = Substring(rest[..<end].dropFirst()).split(separator: ":").map(String.init)
            rest = rest[end...].dropFirst().drop(while: isBlank)
        }
        guard !rest.isEmpty, lines.count < Self.limit else {
            return notes.append(
                ImportNote(place: place, text: "There is no command, or no room. It is left out."))
        }
        let interval = options.first { $0.hasPrefix("interval=") }
        lines.append(
            Line(
                place: place, original: text, name: Self.decoded(String(Substring(name))),
                intervalSeconds: interval.flatMap { Int($0.dropFirst(9)) }.flatMap {
                    (1...315_360_000).contains($0) ? $0 : nil
                },
                command: String(Substring(rest)), options: options.filter { $0 != interval }))
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
        var remarks: [String] = []
        if name != line.name {
            remarks.append("Named '\(name)': '\(line.name.printable)' is taken or no name here.")
        }
        if !line.options.isEmpty {
            remarks.append(
                "Left out, because they mean nothing here: \(line.options.joined(separator: ", "))."
            )
        }
        let commandLine: ImportedCheck.CommandLine =
            ShellLine.words(of: line.command).map { .words($0) }
            ?? .otherShell(path: "/bin/bash", line.command)
        return ImportedCheck(
            place: line.place, original: line.original, commandName: "mrpe-\(name)",
            serviceName: name, commandLine: commandLine, intervalSeconds: line.intervalSeconds,
            remarks: remarks)
    }
}
