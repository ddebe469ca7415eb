internal import Glibc

/// An IPv4 or IPv6 network; IPv4 counts as the part of IPv6 that stands for it.
struct AddressRange {
    private let address: [UInt8]
    private let bits: Int

    /// Nil for what is no network, or has bits set behind its length.
    init?(_ text: ByteString) {
        let parts = text.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let (address, isShort) = Self.parse(String(first)) else {
            return nil
        }
        self.address = address
        guard parts.count > 1 else {
            bits = 128
            return
        }
        guard parts[1].utf8.allSatisfy(\.isDigit), let length = Int(parts[1]),
            length <= (isShort ? 32 : 128)
        else { return nil }
        bits = isShort ? length + 96 : length
        guard Self.masked(address, bits) == address else { return nil }
    }

    func contains(_ text: ByteString) -> Bool {
        guard let (other, _) = Self.parse(text.text) else { return false }
        return Self.masked(other, bits) == address
    }

    /// The address without the bits behind a length.
    private static func masked(_ address: [UInt8], _ bits: Int) -> [UInt8] {
        address.enumerated().map { index, byte in
            let kept = max(0, min(8, bits - index * 8))
            return byte & UInt8(truncatingIfNeeded: 0xff00 >> kept)
        }
    }

    private static func parse(_ text: String) -> (address: [UInt8], isShort: Bool)? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            let parsed = unsafe bytes.withUnsafeMutableBytes {
                unsafe inet_pton(family, text, $0.baseAddress)
            }
            guard parsed == 1 else { continue }
            let prefix = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
            return count == 4 ? (prefix + bytes, true) : (bytes, false)
        }
        return nil
    }
}
