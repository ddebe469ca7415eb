/// What tells a stored result from one that the medium changed: FNV-1a of 64 bits over all columns.
///
/// SQLite's pages carry no checksum, so a bit that flips in a text would go unseen.
///
/// - Source: FNV-1a, draft-eastlake-fnv, section 5 (offset basis and prime of 64 bits).
struct ResultChecksum {
    private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The value to store.
    var value: Int64 { Int64(bitPattern: hash) }

    /// Takes in a column of numbers; NULL differs from every number.
    mutating func add(_ number: Int64?) {
        mix(number == nil ? 0 : 1)
        withUnsafeBytes(of: (number ?? 0).littleEndian) { bytes in
            for byte in bytes { mix(byte) }
        }
    }

    /// Takes in a column of text or bytes, and where it ends.
    mutating func add(_ bytes: some Collection<UInt8>) {
        add(Int64(bytes.count))
        for byte in bytes { mix(byte) }
    }

    private mutating func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
}
