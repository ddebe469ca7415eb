/// The namespace `Json`.
enum JSONFunctions {
    static func define(in json: NativeTable) {
        json.define("encode", ["value"]) { call throws(ConfigFault) in
            .string(try encode(call.argument(0), call))
        }
        json.define("decode", ["value"]) { call throws(ConfigFault) in
            let text = try call.text(0)
            try call.evaluator.charge(bytes: text.count, call.location)
            // at most one value for each two bytes
            try call.evaluator.charge(elements: 0, call.location)
            try call.evaluator.spend(text.count / 2, at: call.location)
            var reader = JSONReader(text.repairedUTF8.bytes)
            guard let value = reader.document() else {
                throw call.fault("The text is not JSON (byte \(reader.position)).")
            }
            try call.evaluator.charge(nodes: reader.values, call.location)
            return value
        }
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
        // before it is known whether all can be written
        try call.evaluator.step(call.location)
        if let string = value.asString { try call.work(string.count) }
        switch value {
        case .null: bytes += Array("null".utf8)
        case .boolean(let flag): bytes += Array((flag ? "true" : "false").utf8)
        case .number(let number): bytes += JSONText.number(number)
        case .string(let string): JSONText.write(string, into: &bytes)
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
                try call.work(entry.key.count)
                JSONText.write(entry.key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                try write(entry.value, into: &bytes, depth: depth + 1, call)
            }
            bytes.append(UInt8(ascii: "}"))
        default: JSONText.write(value.toText, into: &bytes)
        }
    }
}

/// Numbers and strings as JSON, in ASCII alone.
enum JSONText {
    /// The shortest text that reads back the same; null for what JSON cannot say.
    static func number(_ number: Double) -> [UInt8] {
        guard number.isFinite else { return Array("null".utf8) }
        // 2^63: what an integer can hold is written as one
        if number == number.rounded(.towardZero), abs(number) < 0x1p63 {
            return Array(String(Int64(number)).utf8)
        }
        return Array("\(number)".utf8)
    }

    static func write(_ string: ByteString, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in string.repairedUTF8.text.unicodeScalars {
            switch scalar {
            case "\"": bytes += Array("\\\"".utf8)
            case "\\": bytes += Array("\\\\".utf8)
            case "\n": bytes += Array("\\n".utf8)
            case "\r": bytes += Array("\\r".utf8)
            case "\t": bytes += Array("\\t".utf8)
            case "\u{8}": bytes += Array("\\b".utf8)
            case "\u{c}": bytes += Array("\\f".utf8)
            case " "..."~": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            default:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    let zeros = String(repeating: "0", count: 4 - digits.count)
                    bytes += Array(("\\u" + zeros + digits).utf8)
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension ByteString {
    /// The text with each broken sequence replaced by U+FFFD: a sequence of the right shape that
    /// stands for no character is one, and so is one that breaks off.
    var repairedUTF8: ByteString {
        guard !bytes.allSatisfy({ $0 < 0x80 }) else { return self }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let length = Self.sequenceLength(bytes[index])
            let following = bytes[(index + 1)...].prefix(max(0, length - 1))
                .prefix { $0 & 0xc0 == 0x80 }
            let end = index + 1 + following.count
            let isWhole = length > 0 && following.count == length - 1
            if isWhole, Self.isCharacter(bytes[index..<end]) {
                result += bytes[index..<end]
            } else {
                result += [0xef, 0xbf, 0xbd]
                // nothing more can be told once the text breaks off
                if length > 0, !isWhole, end == bytes.count { break }
            }
            index = end
        }
        return ByteString(result)
    }

    /// How many bytes a sequence that begins with this one has; 0 if none does.
    private static func sequenceLength(_ lead: UInt8) -> Int {
        switch lead {
        case 0..<0x80: 1
        case 0xc0..<0xe0: 2
        case 0xe0..<0xf0: 3
        case 0xf0..<0xf8: 4
        default: 0
        }
    }

    private static func isCharacter(_ sequence: ArraySlice<UInt8>) -> Bool {
        String(validating: sequence, as: UTF8.self) != nil
    }
}
