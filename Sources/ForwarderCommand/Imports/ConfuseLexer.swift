import Monitoring

/// One piece of a file in libConfuse's language, as nsca-ng's server reads its configuration.
///
/// - Source: libConfuse tutorial and manual; nsca-ng.cfg(5), "File Format".
struct ConfuseToken: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case word(String)
        /// One of `= { } ( ) ,`, or `+=`.
        case mark(String)
    }

    var kind: Kind
    var place: ImportPlace
}

/// Cuts a file into pieces.
///
/// - Bounds: reads forward once; what it makes is no longer than the file and the environment's
///   values in it.
struct ConfuseLexer {
    /// Most bytes that one word may have.
    ///
    /// 64 KiB: the longest pattern that anybody could read.
    static let wordLimit = 64 << 10

    private let path: String
    private let environment: [String: String]
    private var rest: ArraySlice<UInt8>
    private var line = 1

    init(_ content: [UInt8], path: String, environment: [String: String]) {
        self.path = path
        self.environment = environment
        rest = content[...]
    }

    /// All pieces.
    static func tokens(
        of content: [UInt8], path: String, environment: [String: String]
    ) throws(ImportFault) -> [ConfuseToken] {
        var lexer = ConfuseLexer(content, path: path, environment: environment)
        var tokens: [ConfuseToken] = []
        while let token = try lexer.next() { tokens.append(token) }
        return tokens
    }

    private var place: ImportPlace { ImportPlace(path: path, line: line) }

    private mutating func next() throws(ImportFault) -> ConfuseToken? {
        try skipBlanks()
        let place = self.place
        guard let byte = rest.first else { return nil }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return ConfuseToken(kind: .word(try quoted(byte)), place: place)
        case UInt8(ascii: "+") where rest.dropFirst().first == UInt8(ascii: "="):
            rest = rest.dropFirst(2)
            return ConfuseToken(kind: .mark("+="), place: place)
        case _ where Self.marks.contains(byte):
            rest = rest.dropFirst()
            return ConfuseToken(kind: .mark(String(decoding: [byte], as: UTF8.self)), place: place)
        default:
            return ConfuseToken(kind: .word(try bare()), place: place)
        }
    }

    private static let marks = Set("={}(),+".utf8)

    /// Blanks and comments.
    private mutating func skipBlanks() throws(ImportFault) {
        while let byte = rest.first {
            if byte == 0x0A { line += 1 }
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                rest = rest.dropFirst()
            } else if byte == UInt8(ascii: "#") || rest.starts(with: "//".utf8) {
                rest = rest.drop { $0 != 0x0A }
            } else if byte == UInt8(ascii: "\\"), rest.dropFirst().first == 0x0A {
                rest = rest.dropFirst()
            } else if rest.starts(with: "/*".utf8) {
                try skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() throws(ImportFault) {
        let start = place
        rest = rest.dropFirst(2)
        while !rest.starts(with: "*/".utf8) {
            guard let byte = rest.popFirst() else {
                throw .malformed(start, "This comment is never closed.")
            }
            if byte == 0x0A { line += 1 }
        }
        rest = rest.dropFirst(2)
    }

    private mutating func bare() throws(ImportFault) -> String {
        let start = place
        var bytes: [UInt8] = []
        while let byte = rest.first {
            if rest.starts(with: "${".utf8) {
                bytes += try variable()
            } else if byte <= 0x20 || Self.marks.contains(byte) || Self.ends.contains(byte) {
                break
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        // a byte that begins nothing, such as a control character
        if bytes.isEmpty, let byte = rest.first, byte < 0x20 {
            throw .malformed(start, "A control character stands here.")
        }
        return try word(bytes, start)
    }

    private static let ends = Set("\"'#".utf8)

    private mutating func quoted(_ quote: UInt8) throws(ImportFault) -> String {
        let start = place
        rest = rest.dropFirst()
        var bytes: [UInt8] = []
        while let byte = rest.first {
            if byte == quote {
                rest = rest.dropFirst()
                return try word(bytes, start)
            }
            if byte == 0x0A { line += 1 }
            if byte == UInt8(ascii: "\\") {
                rest = rest.dropFirst()
                bytes += escaped(in: quote)
            } else if quote == UInt8(ascii: "\""), rest.starts(with: "${".utf8) {
                bytes += try variable()
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        throw .malformed(start, "This text is never closed.")
    }

    /// What stands after a backslash.
    private mutating func escaped(in quote: UInt8) -> [UInt8] {
        guard let byte = rest.popFirst() else { return [] }
        if byte == 0x0A {
            line += 1
            return []
        }
        guard quote == UInt8(ascii: "\"") else {
            let isKnown = byte == quote || byte == UInt8(ascii: "\\")
            return isKnown ? [byte] : [UInt8(ascii: "\\"), byte]
        }
        if (0x30...0x37).contains(byte) {
            let digits = [byte] + rest.prefix(2).prefix { (0x30...0x37).contains($0) }
            rest = rest.dropFirst(digits.count - 1)
            return [UInt8(truncatingIfNeeded: digits.reduce(0) { $0 * 8 + Int($1 - 0x30) })]
        }
        if byte == UInt8(ascii: "x") {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self).prefix(while: \.isHexDigit)
            if let code = UInt8(digits, radix: 16) {
                rest = rest.dropFirst(digits.utf8.count)
                return [code]
            }
        }
        let names: [UInt8: UInt8] = [
            UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "e"): 27,
            UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
            UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
        ]
        return [names[byte] ?? byte]
    }

    /// `${NAME}` or `${NAME:-otherwise}`.
    private mutating func variable() throws(ImportFault) -> [UInt8] {
        let body = rest.dropFirst(2).prefix { $0 != UInt8(ascii: "}") && $0 != 0x0A }
        guard body.endIndex < rest.endIndex, rest[body.endIndex] == UInt8(ascii: "}") else {
            throw .malformed(place, "This ${ is never closed.")
        }
        rest = rest[body.endIndex...].dropFirst()
        let text = String(decoding: body, as: UTF8.self)
        guard let mark = text.firstRange(of: ":-") else {
            return Array((environment[text] ?? "").utf8)
        }
        let value = environment[String(text[..<mark.lowerBound])] ?? ""
        return Array((value.isEmpty ? String(text[mark.upperBound...]) : value).utf8)
    }

    private func word(_ bytes: [UInt8], _ start: ImportPlace) throws(ImportFault) -> String {
        guard bytes.count <= Self.wordLimit else {
            throw .malformed(start, "A text of more than \(Self.wordLimit) bytes stands here.")
        }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed(start, "A text with a NUL, or one that is not UTF-8, stands here.")
        }
        return text
    }
}
