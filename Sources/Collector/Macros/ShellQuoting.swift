internal import ConfigLanguage

/// Makes values words of a shell command.
enum ShellQuoting {
    /// Each text between single quotes, separated by blanks.
    static func quoted(_ texts: [ByteString]) -> ByteString {
        let words = texts.map { quoted($0).bytes }
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
