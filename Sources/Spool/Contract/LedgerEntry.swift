/// Something that another part of the program must still know after a crash.
///
/// The spool keeps entries by key and reads neither key nor body. They are as durable as results
/// and count against the same bound; nothing evicts them, so whoever writes them bounds them.
package struct LedgerEntry: Sendable, Hashable {
    /// What the entry is about; one body for each.
    package var key: String
    /// What is known.
    package var body: [UInt8]

    /// Most bytes of a key.
    ///
    /// 4,096: two names of objects at their longest, and some words.
    package static let keyByteLimit = 4096
    /// Most bytes of a body.
    ///
    /// 32 KiB: the times of 1,000 rechecks, written as text.
    package static let bodyByteLimit = 32 * 1024

    /// An entry with both parts.
    package init(key: String, body: [UInt8]) {
        self.key = key
        self.body = body
    }
}
