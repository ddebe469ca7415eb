/// Cuts what `send_nsca` read into records.
///
/// A record ends at the separator or at the end of the input, not at the end of a line. Carriage
/// returns and newlines at its beginning are skipped, what is empty then is no record. NUL ends it.
///
/// - Source: nsca-ng 1.6, send_nsca(8), "Input format"; the corners by trying the program.
enum NSCAFraming {
    /// The records, in order.
    static func records(_ input: [UInt8], separator: UInt8) -> [ArraySlice<UInt8>] {
        input.split(separator: separator, omittingEmptySubsequences: true).compactMap { chunk in
            let text = chunk.prefix { $0 != 0 }.drop {
                $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
            }
            return text.isEmpty ? nil : text
        }
    }
}
