/// The text of one source, kept so that faults can show the line they speak of.
public final class SourceFile: Sendable {
    /// The path, or the name that the host program gave the text.
    public let name: String
    /// The whole text.
    public let text: [UInt8]

    /// Names a text.
    public init(name: String, text: [UInt8] = []) {
        self.name = name
        self.text = text
    }

    /// The bytes of a line, without its end; lines count from 1.
    func line(_ number: Int) -> ArraySlice<UInt8> {
        var current = 1
        var start = text.startIndex
        while current < number, let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) {
            start = text.index(after: end)
            current += 1
        }
        guard current == number else { return [] }
        let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
        return text[start..<end]
    }
}

/// A place in a source: file, line and column, both counted from 1, columns in bytes.
public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// The source, for its name and its lines.
    public let source: SourceFile
    private let lineNumber: Int32
    private let columnNumber: Int32
    /// How many bytes of the line are meant; at least 1.
    private let byteCount: Int32

    /// The file's name.
    public var file: String { source.name }
    /// The line, from 1.
    public var line: Int { Int(lineNumber) }
    /// The column, from 1.
    public var column: Int { Int(columnNumber) }
    /// How many bytes are meant, for the caret line.
    public var length: Int { Int(byteCount) }

    /// A place in a source.
    public init(_ source: SourceFile, line: Int, column: Int, length: Int = 1) {
        self.source = source
        lineNumber = Int32(clamping: line)
        columnNumber = Int32(clamping: column)
        byteCount = Int32(clamping: max(1, length))
    }

    /// `file:line:column`.
    public var description: String { "\(file):\(line):\(column)" }

    /// Equal when file, line and column are.
    public static func == (left: SourceLocation, right: SourceLocation) -> Bool {
        left.file == right.file && left.line == right.line && left.column == right.column
    }

    /// Hashes file, line and column.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(file)
        hasher.combine(lineNumber)
        hasher.combine(columnNumber)
    }
}
