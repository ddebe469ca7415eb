/// Reads the JSON text of custom variables that a snapshot holds.
///
/// The text comes from this program, but through a file on disk: nothing in it traps, and what is
/// not an object of the expected size is refused.
///
/// - Source: RFC 8259.
struct VariableReader {
    /// Most bytes of a text; definitions with more are refused where they are read.
    static let byteLimit = 524_288
    /// Deepest nesting; definitions write 64 levels at most.
    static let nestingLimit = 66

    /// What is wrong with the text.
    struct Failure: Error { var reason: String }

    private let bytes: [UInt8]
    private var place = 0

    /// The object that the text writes.
    static func read(_ text: String) throws(Failure) -> VariableTree {
        guard text.utf8.count <= byteLimit else {
            throw Failure(reason: "they have more than \(byteLimit) bytes")
        }
        var reader = VariableReader(bytes: Array(text.utf8))
        let tree = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.place == reader.bytes.count, case .table = tree else {
            throw reader.malformed
        }
        return tree
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var malformed: Failure { Failure(reason: "no JSON object at byte \(place)") }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte.isBlank || byte == 0x0A || byte == 0x0D { place += 1 }
    }

    private mutating func take(_ sign: UInt8) -> Bool {
        skipBlanks()
        guard next == sign else { return false }
        place += 1
        return true
    }

    private mutating func value(depth: Int) throws(Failure) -> VariableTree {
        guard depth < Self.nestingLimit else {
            throw Failure(reason: "they are nested deeper than \(Self.nestingLimit)")
        }
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return try table(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(
        _ word: String, _ value: VariableTree
    ) throws(Failure) -> VariableTree {
        guard bytes[place...].starts(with: word.utf8) else { throw malformed }
        place += word.utf8.count
        return value
    }

    private mutating func number() throws(Failure) -> VariableTree {
        let start = place
        while let byte = next, Set("+-.eE0123456789".utf8).contains(byte) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        guard Double(text) != nil else { throw malformed }
        return .number(text)
    }

    private mutating func list(depth: Int) throws(Failure) -> VariableTree {
        place += 1
        var elements: [VariableTree] = []
        guard !take(UInt8(ascii: "]")) else { return .list([]) }
        repeat {
            elements.append(try value(depth: depth + 1))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw malformed }
        return .list(elements)
    }

    private mutating func table(depth: Int) throws(Failure) -> VariableTree {
        place += 1
        var entries: [VariableTree.Entry] = []
        guard !take(UInt8(ascii: "}")) else { return .none }
        repeat {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw malformed }
            let key = try string()
            guard take(UInt8(ascii: ":")) else { throw malformed }
            entries.append(.init(key: key, value: try value(depth: depth + 1)))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw malformed }
        return .table(entries)
    }

    private mutating func string() throws(Failure) -> String {
        place += 1
        var text: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw malformed }
            place += 1
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            try escape(into: &text)
        }
        guard next != nil else { throw malformed }
        place += 1
        // the text was valid UTF-8, and an escape writes whole scalars
        return String(decoding: text, as: UTF8.self)
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
        UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "\""): 0x22,
        UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F,
    ]

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard let sign = next else { throw malformed }
        place += 1
        if let byte = Self.escapes[sign] { return text.append(byte) }
        guard sign == UInt8(ascii: "u") else { throw malformed }
        var code = try unit()
        if (0xD800..<0xDC00).contains(code), bytes[place...].starts(with: "\\u".utf8) {
            place += 2
            let low = try unit()
            guard (0xDC00..<0xE000).contains(low) else { throw malformed }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
        text.append(contentsOf: String(scalar).utf8)
    }

    private mutating func unit() throws(Failure) -> UInt32 {
        let digits = bytes[place...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Self.hexDigits.contains($0) }),
            let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw malformed }
        place += 4
        return code
    }

    private static let hexDigits = Set("0123456789abcdefABCDEF".utf8)
}
