internal import GRDB
package import Monitoring
internal import Synchronization

/// The durable queue between the checks and the masters.
///
/// - Durability: what a call stores is on the medium when the call returns (`synchronous=FULL`); a
///   crash before that loses this call's work only, and all of it.
/// - Isolation: safe from any task. Steps run one at a time in call order on a thread of their
///   own, no task's thread waits for the disk; cancelling a task does not undo its step.
/// - Bounds: file and write-ahead log stay below `size_limit`, see ``append(_:)``.
package final class SpoolQueue: Sendable {
    /// How long a step waits for another program that has the database open.
    ///
    /// 5 s: longer than a
    /// checkpoint of a full log on a slow disk.
    package static let busyTimeout: Duration = .seconds(5)
    /// Most records of one ``append(_:)``.
    ///
    /// 256: with 64 KiB each, one transaction stays below
    /// 17 MiB of write-ahead log.
    package static let batchLimit = 256

    let database: DatabaseQueue
    let file: SpoolFile
    let bounds: SpoolBounds
    let time: any TimeSource
    private let passing: KillPoint.Observer
    /// Touched only from the database's own thread, one step after the other.
    private let memory = Mutex(SpoolMemory())
    /// Held until the spool is closed; nil afterwards.
    private let owner: Mutex<OwnerLock?>

    private init(
        database: DatabaseQueue,
        file: SpoolFile,
        bounds: SpoolBounds,
        owner: OwnerLock,
        time: any TimeSource,
        passing: @escaping KillPoint.Observer
    ) {
        self.database = database
        self.file = file
        self.bounds = bounds
        self.owner = Mutex(owner)
        self.time = time
        self.passing = passing
    }

    /// Becomes the spool's owner and opens it, or makes a new one.
    ///
    /// A directory that is missing is created with mode 0700 (its parent must exist), files have
    /// mode 0600. Takes the same time however much is queued.
    ///
    /// - Parameter passing: hears of each ``KillPoint``; nobody listens outside of tests.
    /// - Throws: `.owned` when another process has it; `.foreign`, `.newerVersion`, `.damaged`
    ///   for files that were left as they are; `.unwritable`, `.diskFull`, `.notDurable`, `.busy`.
    package static func open(
        _ settings: SpoolSettings,
        time: any TimeSource,
        passing: @escaping KillPoint.Observer = { _ in }
    ) throws(SpoolFault) -> SpoolQueue {
        let file = SpoolFile(path: settings.path)
        try file.prepareDirectory()
        let owner = try OwnerLock(path: settings.path)
        passing(.opening)
        try file.prepareFile()
        let bounds = SpoolBounds(limitBytes: settings.sizeLimit)
        let database = try SpoolDatabase(file: file, bounds: bounds, passing: passing).open()
        let spool = SpoolQueue(
            database: database,
            file: file,
            bounds: bounds,
            owner: owner,
            time: time,
            passing: passing
        )
        try spool.performAndWait { step in try step.markLeasedAmbiguous() }
        return spool
    }

    /// Opens the spool as soon as its present owner lets go, asking again after each pause.
    ///
    /// - Parameter pause: waits before the next try; throws to give up.
    /// - Throws: what `pause` throws, or the first fault other than `.owned`.
    package static func openWhenFree(
        _ settings: SpoolSettings,
        time: any TimeSource,
        passing: @escaping KillPoint.Observer = { _ in },
        pause: (_ owner: Int32?) async throws -> Void
    ) async throws -> SpoolQueue {
        while true {
            let owner: Int32?
            do {
                return try open(settings, time: time, passing: passing)
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
        defer { owner.withLock { $0 = nil } }
        do {
            // on the database's thread, so that it takes its place after the steps before it
            database.writeWithoutTransaction { _ in memory.withLock { $0.isClosed = true } }
            try database.close()
        } catch {
            throw SpoolFault(error, path: file.path)
        }
    }

    /// Runs one step as one transaction, without a thread that waits.
    func perform<Value: Sendable>(
        _ step: @escaping @Sendable (inout SpoolTransaction) throws -> Value
    ) async throws(SpoolFault) -> Value {
        let outcome: Result<Value, SpoolFault> = await withCheckedContinuation { continuation in
            database.asyncWriteWithoutTransaction { db in
                continuation.resume(returning: self.outcome(of: step, on: db))
            }
        }
        return try outcome.get()
    }

    /// Runs one step as one transaction; for opening.
    private func performAndWait<Value>(
        _ step: (inout SpoolTransaction) throws -> Value
    ) throws(SpoolFault) -> Value {
        try database.writeWithoutTransaction { db in outcome(of: step, on: db) }.get()
    }

    private func outcome<Value>(
        of step: (inout SpoolTransaction) throws -> Value,
        on db: Database
    ) -> Result<Value, SpoolFault> {
        let known = memory.withLock { memory in
            let known = memory
            memory.forget()
            return known
        }
        guard !known.isClosed else { return .failure(.closed) }
        emptyLogWhenLong(db)
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
            return .failure(fault(error, on: db))
        }
    }

    /// Empties a log that one large transaction or a slow reader made too long; never waits.
    private func emptyLogWhenLong(_ db: Database) {
        guard file.logByteCount > bounds.logBytes else { return }
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
        let fault = SpoolFault(error, path: file.path)
        guard case .diskFull = fault else { return fault }
        // lost on purpose: when the size cannot be read, "disk full" is the better guess
        let pages = (try? Int.fetchOne(db, sql: "PRAGMA page_count")) ?? 0
        let isAtBound = (pages + 16) * SpoolBounds.pageBytes >= bounds.fileBytes
        return isAtBound ? .full(limitBytes: bounds.limitBytes) : fault
    }
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
