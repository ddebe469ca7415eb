internal import Monitoring

/// Why there is no policy, or no judgement by it.
package enum PolicyFault: Error, Hashable, Sendable {
    /// The file says things that cannot be meant; all of them, in the order of their lines.
    case unusable([PolicyDiagnostic])
    /// The custom variables of an object's snapshot are no JSON object within the bounds.
    case unreadableVariables(object: String, reason: String)
}

extension PolicyFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unusable(let diagnostics):
            diagnostics.map(\.description).joined(separator: "\n")
        case .unreadableVariables(let object, let reason):
            """
            The custom variables of \(object.printable) cannot be read: \(reason). Nothing of it \
            leaves this host. Simplify its 'vars'.
            """
        }
    }
}

/// One thing wrong with a policy file, with its place and the line.
package struct PolicyDiagnostic: Sendable, Hashable {
    /// How bad it is.
    package enum Severity: String, Sendable {
        /// The file cannot be used.
        case error
        /// It can, but the operator should look.
        case warning
    }

    /// How bad it is.
    package var severity: Severity
    /// The file's name, as the reader was told.
    package var file: String
    /// The line, counted from 1; nil when the file as a whole is meant.
    package var line: Int?
    /// The byte of the line, counted from 1; nil when the whole line is meant.
    package var column: Int?
    /// The line, repaired to text and cut at ``longestLine`` bytes; empty when there is none.
    package var sourceLine: String
    /// What is wrong, what it means, what to do.
    package var message: String

    /// Most bytes of a line that are shown.
    ///
    /// 400: five rows of a terminal; the rest is cut.
    package static let longestLine = 400

    /// A diagnostic with all its parts.
    package init(
        _ message: String, severity: Severity = .error, file: String, line: Int? = nil,
        column: Int? = nil, sourceLine: [UInt8] = []
    ) {
        self.message = message
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.sourceLine = String(decoding: sourceLine.prefix(Self.longestLine), as: UTF8.self)
    }
}

extension PolicyDiagnostic: CustomStringConvertible {
    /// `file:line:column: error: message`, then the line with a caret.
    package var description: String {
        let place = [file, line.map(String.init), column.map(String.init)]
            .compactMap { $0 }
            .joined(separator: ":")
        var text = "\(place): \(severity.rawValue): \(message.printable)"
        guard !sourceLine.isEmpty else { return text }
        text += "\n  \(sourceLine.printable)"
        guard let column, column <= sourceLine.utf8.count + 1 else { return text }
        // columns count bytes, the terminal shows characters
        let before = String(decoding: sourceLine.utf8.prefix(column - 1), as: UTF8.self)
        return text + "\n  " + String(repeating: " ", count: before.count) + "^"
    }
}
