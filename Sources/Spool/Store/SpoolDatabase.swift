internal import GRDB

/// Opens the database, brings it to this program's format and proves that it is durable.
struct SpoolDatabase {
    let file: SpoolFile
    let bounds: SpoolBounds
    let passing: KillPoint.Observer

    /// The opened database.
    ///
    /// - Throws: `.foreign`, `.newerVersion`, `.damaged`, `.notDurable`, `.unwritable`, `.busy`.
    func open() throws(SpoolFault) -> DatabaseQueue {
        do {
            let database = try DatabaseQueue(path: file.path, configuration: configuration)
            try database.writeWithoutTransaction { db in
                try recognise(db)
                try setUpDurability(db)
                try migrate(db)
                try checkSchema(db)
                try setUpBounds(db)
            }
            return database
        } catch {
            throw SpoolFault(error, of: file)
        }
    }

    private var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(SpoolQueue.busyTimeout.inWholeSeconds)
        configuration.label = "forwarder.spool"
        configuration.foreignKeysEnabled = false
        return configuration
    }

    /// Refuses every file that is neither empty nor a spool of a known format; writes nothing.
    private func recognise(_ db: Database) throws {
        let id = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        if id == 0, version == 0, tables == 0 { return }
        guard id == SpoolSchema.applicationID else {
            let detail = "it is a SQLite database with application id \(id) and \(tables) tables"
            throw SpoolFault.foreign(path: file.path, detail: detail)
        }
        guard version <= SpoolSchema.version else {
            throw SpoolFault.newerVersion(
                path: file.path,
                version: version,
                known: SpoolSchema.version
            )
        }
        guard version >= 1 else {
            throw SpoolFault.damaged(path: file.path, detail: "its format has no number")
        }
    }

    /// A commit is on the medium when it returns: write-ahead log and `synchronous=FULL`.
    private func setUpDurability(_ db: Database) throws {
        // Until the log is on, commits delete a journal. One whose deletion a power cut undoes
        // would take everything back that was done since: EXTRA syncs the folder as well.
        try db.execute(sql: "PRAGMA synchronous = EXTRA")
        // Setting it writes each time, and a full disk must not be written to without need.
        if try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") != 2 {
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        }
        // Sorting must not depend on the room in another file system.
        try db.execute(sql: "PRAGMA temp_store = MEMORY")
        // FULL, Debian's default, has every page that gets free written to the log as zeros.
        _ = try Int.fetchOne(db, sql: "PRAGMA secure_delete = FAST")
        // to the last step: the commit that follows the row "wal" can fail, and then nothing is
        _ = try String.fetchAll(db, sql: "PRAGMA journal_mode = WAL")
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode")
        guard mode == "wal" else {
            throw SpoolFault.notDurable(
                path: file.path,
                detail: "SQLite's journal_mode is \(mode ?? "unknown"), not wal"
            )
        }
        try db.execute(sql: "PRAGMA synchronous = FULL")
        let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
        guard level == 2 else {
            throw SpoolFault.notDurable(
                path: file.path,
                detail: "synchronous reads back \(level ?? -1), not 2 (FULL)"
            )
        }
    }

    private func migrate(_ db: Database) throws {
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version < SpoolSchema.version else { return }
        var isNew = false
        try db.inTransaction(.immediate) {
            let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            guard version < SpoolSchema.version else { return .rollback }
            for statement in SpoolSchema.migrations[version...].joined() {
                try db.execute(sql: statement)
            }
            try db.execute(sql: "PRAGMA application_id = \(SpoolSchema.applicationID)")
            try db.execute(sql: "PRAGMA user_version = \(SpoolSchema.version)")
            passing(.uncommitted(.migrate))
            isNew = true
            return .commit
        }
        guard isNew else { return }
        passing(.committed(.migrate))
        // Into the file: a spool whose first page is hit is known by the id that stands there.
        // lost on purpose: while it stands in the log only, such a file counts as foreign
        try? db.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// Refuses a spool that lacks a table, an index or a column of its format.
    private func checkSchema(_ db: Database) throws {
        let found = try Self.parts(of: db)
        let wanted = try DatabaseQueue().write { sound in
            for statement in SpoolSchema.migrations.joined() { try sound.execute(sql: statement) }
            return try Self.parts(of: sound)
        }
        let missing = wanted.filter { found[$0.key] != $0.value }.keys.sorted()
        guard missing.isEmpty else {
            let names = missing.joined(separator: ", ")
            throw SpoolFault.damaged(path: file.path, detail: "not as its format says: \(names)")
        }
    }

    /// Every table and index with its columns.
    private static func parts(of db: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT type || ' ' || name, coalesce(tbl_name || ': ' || (
                    SELECT group_concat(name) FROM pragma_table_info(m.name)), tbl_name)
                FROM sqlite_master m
                """
        )
        return Dictionary(rows.map { ($0[0], $0[1]) }) { first, _ in first }
    }

    private func setUpBounds(_ db: Database) throws {
        let pages = bounds.fileBytes / SpoolBounds.pageBytes
        _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
        _ = try Int.fetchOne(db, sql: "PRAGMA wal_autocheckpoint = \(bounds.checkpointFrames)")
        _ = try Int.fetchOne(db, sql: "PRAGMA journal_size_limit = \(bounds.logBytes)")
    }
}

extension Duration {
    fileprivate var inWholeSeconds: Double { Double(components.seconds) }
}

extension SpoolFault {
    /// What an error of SQLite means for this spool, after a look at its file system.
    init(_ error: any Error, of file: SpoolFile) {
        let fault = SpoolFault(error, path: file.path)
        switch fault {
        case .storage, .unwritable:
            guard error is DatabaseError else {
                self = fault
                return
            }
            if file.isOutOfRoom {
                self = .diskFull(path: file.path)
            } else if let code = file.errnoOfAccess {
                self = file.failure(code)
            } else {
                self = fault
            }
        default: self = fault
        }
    }

    /// What an error of SQLite means for the spool.
    init(_ error: any Error, path: String) {
        if let fault = error as? SpoolFault {
            self = fault
            return
        }
        guard let error = error as? DatabaseError else {
            self = .damaged(path: path, detail: "a value cannot be read: \(error)")
            return
        }
        switch error.resultCode {
        case .SQLITE_ERROR where error.message?.hasPrefix("no such ") == true:
            self = .damaged(path: path, detail: error.message ?? "a table is gone")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self = .damaged(path: path, detail: error.message ?? "SQLite says so")
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
        case .SQLITE_FULL: self = .diskFull(path: path)
        case .SQLITE_READONLY: self = .unwritable(path: path, errno: Self.readOnlyFileSystem)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            self = .unwritable(path: path, errno: Self.accessDenied)
        case .SQLITE_MISUSE: self = .closed
        default:
            self = .storage(
                path: path,
                code: error.extendedResultCode.rawValue,
                detail: error.message ?? "no text"
            )
        }
    }
}
