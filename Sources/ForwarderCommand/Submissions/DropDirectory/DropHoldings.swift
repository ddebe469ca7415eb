import Foundation
import Monitoring

/// What one user has in the drop directory: what there is room for, and which name comes next.
struct DropHoldings: Sendable, Hashable {
    /// Most files of one user that a client adds to.
    ///
    /// 10,000: a call every minute for a week.
    static let fileQuota = 10_000
    /// Most bytes of one user that a client adds to.
    ///
    /// 64 MiB: what a spool holds by default.
    static let byteQuota = 64 << 20

    private let owner: uid_t
    private var fileCount = 0
    private var byteCount = 0
    private var newest: Timestamp?

    init(of owner: uid_t) { self.owner = owner }

    /// Counts a thing that lies there, if it is this user's.
    ///
    /// What is longer than a batch can be is one file and no bytes: it is not from a client, the
    /// daemon removes it, and it costs its owner no result.
    mutating func count(_ entry: DropEntry) {
        guard entry.owner == owner else { return }
        fileCount += 1
        if !entry.isTooLong { byteCount += entry.byteCount }
        guard let name = DropName(entry.name) else { return }
        newest = max(newest ?? name.time, name.time)
    }

    /// Why the user's next file would be too much; nil while there is room.
    func complaint(adding bytes: Int) -> String? {
        Self.complaint(files: fileCount + 1, bytes: byteCount + bytes)
    }

    /// Why what is counted is too much, a file that is being written with it; nil when it is not.
    var complaint: String? { Self.complaint(files: fileCount, bytes: byteCount) }

    private static func complaint(files: Int, bytes: Int) -> String? {
        if files > fileQuota {
            return "with it this user would have \(files) files there, of \(fileQuota)"
        }
        guard bytes > byteQuota else { return nil }
        return "with it this user would have \(bytes) bytes there, of \(byteQuota)"
    }

    /// The time in the name of the user's next file: now, or right behind the newest that lies
    /// there, so that files keep their order when the clock steps back.
    ///
    /// Behind the end of all times, which only a name made by hand has, it is that end itself.
    func nextTime(at now: Timestamp) -> Timestamp {
        guard let newest, newest >= now else { return now }
        return Timestamp(microseconds: max(newest.microseconds, newest.microseconds &+ 1))
    }
}
