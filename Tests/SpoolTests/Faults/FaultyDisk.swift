import CFaultyDisk

/// A folder whose files fail under SQLite as planned; removed with the last reference.
///
/// Its files must be closed by then.
final class FaultyDisk {
    /// Where it is.
    let folder: String
    private let handle: Int32

    /// Operations that can fail.
    struct Operations: OptionSet, Hashable, Sendable {
        let rawValue: UInt32

        static let write = Operations(rawValue: UInt32(FAULTY_WRITE))
        static let sync = Operations(rawValue: UInt32(FAULTY_SYNC))
        static let truncate = Operations(rawValue: UInt32(FAULTY_TRUNCATE))
        static let open = Operations(rawValue: UInt32(FAULTY_OPEN))
        static let delete = Operations(rawValue: UInt32(FAULTY_DELETE))
        static let sharedMemory = Operations(rawValue: UInt32(FAULTY_SHARED_MEMORY))
        static let size = Operations(rawValue: UInt32(FAULTY_SIZE))
        static let read = Operations(rawValue: UInt32(FAULTY_READ))
        /// Those that change what is on the disk.
        static let changing: Operations = [.write, .sync, .truncate, .open, .delete]
        /// Those that need room.
        static let growing: Operations = [.write, .sync, .open, .sharedMemory]
        static let all: Operations = [.changing, .sharedMemory, .size, .read]
    }

    /// What happens to the operation that is hit.
    enum Fault: Int32, Sendable, CaseIterable {
        /// EIO; nothing is done.
        case inputOutput = 1
        /// ENOSPC; nothing is done.
        case noSpace = 2
        /// Half of a write is done, then EIO.
        case shortWrite = 3
        /// EIO of a sync whose data never reaches the medium, whatever is synced later.
        case lostSync = 4
        /// It and everything after it fails until ``FaultyDisk/restore()``.
        case powerCut = 5
    }

    /// What a power cut leaves of what was not synced.
    enum Survival: Int32, Sendable, CaseIterable {
        case drop = 0
        /// As when only the process died.
        case keep = 1
        /// Each change whole, not at all or by sectors, as a seed decides.
        case tear = 2
    }

    /// Which operation is hit by what.
    struct Plan: Sendable, CustomStringConvertible {
        var operations: Operations
        /// From 1; 0 only counts.
        var position: Int
        var fault: Fault
        var isLasting = false
        var survival = Survival.keep
        var seed: UInt64 = 0

        var description: String {
            "\(fault)\(isLasting ? ", lasting" : "") at \(position) of \(operations.rawValue)"
                + (fault == .powerCut ? ", \(survival), seed \(seed)" : "")
        }
    }

    init() throws {
        folder = try makeDirectory()
        handle = faulty_disk_open(folder)
        guard handle >= 0 else { throw SceneFault.directory(errno: -1) }
    }

    deinit {
        faulty_disk_close(handle)
        removeTree(folder)
    }

    /// Starts to count at zero and to fail as planned.
    func set(_ plan: Plan) {
        let raw = faulty_plan(
            operations: plan.operations.rawValue,
            position: UInt64(plan.position),
            fault: plan.fault.rawValue,
            is_lasting: plan.isLasting,
            survival: plan.survival.rawValue,
            seed: plan.seed
        )
        faulty_disk_plan(handle, raw)
    }

    /// Nothing fails any more, unless the power is off.
    func heal() { faulty_disk_heal(handle) }

    /// From now on syncs are acknowledged and not done.
    func startLying() { faulty_disk_lie(handle, true) }

    /// The power goes now.
    func cut(_ survival: Survival, seed: UInt64 = 0) {
        faulty_disk_cut(handle, survival.rawValue, seed)
    }

    var isDead: Bool { faulty_disk_is_dead(handle) }

    /// The power is back: the files hold what survived.
    func restore() throws {
        guard faulty_disk_restore(handle) else { throw SceneFault.directory(errno: -1) }
    }

    /// What happened since the last plan.
    struct Counts: Hashable, Sendable {
        /// Operations that the plan names, and those that failed.
        var operations: Int
        var hits: Int
        /// Changes that were in flight when the power went, and those that survived.
        var unsyncedAtCut: Int
        var unsyncedKept: Int
    }

    var counts: Counts {
        let raw = faulty_disk_counts(handle)
        return Counts(
            operations: Int(raw.counted),
            hits: Int(raw.hits),
            unsyncedAtCut: Int(raw.unsynced_at_cut),
            unsyncedKept: Int(raw.unsynced_kept)
        )
    }
}
