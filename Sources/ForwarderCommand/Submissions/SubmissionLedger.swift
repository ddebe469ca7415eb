import Foundation
import Monitoring
import Spool

/// Which batches were taken and how far, so that none is taken twice.
///
/// Entries are as durable as the results of their batch. One that came in a file alone is forgotten
/// when the file is gone for good. One that a daemon was asked to take is kept for ``patience``:
/// until then its submitter may put it into the drop directory, for want of an answer, and the
/// daemon may come to the question after the file.
struct SubmissionLedger: Sendable {
    /// A batch is its submitter's: nobody can use up the id of somebody else.
    struct Key: Sendable, Hashable {
        var submitter: uid_t
        var id: BatchID
    }

    private struct Entry: Sendable {
        /// How many records are decided; nil when what a spool says of it cannot be read.
        var position: Int?
        /// What a spool says of it and cannot be read.
        var unread: [UInt8] = []
        /// When it was stored or read, on the monotonic clock.
        var since: Duration
    }

    /// How long an entry is kept at least: 10 minutes.
    ///
    /// Who hands over gives up after ``ResultHandOver/fallBackLimit``, a fifth of it.
    static let patience = Duration.seconds(600)
    /// Most entries of one submitter; what would need one more waits in the drop directory.
    ///
    /// 5,000: half a MiB of the spool, and eight calls a second for ten minutes. Files of calls
    /// that never reached a daemon need none for longer than a moment.
    static let limit = 5000

    /// What the keys of all entries begin with.
    static let prefix = "submit\u{1F}"

    private var entries: [Key: Entry] = [:]
    private var counts: [uid_t: Int] = [:]

    /// True when a batch can have an entry, or has one.
    func hasRoom(for key: Key) -> Bool {
        entries[key] != nil || counts[key.submitter, default: 0] < Self.limit
    }

    /// True for a batch that has an entry.
    func knows(_ key: Key) -> Bool { entries[key] != nil }

    /// How many records of a batch are decided and durable; none of one that is not known.
    ///
    /// - Throws: when that cannot be read.
    func position(of key: Key) throws(LedgerFault) -> Int {
        guard let entry = entries[key] else { return 0 }
        if let position = entry.position { return position }
        throw LedgerFault(
            description: """
                What the spool says of the batch \(key.id) of uid \(key.submitter) cannot be read, \
                so nothing of it is taken: some may be stored already. A newer version may have \
                written it: start that one. Or look what the master shows, and remove the file.
                """)
    }

    /// Notes how far a batch came.
    mutating func note(_ key: Key, position: Int, at now: Duration) {
        put(Entry(position: position, since: now), key)
    }

    private mutating func put(_ entry: Entry, _ key: Key) {
        let known = entries.updateValue(entry, forKey: key)
        if known == nil { counts[key.submitter, default: 0] += 1 }
    }

    mutating func forget(_ key: Key) {
        guard entries.removeValue(forKey: key) != nil else { return }
        let left = counts[key.submitter, default: 1] - 1
        counts[key.submitter] = left > 0 ? left : nil
    }

    /// The entries that are old enough to go where no file of their batches lies any more.
    func expired(at now: Duration) -> Set<Key> {
        Set(entries.filter { now - $0.value.since >= Self.patience }.keys)
    }

    // MARK: - As entries of the spool's ledger

    static func key(_ key: Key) -> String { "\(prefix)\(key.submitter)\u{1F}\(key.id)" }

    static func entry(_ key: Key, position: Int) -> LedgerEntry {
        LedgerEntry(key: Self.key(key), saying: position)
    }

    /// All that is known.
    var all: [LedgerEntry] {
        entries.map { key, entry in
            entry.position.map { Self.entry(key, position: $0) }
                ?? LedgerEntry(key: Self.key(key), body: entry.unread)
        }
    }

    /// Takes over what a spool knows; returns how many entries cannot be read.
    ///
    /// They stay as they are: what is said of a batch counts only when it is understood.
    mutating func adopt(_ stored: [LedgerEntry], at now: Duration) -> Int {
        var unreadCount = 0
        for entry in stored where entry.key.hasPrefix(Self.prefix) {
            let parts = entry.key.dropFirst(Self.prefix.count).split(separator: "\u{1F}")
            guard parts.count == 2, let submitter = uid_t(parts[0]), let id = BatchID(parts[1])
            else {
                unreadCount += 1
                continue
            }
            let position = entry.said(as: Int.self).flatMap { $0 < 0 ? nil : $0 }
            if position == nil { unreadCount += 1 }
            put(
                Entry(position: position, unread: position == nil ? entry.body : [], since: now),
                Key(submitter: submitter, id: id))
        }
        return unreadCount
    }
}
