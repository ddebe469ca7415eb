import Foundation
import Monitoring

/// What is to be done with what lies in the drop directory: pure.
///
/// It is shown one thing after the other, then closed. Owners take turns, one file each, so nobody
/// waits for somebody else's thousands; files of one owner go in the order in which they were
/// submitted.
///
/// A directory is not read in one moment: of two files that come meanwhile the second may be seen
/// and the first not. So what is not older than the look is only noted as ``ahead``, and another
/// look lists it with all that came before it.
struct DropPlan: Sendable {
    /// A file that holds a batch, as its name and the kernel say.
    struct File: Sendable, Hashable {
        let name: DropName
        let owner: uid_t
    }

    /// What is no use, and why.
    enum Useless: String, Sendable {
        case irregular = "it is no regular file"
        case misnamed = "it has no name of a batch"
        case unfinished = "it was never finished"
        case tooLong = "it is longer than any batch"
    }

    /// Most files of one owner that are listed; the others come with a later plan.
    ///
    /// 20,000: twice the quota, which clients at work at the same time exceed by their number.
    static let shareLimit = DropHoldings.fileQuota * 2
    /// Most files of all owners that are listed: 200,000, some 30 MiB of memory.
    ///
    /// Beyond it each owner's first ones are.
    static let limit = 200_000
    /// How long a file may be written at.
    ///
    /// An hour: a client needs a moment, or is dead.
    static let unfinishedPatience = Duration.seconds(3600)

    /// What is known of one owner's files.
    private struct Holding: Sendable {
        var files: [File] = []
        var seenCount = 0

        mutating func add(_ file: File) -> Int {
            files.append(file)
            seenCount += 1
            return files.count
        }
    }

    private let now: Timestamp
    private let owner: uid_t?
    private let through: [uid_t: DropName]
    private let limit: Int
    private var holdings: [uid_t: Holding] = [:]
    private var keptCount = 0
    private var share = Self.shareLimit

    /// Batches in the order in which they are taken.
    private(set) var batches: [File] = []
    /// True when batches lie there that are not listed: they wait for a later plan.
    private(set) var isCut = false
    /// How many batches each owner has there, once it is closed.
    private(set) var counts: [uid_t: Int] = [:]

    /// Each owner's last file whose name is not older than the look, and which is not listed.
    private(set) var ahead: [uid_t: DropName] = [:]

    /// A plan of one owner's files, or of everybody's, by a look that begins now.
    ///
    /// - Parameter through: what an earlier look found ``ahead``: so far all is listed.
    init(
        at now: Timestamp, of owner: uid_t? = nil, through: [uid_t: DropName] = [:],
        limit: Int = Self.limit
    ) {
        self.now = now
        self.owner = owner
        self.through = through
        self.limit = limit
    }

    /// Takes note of one thing; returns why it is no use.
    mutating func show(_ entry: DropEntry) -> Useless? {
        guard owner == nil || owner == entry.owner else { return nil }
        guard entry.isRegular else { return .irregular }
        if let name = DropName(entry.name) {
            guard !entry.isTooLong else { return .tooLong }
            if name.time < now || through[entry.owner].map({ name <= $0 }) == true {
                list(File(name: name, owner: entry.owner))
            } else {
                ahead[entry.owner] = max(ahead[entry.owner] ?? name, name)
            }
            return nil
        }
        guard DropName.isUnfinished(entry.name) else { return .misnamed }
        return now - entry.changedAt > Self.unfinishedPatience ? .unfinished : nil
    }

    /// Takes note that all was shown.
    mutating func close() {
        for owner in holdings.keys { shorten(owner) }
        counts = holdings.mapValues(\.seenCount)
        takeTurns()
        holdings = [:]
    }

    private mutating func list(_ file: File) {
        let count = holdings[file.owner, default: Holding()].add(file)
        keptCount += 1
        if count >= share * 2 { shorten(file.owner) }
        while keptCount > limit, share > 1 {
            share /= 2
            for (owner, holding) in holdings where holding.files.count > share { shorten(owner) }
        }
        if keptCount > limit {
            // More owners than there is room for.
            holdings[file.owner]?.files.removeLast()
            keptCount -= 1
            isCut = true
        }
    }

    /// Puts an owner's files in order, and keeps the first ones, as many as everybody may have
    /// listed.
    private mutating func shorten(_ owner: uid_t) {
        guard var holding = holdings[owner] else { return }
        holding.files.sort { $0.name < $1.name }
        let over = max(0, holding.files.count - share)
        holding.files.removeLast(over)
        keptCount -= over
        if over > 0 { isCut = true }
        holdings[owner] = holding
    }

    private mutating func takeTurns() {
        var owners = holdings.filter { !$0.value.files.isEmpty }.keys.sorted()
        var place = 0
        while !owners.isEmpty {
            batches += owners.compactMap { holdings[$0]?.files[place] }
            place += 1
            owners.removeAll { holdings[$0]?.files.count ?? 0 <= place }
        }
    }
}
