/// Takes the bytes of an INI file apart into sections and directives, as Icinga Web 2 writes them.
///
/// `[section]` with `\` before a character that is meant as such; `key = value`; a value in double
/// quotes, again with `\`, or plain up to a `;` or the line's end; comments begin with `;`. A value
/// ends in its line. What does not follow this is an error; reading goes on in the next line.
///
/// - Source: Icinga Web 2 documentation, "Security", section "Roles"; its files as written by 2.12.
struct IniReader {
    /// Most bytes of a file.
    ///
    /// 1 MiB: a thousand times what people write; more is refused unread.
    static let byteLimit = 1_048_576
    /// Most bytes of a line.
    ///
    /// 8 KiB: a filter of some 300 conditions; it bounds lists and filters too.
    static let lineByteLimit = 8192
    /// Most errors that are told of one file; the rest is counted.
    static let errorLimit = 100

    /// A text of one line, which knows its place there.
    struct Text: Sendable {
        /// The text without quotes and escapes.
        var bytes: [UInt8] = []
        /// For each byte its place in the line, counted from 1.
        var columns: [Int] = []
        /// Where it begins.
        var column = 1

        var string: String { String(decoding: bytes, as: UTF8.self) }

        mutating func append(_ byte: UInt8, at place: Int) {
            bytes.append(byte)
            columns.append(place + 1)
        }

        /// A part of it, without blanks at its ends.
        func trimmed(_ range: Range<Int>) -> Text {
            var range = range
            while let first = range.first, bytes[first].isBlank { range.removeFirst() }
            while let last = range.last, bytes[last].isBlank { range.removeLast() }
            return Text(
                bytes: Array(bytes[range]),
                columns: Array(columns[range]),
                column: range.isEmpty ? column(of: range.lowerBound) : columns[range.lowerBound]
            )
        }

        /// The place in the line of a byte, or of the end.
        func column(of index: Int) -> Int {
            index < columns.count ? columns[index] : (columns.last ?? column - 1) + 1
        }
    }

    /// What a line says.
    enum Item: Sendable {
        case section(Text)
        case directive(key: Text, value: Text)
    }

    /// A line that says something.
    struct Line: Sendable {
        var number: Int
        var item: Item
    }

    private let file: String
    private(set) var lines: [Line] = []
    private(set) var errors: [PolicyDiagnostic] = []
    private var sources: [ArraySlice<UInt8>] = []

