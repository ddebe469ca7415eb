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
                try setUpBounds(db)
            }
            return database
        } catch {
            throw SpoolFault(error, path: file.path)
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
        guard id == SpoolSchema.applicationID else { throw SpoolFault.foreign(path: file.path) }
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
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
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
        if isNew { passing(.committed(.migrate)) }
    }

    private func setUpBounds(_ db: Database) throws {
        let pages = bounds.fileBytes / SpoolBounds.pageBytes
        let checkpointPages = bounds.logBytes / 2 / SpoolBounds.pageBytes
        _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
        _ = try Int.fetchOne(db, sql: "PRAGMA wal_autocheckpoint = \(checkpointPages)")
        _ = try Int.fetchOne(db, sql: "PRAGMA journal_size_limit = \(bounds.logBytes)")
    }
}

extension Duration {
    fileprivate var inWholeSeconds: Double { Double(components.seconds) }
}

extension SpoolFault {
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
