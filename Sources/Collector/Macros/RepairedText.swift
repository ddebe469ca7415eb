internal import ConfigLanguage

extension ByteString {
    /// The bytes with U+FFFD in place of what is not UTF-8, as Icinga gives them to plugins: one
    /// for each byte that begins nothing, one for a sequence that ends too soon or says what no
    /// sequence may say, with all bytes that go on with it.
    ///
    /// - Source: tried on Icinga 2.13.6.
    var repaired: [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        if text.utf8.elementsEqual(bytes) { return bytes }
        var result: [UInt8] = []
        var rest = bytes[...]
        while let lead = rest.first {
            let length = Self.length(of: lead)
            let trail = rest.dropFirst().prefix { $0 & 0xC0 == 0x80 }
            let sequence = rest.prefix(length)
            if length > 0, trail.count >= length - 1, Self.isValid(sequence) {
                result += sequence
                rest = rest.dropFirst(length)
                continue
            }
            result += [0xEF, 0xBF, 0xBD]
            guard length > 1 else {
                rest = rest.dropFirst()
                continue
            }
            // one that the end cuts off is the last
            rest = rest.count < length ? [] : rest.dropFirst(1 + trail.count)
        }
        return result
    }

    /// How many bytes a sequence has; 0 for a byte that begins none.
    private static func length(of lead: UInt8) -> Int {
        switch lead {
        case 0x00...0x7F: 1
        case 0xC0...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF7: 4
        default: 0
        }
    }

    /// True when a sequence of the right length says a character in its shortest form.
    private static func isValid(_ sequence: ArraySlice<UInt8>) -> Bool {
        String(validating: sequence, as: UTF8.self) != nil
    }
}
