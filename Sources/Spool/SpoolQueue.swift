internal import GRDB
package import Monitoring
internal import Synchronization

/// The durable queue between the checks and the masters.
///
/// - Durability: what a call stores is on the medium when the call returns (`synchronous=FULL`); a
///   crash before that loses this call's work only, and all of it.
/// - Isolation: safe from any task. Steps run one at a time in call order on a thread of their
///   own, no task's thread waits for the disk; cancelling a task does not undo its step.
/// - Bounds: file, write-ahead log and ballast stay below `size_limit`, see ``append(_:)``.
/// - Full disk: accepting ends while there is still some room; leasing and settling go on, into the
///   ballast when there is none.
package final class SpoolQueue: Sendable {
    /// How long a step waits for another program that has the database open.
    ///
    /// 5 s: longer than a
    /// checkpoint of a full log on a slow disk.
    package static let busyTimeout: Duration = .seconds(5)
    /// Most records of one ``append(_:)``.
    ///
    /// 256: what comes in at once when all plugins that may run together end together.
    package static let batchLimit = 256

    let database: DatabaseQueue
    let file: SpoolFile
    let bounds: SpoolBounds
    let time: any TimeSource
    private let passing: KillPoint.Observer
    /// Touched only from the database's own thread, one step after the other.
    private let memory = Mutex(SpoolMemory())
    /// What opening moved aside; nil when the file was a sound spool, or there was none.
    package let movedAside: MovedSpool?
    /// The first fault that ends this spool's use, damage or a file that is gone; once; ends when
    /// the spool is closed.
    package let damage: AsyncStream<SpoolFault>
    private let damageInbox: AsyncStream<SpoolFault>.Continuation
    /// The file that was opened.
    private let place: FilePlace?
    /// Held until the spool is closed; nil afterwards.
    private let owner: Mutex<OwnerLock?>

    private init(
        database: DatabaseQueue,
        file: SpoolFile,
        bounds: SpoolBounds,
        owner: OwnerLock,
        movedAside: MovedSpool?,
        time: any TimeSource,
        passing: @escaping KillPoint.Observer
    ) {
        (damage, damageInbox) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        self.movedAside = movedAside
        self.database = database
        self.file = file
        place = FilePlace(of: file.path)
        self.bounds = bounds
        self.owner = Mutex(owner)
        self.time = time
        self.passing = passing
    }

    /// Becomes the spool's owner and opens it, or makes a new one.
    ///
    /// A directory that is missing is created with mode 0700 (its parent must exist), files have
    /// mode 0600. Takes the same time however much is queued. Writes nothing that is not new; where
    /// there is no room for SQLite's own files, the ballast is given up for them.
    ///
    /// - Parameters:
    ///   - policy: what becomes of a file that is damaged or no spool.
    ///   - passing: hears of each ``KillPoint``; nobody listens outside of tests.
    /// - Throws: `.owned` when another process has it; `.newerVersion` for a file that was left as
    ///   it is, and with `.refuse` `.foreign` and `.damaged` as well; `.unwritable`, `.diskFull`,
    ///   `.notDurable`, `.busy`.
    package static func open(
        _ settings: SpoolSettings,
        time: any TimeSource,
        damaged policy: DamagePolicy = .refuse,
        passing: @escaping KillPoint.Observer = { _ in }
    ) throws(SpoolFault) -> SpoolQueue {
        let file = SpoolFile(path: settings.path)
        try file.prepareDirectory()
        let owner = try OwnerLock(path: settings.path)
        passing(.opening)
        let quarantine = Quarantine(file: file, passing: passing)
        var moved: MovedSpool?
        if let unfinished = quarantine.unfinished {
            guard policy == .moveAside else {
                throw .damaged(
                    path: file.path, detail: "its move to \(unfinished.path) was cut off")
            }
            moved = try quarantine.finish()
        }
        do {
            return try open(file, settings, owner, moved, time, passing)
        } catch {
            guard policy == .moveAside, let damage = error.damage else { throw error }
            moved = try quarantine.move(damage.kind, at: time.wall)
        }
        return try open(file, settings, owner, moved, time, passing)
    }

    /// Moves the file of a spool aside that is not sound; it must have been closed.
    ///
    /// Nil when somebody else took the file away meanwhile.
    ///
    /// - Throws: `.owned` when another process has opened it since.
    package static func moveAside(
        _ settings: SpoolSettings,
        as kind: MovedSpool.Kind = .damaged,
        time: any TimeSource,
        passing: @escaping KillPoint.Observer = { _ in }
    ) throws(SpoolFault) -> MovedSpool? {
        let file = SpoolFile(path: settings.path)
        let owner = try OwnerLock(path: settings.path)
        defer { withExtendedLifetime(owner) {} }
        let quarantine = Quarantine(file: file, passing: passing)
        if let finished = try quarantine.finish() { return finished }
        return try quarantine.move(kind, at: time.wall)
    }

    /// What was moved aside from this spool's place and is still there, oldest first.
    package static func movedAside(from settings: SpoolSettings) -> [MovedSpool] {
        Quarantine(file: SpoolFile(path: settings.path)).all
    }

    private static func open(
        _ file: SpoolFile,
        _ settings: SpoolSettings,
        _ owner: OwnerLock,
        _ moved: MovedSpool?,
        _ time: any TimeSource,
        _ passing: @escaping KillPoint.Observer
    ) throws(SpoolFault) -> SpoolQueue {
        try file.prepareFile()
        try file.checkLog()
        let bounds = SpoolBounds(limitBytes: settings.sizeLimit, diskBytes: file.capacityBytes)
        let database = try file.usingBallast(bounds) { () throws(SpoolFault) in
            try SpoolDatabase(file: file, bounds: bounds, passing: passing).open()
        }
        let spool = SpoolQueue(
            database: database,
            file: file,
            bounds: bounds,
            owner: owner,
            movedAside: moved,
            time: time,
            passing: passing
        )
        try spool.performAndWait { step in try step.markLeasedAmbiguous() }
        file.takeBallast(bounds)
        return spool
    }

    /// Opens the spool as soon as its present owner lets go, asking again after each pause.
    ///
    /// - Parameter pause: waits before the next try; throws to give up.
    /// - Throws: what `pause` throws, or the first fault other than `.owned`.
    package static func openWhenFree(
        _ settings: SpoolSettings,
        time: any TimeSource,
        damaged policy: DamagePolicy = .refuse,
        passing: @escaping KillPoint.Observer = { _ in },
        pause: (_ owner: Int32?) async throws -> Void
    ) async throws -> SpoolQueue {
        while true {
            let owner: Int32?
            do {
                return try open(settings, time: time, damaged: policy, passing: passing)
            } catch {
                guard case .owned(_, let pid) = error else { throw error }
                owner = pid
            }
            try await pause(owner)
        }
    }

    /// True while some process owns the spool.
    package static func isOwned(_ settings: SpoolSettings) -> Bool {
        OwnerLock.isTaken(path: settings.path)
    }

    /// Empties the write-ahead log, closes the file and lets the next owner in.
    ///
    /// Steps that were asked for before it are done first; later ones throw `.closed`.
    package func close() throws(SpoolFault) {
        defer {
            damageInbox.finish()
            owner.withLock { $0 = nil }
        }
        do {
            // on the database's thread, so that it takes its place after the steps before it
            database.writeWithoutTransaction { _ in
                // prepared statements would keep the database open
                memory.withLock { $0 = SpoolMemory(isClosed: true) }
            }
            try database.close()
        } catch {
            throw SpoolFault(error, of: file)
        }
        // Closing deleted the log: the next opening needs that room, and may find it taken.
        file.takePartOfBallast(bounds)
    }

    /// Runs one step as one transaction, without a thread that waits.
    ///
    /// - Parameter frames: what it may write to the log, where that is more than
    ///   ``SpoolBounds/stepFrames``.
    func perform<Value: Sendable>(
        _ purpose: StepPurpose = .settling,
        frames: Int = 0,
        _ step: @escaping @Sendable (inout SpoolTransaction) throws -> Value
    ) async throws(SpoolFault) -> Value {
        let outcome: Result<Value, SpoolFault> = await withCheckedContinuation { continuation in
            database.asyncWriteWithoutTransaction { db in
                continuation.resume(returning: self.outcome(of: step, purpose, frames, on: db))
            }
        }
        return try outcome.get()
    }

    /// Runs one step as one transaction; for opening.
    private func performAndWait<Value>(
        _ step: (inout SpoolTransaction) throws -> Value
    ) throws(SpoolFault) -> Value {
        try database.writeWithoutTransaction { db in outcome(of: step, .settling, 0, on: db) }.get()
    }

    /// One try of a step, and a second one with the ballast's room if it has none.
    private func outcome<Value>(
        of step: (inout SpoolTransaction) throws -> Value,
        _ purpose: StepPurpose,
        _ frames: Int,
        on db: Database
    ) -> Result<Value, SpoolFault> {
        let first = attempt(step, frames, on: db)
        guard purpose == .settling, case .failure(.diskFull) = first else { return first }
        let hasMadeRoom = file.giveUpBallast(bounds)
        // lost on purpose: a log that cannot be emptied now is not shorter, that is all
        let isEmptied = (try? db.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)")) != nil
        return hasMadeRoom || isEmptied ? attempt(step, frames, on: db) : first
    }

    private func attempt<Value>(
        _ step: (inout SpoolTransaction) throws -> Value,
        _ frames: Int,
        on db: Database
    ) -> Result<Value, SpoolFault> {
        let known = memory.withLock { memory in
            let known = memory
            memory.forget()
            return known
        }
        guard !known.isClosed else { return .failure(.closed) }
        guard file.isAt(place) else {
            damageInbox.yield(.displaced(path: file.path))
            return .failure(.displaced(path: file.path))
        }
        emptyLogWhenLong(db, for: frames)
        var transaction = SpoolTransaction(db: db, file: file, bounds: bounds, memory: known)
        do {
            var value: Value?
            try db.inTransaction(.immediate) {
                value = try step(&transaction)
                for work in transaction.works { passing(.uncommitted(work)) }
                return .commit
            }
            guard let value else { return .failure(.closed) }
            for work in transaction.works { passing(.committed(work)) }
            memory.withLock { $0.adopt(transaction.memory) }
            return .success(value)
        } catch {
            let fault = fault(error, on: db)
            if case .damaged = fault { damageInbox.yield(fault) }
            return .failure(fault)
        }
    }

    /// Empties a log that a slow reader made too long, or that has no room for a large transaction;
    /// never waits.
    private func emptyLogWhenLong(_ db: Database, for frames: Int) {
        // what a step may write at most has room behind what is not written back
        let more = frames > bounds.stepFrames ? frames * SpoolBounds.frameBytes : 0
        guard file.logByteCount > 0, file.logByteCount + more > bounds.logBytes else { return }
        passing(.emptyingLog)
        defer { passing(.emptiedLog) }
        // lost on purpose: a log that stays long is seen by its size, and then nothing is accepted
        try? db.execute(sql: "PRAGMA busy_timeout = 0")
        try? db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        let patience = Self.busyTimeout.components.seconds * 1000
        try? db.execute(sql: "PRAGMA busy_timeout = \(patience)")
    }

    /// SQLite says "full" of the disk and of its own bound alike.
    private func fault(_ error: any Error, on db: Database) -> SpoolFault {
        let fault = SpoolFault(error, of: file)
        guard case .diskFull = fault else { return fault }
        // lost on purpose: when the size cannot be read, "disk full" is the better guess
        let pages = (try? Int.fetchOne(db, sql: "PRAGMA page_count")) ?? 0
        let isAtBound = (pages + 16) * SpoolBounds.pageBytes >= bounds.fileBytes
        return isAtBound ? .full(limitBytes: bounds.limitBytes) : fault
    }
}

extension SpoolQueue {
    /// What becomes of a file that is damaged or no spool.
    package enum DamagePolicy: Sendable {
        /// It stays where it is, and opening fails: for all but the daemon.
        case refuse
        /// It is moved aside with its date, never deleted, and a new spool begins.
        case moveAside
    }
}

/// What a step is for, and so what it may use.
enum StepPurpose {
    /// New results come in: they leave the ballast alone.
    case accepting
    /// All else, so that what is in can go out.
    case settling
}

extension SpoolMemory {
    /// Leaves nothing that a failing transaction could make wrong.
    mutating func forget() { self = SpoolMemory(isClosed: isClosed) }

    /// Takes over what a committed transaction knows.
    mutating func adopt(_ newer: SpoolMemory) {
        let isClosed = isClosed
        self = newer
        self.isClosed = isClosed
    }
}
