internal import Glibc

extension Value {
    /// True unless null, `false`, 0, or an empty string, array or dictionary.
    public var isTruthy: Bool {
        switch self {
        case .null: false
        case .boolean(let flag): flag
        case .number(let number): number != 0
        case .string(let string): !string.isEmpty
        case .array(let array): array.count > 0
        case .dictionary(let dictionary): dictionary.isNamespace || dictionary.count > 0
        case .function, .object, .reference, .type: true
        }
    }

    /// What `typeof(x).name` says.
    public var typeName: ByteString {
        switch self {
        case .null: "Object"
        case .boolean: "Boolean"
        case .number: "Number"
        case .string: "String"
        case .array: "Array"
        case .dictionary(let dictionary): dictionary.isNamespace ? "Namespace" : "Dictionary"
        case .function: "Function"
        case .object(let object): ByteString(object.typeName)
        case .reference: "Reference"
        case .type: "Type"
        }
    }

    /// The value as the language turns it into a string: numbers by ``text(ofNumber:)``, arrays and
    /// dictionaries in the form of the configuration writer.
    public var toText: ByteString {
        switch self {
        case .null: return .empty
        case .boolean(let flag): return flag ? "true" : "false"
        case .number(let number): return Self.text(ofNumber: number)
        case .string(let string): return string
        case .dictionary(let dictionary) where dictionary.isNamespace:
            return "Object of type 'Namespace'"
        case .array, .dictionary: return written(ValueWriter())
        case .function: return "Object of type 'Function'"
        case .object(let object):
            return object.schema.text(object) ?? ByteString("Object of type '\(object.typeName)'")
        case .reference: return "Object of type 'Reference'"
        case .type(let type): return ByteString("type '\(type.name.text)'")
        }
    }

    /// As ``toText``, with a word for each function in an array or dictionary, which are left out
    /// there; Icinga hands variables of an environment on like this.
    public var toTextWithFunctions: ByteString {
        switch self {
        case .dictionary(let dictionary) where dictionary.isNamespace: toText
        case .array, .dictionary: written(ValueWriter(namesFunctions: true))
        default: toText
        }
    }

    private func written(_ writer: ValueWriter) -> ByteString {
        var writer = writer
        writer.write(self)
        return ByteString(writer.bytes)
    }

    /// `%.0f` for integral numbers, else `%f`: 5 is "5", 0.1 is "0.100000".
    public static func text(ofNumber number: Double) -> ByteString {
        if number == number.rounded(.towardZero), abs(number) < 1e15 {
            if number == 0, number.sign == .minus { return "-0" }
            return ByteString(String(Int64(number)))
        }
        let isIntegral = number == number.rounded(.towardZero)
        return formatted(number, decimals: isIntegral ? 0 : 6)
    }

    /// A number with a fixed count of decimals, rounded as the C library does.
    static func formatted(_ number: Double, decimals: Int32) -> ByteString {
        // 309 digits before the point at most, then decimals
        var buffer = [CChar](repeating: 0, count: 400)
        let written = unsafe withVaList([decimals, number]) { list in
            unsafe vsnprintf(&buffer, buffer.count, "%.*f", list)
        }
        let count = max(0, min(Int(written), buffer.count - 1))
        return ByteString(bytes: buffer.prefix(count).lazy.map { UInt8(bitPattern: $0) })
    }

    /// Most bytes of a text that is a number: 1,024, beyond the digits that are read.
    private static let longestNumber = 1024

    /// The number in a text: digits with sign, fraction and exponent, no blanks, no hexadecimal.
    public static func number(fromText text: ByteString) -> Double? {
        guard text.count <= longestNumber else { return nil }
        var rest = text.bytes[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            rest.removeFirst()
        }
        let word = String(decoding: rest, as: UTF8.self).lowercased()
        let isNegative = text.bytes.first == UInt8(ascii: "-")
        if word == "inf" || word == "infinity" { return isNegative ? -.infinity : .infinity }
        if word == "nan" || word.hasPrefix("nan(") && word.hasSuffix(")") { return .nan }
        var digits = 0
        func skipDigits() {
            while let byte = rest.first, (0x30...0x39).contains(byte) {
                rest.removeFirst()
                digits += 1
            }
        }
        skipDigits()
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            skipDigits()
        }
        guard digits > 0, digits < 400 else { return nil }
        if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                rest.removeFirst()
            }
            digits = 0
            skipDigits()
            guard digits > 0, digits < 400 else { return nil }
        }
        guard rest.isEmpty else { return nil }
        let number = unsafe strtod(text.text, nil)
        return number.isFinite ? number : nil
    }

    /// The value as a number where the language converts; nil when it would be an error.
    public var toNumber: Double? {
        switch self {
        case .null: 0
        case .boolean(let flag): flag ? 1 : 0
        case .number(let number): number
        case .string(let string): string.isEmpty ? 0 : Self.number(fromText: string)
        default: nil
        }
    }

    /// `==` of the language.
    public static func equal(_ left: Value, _ right: Value) -> Bool {
        var budget = mostComparisons
        return equal(left, right, depth: 0, budget: &budget)
    }

    /// True when some element equals the value, within a budget of comparisons.
    static func contains(_ element: Value, in elements: [Value], budget: inout Int) -> Bool {
        for candidate in elements where equal(candidate, element, depth: 0, budget: &budget) {
            return true
        }
        return false
    }

    /// Most elements that one comparison looks at: 1,000,000; what is larger counts as unequal.
    ///
    /// Arrays that share their elements can be exponentially larger than they look.
    static let mostComparisons = 1_000_000

    /// Deepest nesting that comparing and writing follow.
    ///
    /// 64: cyclic values exist; deeper is unequal.
    static let deepestNesting = 64

    static func equal(
        _ left: Value,
        _ right: Value,
        depth: Int,
        budget: inout Int
    ) -> Bool {
        budget -= 1
        guard budget > 0 else { return false }
        switch (left, right) {
        case (.null, .null): return true
        case (.null, .string(let string)), (.string(let string), .null): return string.isEmpty
        case (.string(let one), .string(let other)):
            guard one.count == other.count else { return false }
            budget -= one.count / 1024
            return one == other
        case (.number(let one), .number(let other)): return one == other
        case (.boolean(let one), .boolean(let other)): return one == other
        case (.boolean(let flag), .number(let number)), (.number(let number), .boolean(let flag)):
            return number == (flag ? 1 : 0)
        case (.array(let one), .array(let other)):
            if one === other { return true }
            guard one.count == other.count, depth < deepestNesting else { return false }
            for (first, second) in zip(one.elements, other.elements) {
                guard equal(first, second, depth: depth + 1, budget: &budget) else { return false }
            }
            return true
        case (.dictionary(let one), .dictionary(let other)): return one === other
        case (.function(let one), .function(let other)): return one === other
        case (.object(let one), .object(let other)):
            return one === other || DateTimeType.areEqual(one, other)
        case (.reference(let one), .reference(let other)): return one === other
        case (.type(let one), .type(let other)): return one === other
        default: return false
        }
    }
}
