import Foundation
import Monitoring

/// One look at all of the drop directory, which removes what is no use as it is found.
struct DropSurvey: Sendable {
    /// Something that was no use.
    struct Find: Sendable, Hashable {
        let entry: Place
        let reason: DropPlan.Useless
        let isGone: Bool
    }

    /// A name and whose it is.
    struct Place: Sendable, Hashable {
        let rawName: [CChar]
        let owner: uid_t
    }

    /// Most things that one look removes; the others go with the next ones.
    ///
    /// 5,000: some 50 ms.
    static let removalLimit = 5000
    /// Most things that cannot be removed, each told once; of others it is told that there are
    /// some.
    static let stuckLimit = 1000

    private(set) var plan: DropPlan
    /// What was removed, and what cannot be and was not known to be.
    private(set) var finds: [Find] = []
    /// What cannot be removed.
    private(set) var stuck: Set<[CChar]> = []
    /// True when more than ``stuckLimit`` things cannot be removed.
    private(set) var isLittered = false

    private let known: Set<[CChar]>
    private var removedCount = 0

    /// Looks, on the calling thread.
    ///
    /// - Parameter stuck: what is known not to be removable; it is tried again, and not told.
    init(
        of directory: DropDirectory, _ folder: Descriptor, at now: Timestamp,
        stuck known: Set<[CChar]> = []
    ) throws(DropFault) {
        self.known = known
        plan = DropPlan(at: now)
        plan = try directory.plan(folder, at: now) { entry, reason in
            remove(Place(rawName: entry.rawName, owner: entry.owner), reason) {
                directory.remove($0, from: folder)
            }
        }
    }

    private mutating func remove(
        _ entry: Place, _ reason: DropPlan.Useless, _ remove: ([CChar]) -> Bool
    ) {
        guard !stuck.contains(entry.rawName) else { return }
        guard removedCount < Self.removalLimit else {
            if known.contains(entry.rawName) { stuck.insert(entry.rawName) }
            return
        }
        if remove(entry.rawName) {
            removedCount += 1
            finds.append(Find(entry: entry, reason: reason, isGone: true))
            return
        }
        guard stuck.count < Self.stuckLimit else {
            isLittered = true
            return
        }
        stuck.insert(entry.rawName)
        if known.contains(entry.rawName) { return }
        finds.append(Find(entry: entry, reason: reason, isGone: false))
    }
}
