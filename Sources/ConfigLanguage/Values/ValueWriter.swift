/// Writes values in the form of configuration text.
struct ValueWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether functions are written, as a text that says so.
    private let namesFunctions: Bool

    /// Most bytes that are written; the rest is left out.
    ///
    /// 1 MiB: as long as any string may be.
    static let longest = 1 << 20

    /// An empty text.
    init(namesFunctions: Bool = false) { self.namesFunctions = namesFunctions }

    /// Writes a value.
    ///
    /// - Parameters:
    ///   - depth: how many collections the value is in.
    ///   - indent: how many dictionaries it is in; arrays are written on one line.
    mutating func write(_ value: Value, depth: Int = 0, indent: Int = 0) {
        guard bytes.count < Self.longest else { return }
        switch value {
        case .null: append("null")
        case .string(let string): write(string: string)
        // always with decimals here, unlike a number alone
        case .number(let number):
            bytes.append(contentsOf: Value.formatted(number, decimals: 6).bytes)
        case .array(let array) where depth < Value.deepestNesting:
            write(array, depth: depth, indent: indent)
        case .dictionary(let dictionary) where dictionary.isNamespace: break
        case .dictionary(let dictionary) where depth < Value.deepestNesting:
            write(dictionary, depth: depth, indent: indent)
        case .array, .dictionary: append("...")
        case .boolean(let flag): append(flag ? "true" : "false")
        case .function where namesFunctions: write(string: value.toText)
        // what has no form in configuration text is left out
        case .function, .object, .reference, .type: break
        }
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func write(string: ByteString) {
        append("\"")
        for byte in string.bytes {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\t"): append("\\t")
            case UInt8(ascii: "\r"): append("\\r")
            case 8: append("\\b")
            case 12: append("\\f")
            default: bytes.append(byte)
            }
        }
        append("\"")
    }

    private mutating func write(_ array: ArrayValue, depth: Int, indent: Int) {
        append("[ ")
        for (index, element) in array.elements.enumerated() {
            if index > 0 { append(", ") }
            write(element, depth: depth + 1, indent: indent)
        }
        append(array.count > 0 ? " ]" : "]")
    }

    private mutating func write(_ dictionary: DictionaryValue, depth: Int, indent: Int) {
        append("{\n")
        for (key, value) in dictionary.entries {
            append(String(repeating: "\t", count: indent + 1))
            write(key: key)
            append(" = ")
            write(value, depth: depth + 1, indent: indent + 1)
            append("\n")
        }
        append(String(repeating: "\t", count: indent) + "}")
    }

    private mutating func write(key: ByteString) {
        if key.isIdentifier {
            // the two words that the language's own writer does not know
            let word = Keyword(key)
            if word != nil, word != .in, word != .debugger { append("@") }
            bytes.append(contentsOf: key.bytes)
        } else {
            write(string: key)
        }
    }
}

extension ByteString {
    /// True for a letter or underscore followed by letters, digits and underscores.
    var isIdentifier: Bool {
        guard let first = bytes.first, first.isIdentifierStart else { return false }
        return bytes.allSatisfy { $0.isIdentifierStart || $0.isDigit }
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }

    var isIdentifierStart: Bool {
        let letter = self | 0x20
        return (0x61...0x7a).contains(letter) || self == 0x5f
    }
}
