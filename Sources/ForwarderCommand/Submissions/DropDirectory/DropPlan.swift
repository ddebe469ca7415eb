import Foundation
import Monitoring

/// One thing in the drop directory, as the kernel tells it without opening it.
struct DropEntry: Sendable, Hashable {
    /// The name's bytes, which need not be text; NUL ends them.
    var rawName: [CChar]
    var owner: uid_t
    var byteCount: Int
    var isRegular: Bool
    /// When it was last changed, which nobody can set.
    var changedAt: Timestamp

    /// The name as text.
    var name: String {
        String(decoding: rawName.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// What is to be done with what lies in the drop directory: pure.
///
/// Owners take turns, one file each, so nobody waits for somebody else's thousands; files of one
/// owner go in the order in which they were submitted.
struct DropPlan: Sendable {
    /// Something that is no use, and why.
    struct Useless: Sendable, Hashable {
        var entry: DropEntry
        var reason: String
    }

    /// Most files of one owner that a client adds to.
    ///
    /// 10,000: a call every minute for a week.
    static let fileQuota = 10_000
    /// Most bytes of one owner that a client adds to.
    ///
    /// 64 MiB: what a spool holds by default.
    static let byteQuota = 64 << 20
    /// By how much clients that look at the same time may exceed a quota; what is over that is not
    /// from a client of ours, and goes unread.
    private static let excess = 2
    /// How long a file may be written at.
    ///
    /// An hour: a client needs a moment, or is dead.
    static let unfinishedPatience = Duration.seconds(3600)

    /// Batches in the order in which they are taken.
    private(set) var batches: [(name: DropName, entry: DropEntry)] = []
    private(set) var useless: [Useless] = []

    init(_ entries: [DropEntry], at now: Timestamp) {
        var owned: [uid_t: [(name: DropName, entry: DropEntry)]] = [:]
        for entry in entries {
            if !entry.isRegular {
                useless.append(Useless(entry: entry, reason: "it is no regular file"))
            } else if let name = DropName(entry.name) {
                owned[entry.owner, default: []].append((name, entry))
            } else if !DropName.isUnfinished(entry.name) {
                useless.append(Useless(entry: entry, reason: "it has no name of a batch"))
            } else if now - entry.changedAt > Self.unfinishedPatience {
                useless.append(Useless(entry: entry, reason: "it was never finished"))
            }
        }
        for (owner, files) in owned {
            owned[owner] = withinQuota(files.sorted { $0.name < $1.name })
        }
        take(owned)
    }

    /// The first files of one owner, as far as the quota reaches.
    private mutating func withinQuota(
        _ files: [(name: DropName, entry: DropEntry)]
    ) -> [(name: DropName, entry: DropEntry)] {
        var byteCount = 0
        var kept: [(name: DropName, entry: DropEntry)] = []
        for file in files {
            byteCount += file.entry.byteCount
            let isFew = kept.count < Self.fileQuota * Self.excess
            if isFew, byteCount <= Self.byteQuota * Self.excess {
                kept.append(file)
            } else {
                useless.append(
                    Useless(entry: file.entry, reason: "its owner has more than twice the quota"))
            }
        }
        return kept
    }

    private mutating func take(_ owned: [uid_t: [(name: DropName, entry: DropEntry)]]) {
        let owners = owned.keys.sorted()
        var place = 0
        var isMore = true
        while isMore {
            isMore = false
            for owner in owners {
                guard let files = owned[owner], place < files.count else { continue }
                batches.append(files[place])
                isMore = true
            }
            place += 1
        }
    }

    /// Why an owner's next file would be too much; nil while there is room.
    static func complaint(
        about owner: uid_t, adding byteCount: Int, to entries: [DropEntry]
    ) -> String? {
        let own = entries.filter { $0.owner == owner }
        let bytes = own.reduce(byteCount) { $0 + $1.byteCount }
        if own.count >= fileQuota { return "this user has \(own.count) files there already" }
        guard bytes > byteQuota else { return nil }
        return "with it this user would have \(bytes) bytes there, of \(byteQuota)"
    }
}