    /// Reads a whole file.
    init(_ bytes: [UInt8], file: String) {
        self.file = file
        guard bytes.count <= Self.byteLimit else {
            report(
                """
                The file has \(bytes.count) bytes; more than \(Self.byteLimit) are refused. Is it \
                the right file?
                """
            )
            return
        }
        sources = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, source) in sources.enumerated() {
            let source = source.last == UInt8(ascii: "\r") ? source.dropLast() : source
            sources[index] = source
            read(Array(source), number: index + 1)
        }
    }

    /// Remembers an error, with the line it is in.
    mutating func report(_ message: String, line: Int? = nil, column: Int? = nil) {
        errors.append(
            PolicyDiagnostic(
                message,
                file: file,
                line: line,
                column: column,
                sourceLine: line.map { Array(sources[$0 - 1]) } ?? []
            )
        )
    }

    /// The errors by line, and how many more there were.
    var toldErrors: [PolicyDiagnostic] {
        let sorted = errors.enumerated().sorted {
            ($0.element.line ?? 0, $0.element.column ?? 0, $0.offset)
                < ($1.element.line ?? 0, $1.element.column ?? 0, $1.offset)
        }
        let told = sorted.prefix(Self.errorLimit).map(\.element)
        guard sorted.count > told.count else { return told }
        let more = PolicyDiagnostic("\(sorted.count - told.count) more errors.", file: file)
        return told + [more]
    }

    // MARK: Lines

    private mutating func read(_ line: [UInt8], number: Int) {
        guard line.count <= Self.lineByteLimit else {
            return report(
                """
                The line has \(line.count) bytes; more than \(Self.lineByteLimit) are refused. \
                Divide it among several roles.
                """,
                line: number
            )
        }
        if let place = line.firstIndex(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
            return report(
                "A control character, which no name or pattern has. Remove it.",
                line: number,
                column: place + 1
            )
        }
        guard String(validating: line, as: UTF8.self) != nil else {
            return report("The line is not UTF-8. Save the file as UTF-8.", line: number)
        }
        guard let first = line.firstIndex(where: { !$0.isBlank }) else { return }
        switch line[first] {
        case UInt8(ascii: ";"): return
        case UInt8(ascii: "#"):
            report(
                "Comments begin with ';'. Write that for the '#'.", line: number, column: first + 1)
        case UInt8(ascii: "["): section(line, from: first, number: number)
        default: directive(line, from: first, number: number)
        }
    }

    private mutating func section(_ line: [UInt8], from start: Int, number: Int) {
        let close = UInt8(ascii: "]")
        guard let (name, end) = delimited(line, from: start, by: close, number: number) else {
            return
        }
        guard isEnd(line, from: end, number: number) else { return }
        lines.append(Line(number: number, item: .section(name.trimmed(0..<name.bytes.count))))
    }

    private mutating func directive(_ line: [UInt8], from start: Int, number: Int) {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else {
            return report(
                "Neither a section nor a directive. Write 'name = value'.",
                line: number,
                column: start + 1
            )
        }
        let key = Self.text(line, start..<equals)
        guard let from = line[(equals + 1)...].firstIndex(where: { !$0.isBlank }) else {
            return report(key, Text(column: line.count + 1), number: number)
        }
        switch line[from] {
        case UInt8(ascii: "\""):
            let quote = UInt8(ascii: "\"")
            guard let (value, end) = delimited(line, from: from, by: quote, number: number),
                isEnd(line, from: end, number: number)
            else { return }
            report(key, value, number: number)
        case UInt8(ascii: "'"):
            report(
                "A single quote does not quote here. Use double quotes.",
                line: number,
                column: from + 1
            )
        default:
            let end = line[from...].firstIndex(of: UInt8(ascii: ";")) ?? line.endIndex
            if let quote = line[from..<end].firstIndex(of: UInt8(ascii: "\"")) {
                return report(
                    "A quote inside an unquoted value. Quote the whole value, with \\\" inside.",
                    line: number,
                    column: quote + 1
                )
            }
            report(key, Self.text(line, from..<end), number: number)
        }
    }

    private mutating func report(_ key: Text, _ value: Text, number: Int) {
        lines.append(Line(number: number, item: .directive(key: key, value: value)))
    }

    private static func text(_ line: [UInt8], _ range: Range<Int>) -> Text {
        var text = Text(column: range.lowerBound + 1)
        for place in range { text.append(line[place], at: place) }
        return text.trimmed(0..<text.bytes.count)
    }

    /// What stands between the delimiter at `start` and its end, where `\` takes the next byte as
    /// it is; and the place behind it.
    private mutating func delimited(
        _ line: [UInt8],
        from start: Int,
        by end: UInt8,
        number: Int
    ) -> (Text, Int)? {
        var text = Text(column: start + 2)
        var place = start + 1
        while place < line.count, line[place] != end {
            if line[place] == UInt8(ascii: "\\"), place + 1 < line.count { place += 1 }
            text.append(line[place], at: place)
            place += 1
        }
        guard place < line.count else {
            let sign = Character(Unicode.Scalar(end))
            report("The closing \(sign) is missing in this line.", line: number, column: start + 1)
            return nil
        }
        return (text, place + 1)
    }

    /// True when only a comment follows.
    private mutating func isEnd(_ line: [UInt8], from start: Int, number: Int) -> Bool {
        guard let next = line[start...].firstIndex(where: { !$0.isBlank }),
            line[next] != UInt8(ascii: ";")
        else { return true }
        report(
            "Something follows where the line should end. Only a comment with ';' can.",
            line: number,
            column: next + 1
        )
        return false
    }
}
