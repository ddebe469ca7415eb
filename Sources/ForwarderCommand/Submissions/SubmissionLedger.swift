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
        /// How many records are decided.
        var position: Int
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

    /// How many records of a batch are decided and durable; nil for one that is not known.
    func position(of key: Key) -> Int? { entries[key]?.position }

    /// Notes how far a batch came.
    mutating func note(_ key: Key, position: Int, at now: Duration) {
        let known = entries.updateValue(Entry(position: position, since: now), forKey: key)
        if known == nil { counts[key.submitter, default: 0] += 1 }
    }

    mutating func forget(_ key: Key) {
        guard entries.removeValue(forKey: key) != nil else { return }
        let left = counts[key.submitter, default: 1] - 1
        counts[key.submitter] = left > 0 ? left : nil
    }

    /// The entries that are old enough to go, but for those of batches that still lie somewhere.
    func expired(at now: Duration, but kept: Set<Key>) -> [Key] {
        entries.filter { now - $0.value.since >= Self.patience && !kept.contains($0.key) }
            .map(\.key)
    }

    // MARK: - As entries of the spool's ledger

    static func key(_ key: Key) -> String { "\(prefix)\(key.submitter)\u{1F}\(key.id)" }

    static func entry(_ key: Key, position: Int) -> LedgerEntry {
        LedgerEntry(key: Self.key(key), saying: position)
    }

    /// All that is known.
    var all: [LedgerEntry] { entries.map { Self.entry($0.key, position: $0.value.position) } }

    /// Takes over what a spool knows; what cannot be read counts as taken to its end.
    mutating func adopt(_ stored: [LedgerEntry], at now: Duration) {
        for entry in stored where entry.key.hasPrefix(Self.prefix) {
            let parts = entry.key.dropFirst(Self.prefix.count).split(separator: "\u{1F}")
            guard parts.count == 2, let submitter = uid_t(parts[0]), let id = BatchID(parts[1])
            else { continue }
            let position = entry.said(as: Int.self) ?? SubmissionBatch.recordLimit
            note(Key(submitter: submitter, id: id), position: position, at: now)
        }
    }
}
