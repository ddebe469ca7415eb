internal import ConfigLanguage

/// Makes a value one word of a shell command.
enum ShellQuoting {
    /// A value between single quotes; an array becomes its quoted elements, separated by blanks.
    static func quoted(_ value: Value) -> ByteString {
        guard let array = value.asArray else { return quoted(value.toText) }
        let words = array.elements.map { quoted($0.toText).bytes }
        return ByteString(bytes: words.joined(separator: [UInt8(ascii: " ")]))
    }

    /// A text between single quotes, which it may itself contain.
    static func quoted(_ text: ByteString) -> ByteString {
        let quote = UInt8(ascii: "'")
        var bytes = [quote]
        for byte in text.bytes {
            if byte == quote {
                bytes.append(contentsOf: Array("'\\''".utf8))
            } else {
                bytes.append(byte)
            }
        }
        bytes.append(quote)
        return ByteString(bytes)
    }
}
