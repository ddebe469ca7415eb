/// One thing wrong with a configuration, with its place and the source line.
public struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// The configuration cannot be used.
        case error
        /// It can, but the operator should look.
        case warning
    }

    /// How bad it is.
    public let severity: Severity
    /// What happened, what it means, what to do.
    public let message: String
    /// Where, if it has a place.
    public let location: SourceLocation?
    /// The source line that is meant, repaired to text, or nil.
    public var sourceLine: String? {
        location.flatMap { place in
            let line = place.source.line(place.line)
            guard !line.isEmpty else { return nil }
            return String(decoding: line.prefix(Self.longestLine), as: UTF8.self)
        }
    }
    /// What the program was doing, innermost first ("while evaluating object …").
    public private(set) var context: [String]

    /// A diagnostic at a place.
    public init(
        _ message: String,
        at location: SourceLocation? = nil,
        severity: Severity = .error,
        context: [String] = []
    ) {
        self.severity = severity
        self.message = message
        self.location = location
        self.context = context
    }

    /// Most bytes of a source line that are shown.
    ///
    /// 400: five terminal rows; the rest is cut.
    static let longestLine = 400

    /// The same diagnostic with one more line of context.
    func adding(context line: String) -> Diagnostic {
        var copy = self
        if !copy.context.contains(line), copy.context.count < 8 { copy.context.append(line) }
        return copy
    }

    /// `file:line:column: error: message`, then the line with a caret, then the context.
    public var description: String {
        var text = location.map { "\($0): " } ?? ""
        text += "\(severity.rawValue): \(Self.printable(message))"
        if let location, let sourceLine {
            let shown = Self.printable(sourceLine.map { $0 == "\t" ? " " : String($0) }.joined())
            text += "\n  " + shown + "\n  " + caret(under: location)
        }
        for line in context { text += "\n  (\(line))" }
        return text
    }

    /// The text without what would drive a terminal.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                    return isControl && scalar != "\n" ? "\u{FFFD}" : scalar
                }))
    }

    private func caret(under location: SourceLocation) -> String {
        let line = location.source.line(location.line)
        let before = line.prefix(max(0, location.column - 1))
        // columns count bytes, the terminal shows characters
        let indent = String(decoding: before, as: UTF8.self).count
        guard indent <= Self.longestLine else { return "" }
        let room = max(1, line.count - before.count)
        let width = max(1, min(location.length, room, Self.longestLine - before.count))
        return String(repeating: " ", count: indent) + String(repeating: "^", count: width)
    }
}
