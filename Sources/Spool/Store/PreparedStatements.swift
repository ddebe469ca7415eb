internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// A statement's text and the number under which it is found prepared.
final class Query: Sendable {
    let text: String
    fileprivate let number: Int

    private static let count = Atomic(0)

    init(_ text: String) {
        self.text = text
        number = Self.count.wrappingAdd(1, ordering: .relaxed).oldValue
    }
}

/// The statements of a connection, each prepared once; they end with the last reference.
///
/// Used on the database's thread only. Finding them by their text cost more than running some.
final class PreparedStatements: Sendable {
    /// Addresses by ``Query/number``, 0 where none was prepared yet.
    private let addresses = Mutex<[UInt]>([])

    deinit {
        addresses.withLock { addresses in
            for address in addresses { sqlite3_finalize(OpaquePointer(bitPattern: address)) }
        }
    }

    /// The statement with these values, before its first step.
    func start(_ query: Query, _ values: Values, _ db: Database) throws -> OpaquePointer {
        let statement = try find(query, db)
        var index: Int32 = 0
        for value in values {
            index += 1
            let code = value?.bind(to: statement, at: index) ?? sqlite3_bind_null(statement, index)
            guard code == SQLITE_OK else { throw Self.fault(code, query, db) }
        }
        precondition(
            index == sqlite3_bind_parameter_count(statement),
            "every parameter has its value: \(query.text)"
        )
        return statement
    }

    /// True when there is a row, false at the end.
    func step(_ statement: OpaquePointer, _ query: Query, _ db: Database) throws -> Bool {
        let code = sqlite3_step(statement)
        if code == SQLITE_ROW { return true }
        guard code == SQLITE_DONE else { throw Self.fault(code, query, db) }
        return false
    }

    private func find(_ query: Query, _ db: Database) throws -> OpaquePointer {
        let known = addresses.withLock { addresses in
            query.number < addresses.count ? addresses[query.number] : 0
        }
        if let statement = OpaquePointer(bitPattern: known) { return statement }
        var made: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        let code = sqlite3_prepare_v3(db.sqliteConnection, query.text, -1, flags, &made, nil)
        guard code == SQLITE_OK, let made else { throw Self.fault(code, query, db) }
        addresses.withLock { addresses in
            while addresses.count <= query.number { addresses.append(0) }
            addresses[query.number] = UInt(bitPattern: made)
        }
        return made
    }

    private static func fault(_ code: Int32, _ query: Query, _ db: Database) -> DatabaseError {
        let text = db.sqliteConnection.flatMap { sqlite3_errmsg($0) }
        return DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: text.map { String(cString: $0) },
            sql: query.text
        )
    }
}
