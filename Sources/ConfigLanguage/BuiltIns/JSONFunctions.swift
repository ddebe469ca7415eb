/// The namespace `Json`.
enum JSONFunctions {
    static func define(in system: DictionaryValue) {
        let json = DictionaryValue()
        system["Json"] = .dictionary(json)
        json.define("encode") { call throws(ConfigFault) in
            .string(try encode(call.argument(0), call))
        }
        json.define("decode") { call throws(ConfigFault) in
            let text = call.argument(0).toText
            // at most one value for each two bytes
            try call.evaluator.spend(text.count / 2, at: call.location)
            var reader = JSONReader(text.bytes)
            guard let value = reader.document() else {
                throw call.fault("The text is not JSON (byte \(reader.position)).")
            }
            return value
        }
        json.isNamespace = true
    }

    static func encode(_ value: Value, _ call: Invocation) throws(ConfigFault) -> ByteString {
        var bytes: [UInt8] = []
        try write(value, into: &bytes, depth: 0, call)
        try call.evaluator.charge(bytes: bytes.count, call.location)
        return ByteString(bytes)
    }

    private static func write(
        _ value: Value,
        into bytes: inout [UInt8],
        depth: Int,
        _ call: Invocation
    ) throws(ConfigFault) {
        guard depth < Value.deepestNesting, bytes.count <= call.evaluator.limits.stringBytes else {
            throw call.fault("The value is nested too deep or too large for JSON.")
        }
        switch value {
        case .null: bytes += Array("null".utf8)
        case .boolean, .number: bytes += value.toJSONNumber
        case .string(let string): write(string, into: &bytes)
        case .array(let array):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in array.elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                try write(element, into: &bytes, depth: depth + 1, call)
            }
            bytes.append(UInt8(ascii: "]"))
        case .dictionary(let dictionary):
            bytes.append(UInt8(ascii: "{"))
            for (index, entry) in dictionary.entries.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(entry.key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                try write(entry.value, into: &bytes, depth: depth + 1, call)
            }
            bytes.append(UInt8(ascii: "}"))
        default: write(value.toText, into: &bytes)
        }
    }

    private static func write(_ string: ByteString, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in string.text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0a: bytes += Array("\\n".utf8)
            case 0x0d: bytes += Array("\\r".utf8)
            case 0x09: bytes += Array("\\t".utf8)
            case 0x00..<0x20:
                let digits = String(byte, radix: 16)
                bytes += Array(
                    ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
                )
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension Value {
    /// A number as JSON: the shortest text that reads back the same.
    fileprivate var toJSONNumber: [UInt8] {
        guard case .number(let number) = self, number.isFinite else { return toText.bytes }
        if number == number.rounded(.towardZero), abs(number) < 1e15 { return toText.bytes }
        return Array("\(number)".utf8)
    }
}

/// Reads JSON, bounded in depth.
struct JSONReader {
    private let text: [UInt8]
    private(set) var position = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// The one value of the text, nil when it is not JSON.
    mutating func document() -> Value? {
        guard let value = value(depth: 0) else { return nil }
        skipBlanks()
        return position == text.count ? value : nil
    }

    private mutating func skipBlanks() {
        while position < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) {
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
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
        let made = DictionaryValue()
        if take(UInt8(ascii: "}")) { return .dictionary(made) }
        repeat {
            skipBlanks()
            guard let key = string(), take(UInt8(ascii: ":")), let value = value(depth: depth + 1)
            else { return nil }
            made[key] = value
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) ? .dictionary(made) : nil
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

    private mutating func number() -> Value? {
        let start = position
        while position < text.count, text[position].isDigit || "+-.eE".utf8.contains(text[position])
        {
            position += 1
        }
        return Value.number(fromText: ByteString(Array(text[start..<position]))).map { .number($0) }
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
            if (0xd800..<0xdc00).contains(first), text[position...].starts(with: "\\u".utf8) {
                position += 2
                guard let second = unit() else { return nil }
                units.append(second)
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        default: return nil
        }
    }

    private mutating func unit() -> UInt16? {
        guard position + 4 <= text.count else { return nil }
        defer { position += 4 }
        return UInt16(String(decoding: text[position..<(position + 4)], as: UTF8.self), radix: 16)
    }
}
