/// Reads JSON, bounded in depth.
struct JSONReader {
    private let text: [UInt8]
    private(set) var position = 0
    /// How many values were made.
    private(set) var values = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// The one value of the text, nil when it is not JSON.
    mutating func document() -> Value? {
        skipByteOrderMark()
        guard let value = value(depth: 0) else { return nil }
        skipBlanks()
        // a NUL ends the text
        return position == text.count || text[position] == 0 ? value : nil
    }

    // MARK: - Parts, for readers that keep their places

    mutating func skipByteOrderMark() {
        if text.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    }

    /// True when nothing but blanks follows.
    var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return position == text.count
        }
    }

    /// A value that holds no others; nil for anything else.
    mutating func scalar() -> Value? {
        skipBlanks()
        guard position < text.count, !"[{".utf8.contains(text[position]) else { return nil }
        return value(depth: 0)
    }

    mutating func skipBlanks() {
        while position < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) {
            position += 1
        }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(word: String) -> Bool {
        guard text[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func value(depth: Int) -> Value? {
        skipBlanks()
        values += 1
        guard depth < Value.deepestNesting, position < text.count else { return nil }
        switch text[position] {
        case UInt8(ascii: "{"): return dictionary(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "t"): return take(word: "true") ? true : nil
        case UInt8(ascii: "f"): return take(word: "false") ? false : nil
        case UInt8(ascii: "n"): return take(word: "null") ? .null : nil
        default: return number()
        }
    }

    private mutating func dictionary(depth: Int) -> Value? {
        position += 1
        var entries: [DictionaryValue.Entry] = []
        if take(UInt8(ascii: "}")) { return .dictionary(DictionaryValue()) }
        repeat {
            skipBlanks()
            guard let key = string(), take(UInt8(ascii: ":")), let value = value(depth: depth + 1)
            else { return nil }
            entries.append((key, value))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { return nil }
        return .dictionary(DictionaryValue(unsorted: entries))
    }

    private mutating func array(depth: Int) -> Value? {
        position += 1
        var elements: [Value] = []
        if take(UInt8(ascii: "]")) { return .array(ArrayValue()) }
        repeat {
            guard let value = value(depth: depth + 1) else { return nil }
            elements.append(value)
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]")) ? .array(ArrayValue(elements)) : nil
    }

    private mutating func digits() -> Int {
        let start = position
        while position < text.count, text[position].isDigit { position += 1 }
        return position - start
    }

    private mutating func number() -> Value? {
        let start = position
        if text[position] == UInt8(ascii: "-") { position += 1 }
        let first = position < text.count ? text[position] : 0
        let count = digits()
        guard count == 1 || count > 1 && first != UInt8(ascii: "0") else { return nil }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { return nil }
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < text.count, "+-".utf8.contains(text[position]) { position += 1 }
            guard digits() > 0 else { return nil }
        }
        let number = Value.number(fromText: ByteString(Array(text[start..<position])))
        return number.flatMap { $0.isFinite ? .number($0) : nil }
    }

    private mutating func string() -> ByteString? {
        guard position < text.count, text[position] == UInt8(ascii: "\"") else { return nil }
        position += 1
        var bytes: [UInt8] = []
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return ByteString(bytes)
            case UInt8(ascii: "\\"):
                guard let escaped = escape() else { return nil }
                bytes += escaped
            case 0..<0x20: return nil
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> [UInt8]? {
        guard position < text.count else { return nil }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "u"):
            guard let first = unit() else { return nil }
            var units = [first]
            if UTF16.isLeadSurrogate(first) {
                guard text[position...].starts(with: "\\u".utf8) else { return nil }
                position += 2
                guard let second = unit(), UTF16.isTrailSurrogate(second) else { return nil }
                units.append(second)
            }
            guard !UTF16.isTrailSurrogate(first) else { return nil }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        default: return nil
        }
    }

    private mutating func unit() -> UInt16? {
        guard position + 4 <= text.count,
            text[position..<(position + 4)].allSatisfy({ $0.isDigit || ($0 | 0x20).isHexLetter })
        else { return nil }
        defer { position += 4 }
        return UInt16(String(decoding: text[position..<(position + 4)], as: UTF8.self), radix: 16)
    }
}

extension UInt8 {
    /// True for `a` to `f`.
    fileprivate var isHexLetter: Bool { (0x61...0x66).contains(self) }
}
