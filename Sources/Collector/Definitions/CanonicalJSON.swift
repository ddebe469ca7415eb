internal import ConfigLanguage

/// Writes values of the configuration language as JSON that is the same for the same value: keys
/// in byte order, no blanks, valid UTF-8.
struct CanonicalJSON {
    /// Most bytes of one object's custom variables; a definition with more is refused.
    ///
    /// 256 KiB: stored with each different snapshot, and a thousand times what people write.
    static let byteLimit = 262_144
    /// Deepest nesting that is written; what lies deeper becomes null.
    static let deepestNesting = Definitions.deepestVariables

    private var bytes: [UInt8] = []

    /// The JSON text of a value.
    static func text(_ value: Value) -> String {
        var writer = CanonicalJSON()
        writer.write(value, depth: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// True when a value is nested deeper than ``deepestNesting``.
    static func isTooDeep(_ value: Value) -> Bool {
        var level = containers(in: [value])
        for _ in 1..<deepestNesting {
            guard !level.isEmpty else { return false }
            level = containers(in: level.flatMap(inside))
        }
        return level.contains { !inside($0).isEmpty }
    }

    /// The arrays and dictionaries among values; one that is there many times over counts once.
    private static func containers(in values: [Value]) -> [Value] {
        var seen: Set<ObjectIdentifier> = []
        return values.filter { value in
            let identity: ObjectIdentifier? =
                switch value {
                case .array(let array): ObjectIdentifier(array)
                case .dictionary(let dictionary): ObjectIdentifier(dictionary)
                default: nil
                }
            return identity.map { seen.insert($0).inserted } ?? false
        }
    }

    private static func inside(_ value: Value) -> [Value] {
        value.asArray?.elements ?? value.asDictionary?.entries.map(\.value) ?? []
    }

    private mutating func write(_ value: Value, depth: Int) {
        // beyond the limit the text is refused, so it need not be complete
        guard depth < Self.deepestNesting, bytes.count <= Self.byteLimit else {
            return append("null")
        }
        switch value {
        case .null: append("null")
        case .boolean(let flag): append(flag ? "true" : "false")
        case .number(let number): append(Self.text(number))
        case .array(let array):
            append("[")
            for (index, element) in array.elements.enumerated() {
                if index > 0 { append(",") }
                write(element, depth: depth + 1)
            }
            append("]")
        case .dictionary(let dictionary):
            append("{")
            for (index, entry) in dictionary.entries.enumerated() {
                if index > 0 { append(",") }
                write(string: entry.key)
                append(":")
                write(entry.value, depth: depth + 1)
            }
            append("}")
        case .string, .function, .object, .reference, .type:
            write(string: value.toText)
        }
    }

    private static func text(_ number: Double) -> String {
        guard number.isFinite else { return "null" }
        if number == number.rounded(), abs(number) < 1e15 { return String(Int64(number)) }
        return number.description
    }

    private mutating func write(string: ByteString) {
        append("\"")
        for unit in string.text.utf8 {
            switch unit {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\r"): append("\\r")
            case UInt8(ascii: "\t"): append("\\t")
            case 0..<0x20:
                let digits = String(unit, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
            default: bytes.append(unit)
            }
        }
        append("\"")
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }
}
