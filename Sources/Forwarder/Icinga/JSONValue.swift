/// A JSON text taken apart; nothing of it is trusted.
///
/// - Source: RFC 8259. Invalid UTF-8 becomes U+FFFD; of members with one name the first counts.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One member of an object.
    struct Member: Hashable, Sendable {
        var name: String
        var value: JSONValue
    }

    /// Reads a whole text; nil when it is not JSON, nested deeper than ``JSONReader/depthLimit`` or
    /// holds more than ``JSONReader/valueLimit`` values.
    init?(_ bytes: some Collection<UInt8>) {
        let parsed = bytes.withContiguousStorageIfAvailable { JSONValue(buffer: $0) }
        guard let value = parsed ?? Array(bytes).withUnsafeBufferPointer({ JSONValue(buffer: $0) })
        else { return nil }
        self = value
    }

    private init?(buffer: UnsafeBufferPointer<UInt8>) {
        var reader = JSONReader(bytes: buffer)
        guard let value = reader.readText() else { return nil }
        self = value
    }

    /// The member of this name; nil when there is none or this is no object.
    subscript(_ name: StaticString) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { member in
            name.withUTF8Buffer { member.name.utf8.elementsEqual($0) }
        }?.value
    }

    /// The elements, if this is an array.
    var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The text, if this is a string.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The number, if this is one; always finite.
    var number: Double? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    /// The number, if it is whole and not negative: `200` and `200.0` alike.
    var wholeNumber: UInt? { number.flatMap { UInt(exactly: $0) } }
}

/// Takes JSON apart, one byte after the other; every step is bounded by the text's length.
struct JSONReader {
    /// Deepest nesting.
    ///
    /// 32: Icinga's own answers reach 6; a deeper text is refused.
    static let depthLimit = 32
    /// Most values.
    ///
    /// 300,000: as many performance data as fit into the results of one read-back; each takes many
    /// times its two bytes of text, so that a whole answer of them would take 130 MiB.
    static let valueLimit = 300_000

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    private var valueCount = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The value, if nothing but blanks follows it.
    mutating func readText() -> JSONValue? {
        guard let value = readValue(depth: 0) else { return nil }
        skipBlanks()
        return place == bytes.count ? value : nil
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            place += 1
        }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func readValue(depth: Int) -> JSONValue? {
        valueCount += 1
        guard depth < Self.depthLimit, valueCount <= Self.valueLimit else { return nil }
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return readObject(depth: depth)
        case UInt8(ascii: "["): return readArray(depth: depth)
        case UInt8(ascii: "\""): return readString().map { .string($0) }
        case UInt8(ascii: "t"): return readWord("true", .bool(true))
        case UInt8(ascii: "f"): return readWord("false", .bool(false))
        case UInt8(ascii: "n"): return readWord("null", .null)
        default: return readNumber()
        }
    }

    private mutating func readWord(_ word: StaticString, _ value: JSONValue) -> JSONValue? {
        let end = place + word.utf8CodeUnitCount
        guard end <= bytes.count,
            word.withUTF8Buffer({ bytes[place..<end].elementsEqual($0) })
        else { return nil }
        place = end
        return value
    }

    private mutating func readNumber() -> JSONValue? {
        let start = place
        while let byte = next, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) {
            place += 1
        }
        guard place > start, place - start <= 64,
            let number = Double(String(decoding: bytes[start..<place], as: UTF8.self)),
            number.isFinite
        else { return nil }
        return .number(number)
    }

    private mutating func readArray(depth: Int) -> JSONValue? {
        place += 1
        var elements: [JSONValue] = []
        if skip(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            guard let element = readValue(depth: depth + 1) else { return nil }
            elements.append(element)
        } while skip(UInt8(ascii: ","))
        return skip(UInt8(ascii: "]")) ? .array(elements) : nil
    }

    private mutating func readObject(depth: Int) -> JSONValue? {
        place += 1
        var members: [JSONValue.Member] = []
        if skip(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipBlanks()
            guard next == UInt8(ascii: "\""), let name = readString(), skip(UInt8(ascii: ":")),
                let value = readValue(depth: depth + 1)
            else { return nil }
            members.append(JSONValue.Member(name: name, value: value))
        } while skip(UInt8(ascii: ","))
        return skip(UInt8(ascii: "}")) ? .object(members) : nil
    }

    private mutating func readString() -> String? {
        place += 1
        let start = place
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let text = String(decoding: bytes[start..<place], as: UTF8.self)
                place += 1
                return text
            case UInt8(ascii: "\\"): return readEscapedString(from: start)
            case 0..<0x20: return nil
            default: place += 1
            }
        }
        return nil
    }

    private mutating func readEscapedString(from start: Int) -> String? {
        var units = Array(bytes[start..<place])
        while let byte = next {
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let character = readEscape() else { return nil }
                units.append(contentsOf: String(character).utf8)
            case 0..<0x20: return nil
            default: units.append(byte)
            }
        }
        return nil
    }

    private mutating func readEscape() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return readUnicodeEscape()
        default: return nil
        }
    }

    /// Reads four digits, and four more where a surrogate needs its other half.
    private mutating func readUnicodeEscape() -> Unicode.Scalar? {
        guard let first = readHexadecimal() else { return nil }
        if let scalar = Unicode.Scalar(first) { return scalar }
        let before = place
        guard first < 0xDC00, next == UInt8(ascii: "\\") else { return "\u{FFFD}" }
        place += 1
        guard next == UInt8(ascii: "u") else {
            place = before
            return "\u{FFFD}"
        }
        place += 1
        guard let second = readHexadecimal() else { return nil }
        guard (0xDC00...0xDFFF).contains(second) else {
            place = before
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func readHexadecimal() -> UInt32? {
        guard place + 4 <= bytes.count,
            bytes[place..<(place + 4)].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(
                String(decoding: bytes[place..<(place + 4)], as: UTF8.self),
                radix: 16
            )
        else { return nil }
        place += 4
        return value
    }
}
