internal import GRDB
internal import Monitoring

/// What is known about the rows without asking SQLite; thrown away when a transaction fails.
struct SpoolMemory {
    /// Rows of objects that were met, at most ``objectLimit``.
    var objects: [ObjectName: Int64] = [:]
    /// All destinations by row, nil until they were read.
    var destinations: [DestinationRow]?
    /// Where the search for changes that can be evicted goes on.
    var evictionCursors = EvictionCursors()
    /// Set once by closing.
    var isClosed = false

    /// 65,536 names, some 8 MiB at most; beyond it the names are forgotten and read again.
    static let objectLimit = 65_536
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

    init(db: Database, file: SpoolFile, bounds: SpoolBounds, memory: SpoolMemory) {
        self.db = db
        self.file = file
        self.bounds = bounds
        self.memory = memory
    }

    /// Notes that this transaction does such work.
    mutating func note(_ work: KillPoint.Work) {
        if !works.contains(work) { works.append(work) }
    }

    /// Runs a statement for its effect.
    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row of a statement.
    func row(_ sql: String, _ arguments: StatementArguments) throws -> StoredRow? {
        let statement = try db.cachedStatement(sql: sql)
        var found: StoredRow?
        let steps = try DatabaseValue.fetchCursor(statement, arguments: arguments)
        try withExtendedLifetime(steps) {
            if try steps.next() != nil { found = StoredRow(at: statement) }
        }
        return found
    }

    /// All rows of a statement.
    func fetch(_ sql: String, _ arguments: StatementArguments) throws -> [StoredRow] {
        let statement = try db.cachedStatement(sql: sql)
        var found: [StoredRow] = []
        let steps = try DatabaseValue.fetchCursor(statement, arguments: arguments)
        try withExtendedLifetime(steps) {
            while try steps.next() != nil { found.append(StoredRow(at: statement)) }
        }
        return found
    }

    /// The first column of the first row of a statement.
    func integer(_ sql: String, _ arguments: StatementArguments = []) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

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
        let rows = try fetch(SQL.destinations, []).map { row in
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
        let pages = try integer("PRAGMA page_count") ?? 0
        let free = try integer("PRAGMA freelist_count") ?? 0
        return Int(pages - free) * SpoolBounds.pageBytes
    }

    /// A row that contradicts the others or itself.
    func damaged(_ detail: String) -> SpoolFault {
        .damaged(path: file.path, detail: detail)
    }
}
