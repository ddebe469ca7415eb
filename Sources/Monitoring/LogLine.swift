/// One line of a log, the same from both processes, which share standard error.
///
/// Without a time: the journal adds that.
package struct LogLine: Sendable, Hashable {
    /// How lines are written.
    package enum Format: String, Sendable, CaseIterable {
        /// The priority that journald reads from the start of a line, the message, and the metadata
        /// as `key=value` in a fixed order.
        case text
        /// One JSON object of strings, its keys in a fixed order.
        case json
    }

    /// The level's word, such as `notice`.
    package var level: String
    /// Which part speaks.
    package var label: String
    /// What happened; the same words each time.
    package var message: String
    /// The particulars.
    package var metadata: [String: String]

    /// A line with all its parts.
    package init(
        level: String, label: String, message: String, metadata: [String: String]
    ) {
        self.level = level
        self.label = label
        self.message = message
        self.metadata = metadata
    }

    /// The level as syslog(3) counts it; a word that is no level counts as an error.
    private var priority: Int {
        switch level {
        case "trace", "debug": 7
        case "info": 6
        case "notice": 5
        case "warning": 4
        case "critical": 2
        default: 3
        }
    }

    /// The line without its end; it holds no other.
    package func text(_ format: Format) -> String {
        switch format {
        case .text:
            let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0)=\(Self.quoted($1))" }
            return "<\(priority)>\(Self.onOneLine(message))\(pairs.joined())"
        case .json:
            // What every line tells stands against metadata of the same name.
            let own = ["level": level, "logger": label, "message": message]
            let fields = metadata.merging(own) { $1 }.sorted { $0.key < $1.key }
            let pairs = fields.map { "\(Self.jsonText($0)):\(Self.jsonText($1))" }
            return "{\(pairs.joined(separator: ","))}"
        }
    }

    /// A value on one line; quoted when it has blanks.
    private static func quoted(_ value: String) -> String {
        let line = onOneLine(value)
        return line.contains(" ") || line.isEmpty ? "\"\(line)\"" : line
    }

    private static func onOneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ").printable
    }

    /// A JSON string that drives no terminal: DEL and C1 are escaped as C0 has to be.
    ///
    /// - Source: RFC 8259, section 7; ECMA-48, section 5.3 (the set C1).
    private static func jsonText(_ text: String) -> String {
        var escaped = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": escaped += "\\\(scalar)"
            case "\n": escaped += "\\n"
            case "\t": escaped += "\\t"
            case "\r": escaped += "\\r"
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}":
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped + "\""
    }
}
