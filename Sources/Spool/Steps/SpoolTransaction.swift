internal import GRDB
internal import GRDBSQLite
internal import Monitoring

/// What is known about the rows without asking SQLite; thrown away when a transaction fails.
struct SpoolMemory {
    /// Rows of objects that were met, at most ``objectLimit``.
    var objects: [ObjectName: Int64] = [:]
    /// All destinations by row, nil until they were read.
    var destinations: [DestinationRow]?
    /// The snapshot that came last with an object, and its row; at most ``snapshotLimit``.
    var snapshots: [Int64: KnownSnapshot] = [:]
    /// What was prepared on the connection.
    let statements = PreparedStatements()
    /// Where the search for changes that can be evicted goes on.
    var evictionCursors = EvictionCursors()
    /// How far lanes have been judged for skipping, at most ``objectLimit``.
    var replays: [ReplayPlace: ReplayCursor] = [:]
    /// Set once by closing.
    var isClosed = false

    /// 65,536 names, some 8 MiB at most; beyond it the names are forgotten and read again.
    static let objectLimit = 65_536
    /// 4,096 snapshots of at most 1 KiB, so 4 MiB; others are looked up in the file.
    static let snapshotLimit = 4096
    static let snapshotByteLimit = 1024
}

/// A snapshot that is stored.
struct KnownSnapshot {
    let id: Int64
    let body: [UInt8]
}

/// One destination as it is stored.
struct DestinationRow {
    let id: Int64
    let name: String
    var isRetired: Bool
}

/// One write transaction on the spool: every change to its tables happens through it.
struct SpoolTransaction {
    let db: Database
    let file: SpoolFile
    let bounds: SpoolBounds
    var memory: SpoolMemory
    /// What was done, for the kill points.
    private(set) var works: [KillPoint.Work] = []
    /// Frames of the log that this transaction takes, on the high side.
    private var frames = 0
    /// What the connection had written before it.
    private let framesBefore: Int

    init(db: Database, file: SpoolFile, bounds: SpoolBounds, memory: SpoolMemory) {
        self.db = db
        framesBefore = Self.writtenFrames(db)
        self.file = file
        self.bounds = bounds
        self.memory = memory
    }

    /// Notes that this transaction does such work.
    mutating func note(_ work: KillPoint.Work) {
        if !works.contains(work) { works.append(work) }
    }

    /// True while the log's share has room for so many frames more: what touches many rows asks
    /// before each, and goes on in another transaction when it hears no.
    ///
    /// What a transaction does first is always done.
    mutating func hasLogRoom(for more: Int) throws -> Bool {
        let isFirst = frames == 0
        if frames + more > bounds.stepFrames, !isFirst {
            // Guesses are high: what was changed so far is written and counted.
            let code = sqlite3_db_cacheflush(db.sqliteConnection)
            guard code == SQLITE_OK || code == SQLITE_BUSY else {
                throw DatabaseError(resultCode: ResultCode(rawValue: code))
            }
            frames = Self.writtenFrames(db) - framesBefore
        }
        guard isFirst || frames + more <= bounds.stepFrames else { return false }
        frames += more
        return true
    }

    /// Frames that a connection ever wrote; a page that is written again counts again.
    private static func writtenFrames(_ db: Database) -> Int {
        var count: Int32 = 0
        var highest: Int32 = 0
        sqlite3_db_status(
            db.sqliteConnection, SQLITE_DBSTATUS_CACHE_WRITE, &count, &highest, 0)
        return Int(count)
    }

    /// Runs a statement for its effect, and returns how many rows it changed.
    @discardableResult
    func run(_ query: Query, _ values: Values) throws -> Int {
        let statement = try memory.statements.start(query, values, db)
        defer { sqlite3_reset(statement) }
        while try memory.statements.step(statement, query, db) {}
        return db.changesCount
    }

    /// What `read` makes of the first row of a statement.
    func row<Value>(
        _ query: Query,
        _ values: Values,
        read: (StoredRow) throws -> Value
    ) throws -> Value? {
        let statement = try memory.statements.start(query, values, db)
        defer { sqlite3_reset(statement) }
        guard try memory.statements.step(statement, query, db) else { return nil }
        return try read(StoredRow(statement: statement))
    }

    /// What `read` makes of every row of a statement.
    func fetch<Value>(
        _ query: Query,
        _ values: Values,
        read: (StoredRow) throws -> Value
    ) throws -> [Value] {
        let statement = try memory.statements.start(query, values, db)
        defer { sqlite3_reset(statement) }
        var found: [Value] = []
        while try memory.statements.step(statement, query, db) {
            found.append(try read(StoredRow(statement: statement)))
        }
        return found
    }

    /// The first column of the first row of a statement; nil for none and for NULL.
    func integer(_ query: Query, _ values: Values = []) throws -> Int64? {
        try row(query, values) { row in try row.optional(0) } ?? nil
    }

    /// The first column of the first row of a statement that is run once in a while.
    func integer(_ sql: String) throws -> Int64? { try Int64.fetchOne(db, sql: sql) }

    /// The row of an object, or nil when the spool does not know it.
    mutating func find(_ object: ObjectName) throws -> Int64? {
        if let id = memory.objects[object] { return id }
        guard let id = try integer(SQL.findObject, [object.fullName]) else { return nil }
        remember(object, id)
        return id
    }

    /// The row of an object, made when there is none.
    mutating func findOrAdd(_ object: ObjectName) throws -> Int64 {
        if let id = try find(object) { return id }
        try run(SQL.addObject, [object.fullName])
        let id = db.lastInsertedRowID
        remember(object, id)
        return id
    }

    private mutating func remember(_ object: ObjectName, _ id: Int64) {
        if memory.objects.count >= SpoolMemory.objectLimit { memory.objects = [:] }
        memory.objects[object] = id
    }

    /// All destinations, the retired ones too.
    mutating func destinations() throws -> [DestinationRow] {
        if let known = memory.destinations { return known }
        let rows = try fetch(SQL.destinations, []) { row in
            DestinationRow(
                id: try row.value(0),
                name: try row.value(1),
                isRetired: try row.value(2)
            )
        }
        memory.destinations = rows
        return rows
    }

    /// Bytes of pages that hold something.
    func liveBytes() throws -> Int {
        let pages = try integer(SQL.pageCount) ?? 0
        let free = try integer(SQL.freePageCount) ?? 0
        return Int(pages - free) * SpoolBounds.pageBytes
    }

    /// A row that contradicts the others or itself.
    func damaged(_ detail: String) -> SpoolFault {
        .damaged(path: file.path, detail: detail)
    }
}
