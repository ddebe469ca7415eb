internal import GRDBSQLite
internal import Monitoring

/// The row at which a statement stands; to be read before the next step.
///
/// Columns are read by place, straight from SQLite: names and copies of them were a quarter of
/// what a delivery cost in the spool.
struct StoredRow {
    let statement: OpaquePointer

    /// A column that must hold such a value; anything else is damage, never a trap.
    func value<Value: StoredValue>(_ index: Int) throws -> Value {
        guard let value = Value.read(statement, Int32(index)) else {
            throw RowFault(column: index)
        }
        return value
    }

    /// A column that may be NULL.
    func optional<Value: StoredValue>(_ index: Int) throws -> Value? {
        sqlite3_column_type(statement, Int32(index)) == SQLITE_NULL ? nil : try value(index)
    }

    func timestamp(_ index: Int) throws -> Timestamp {
        Timestamp(microseconds: try value(index))
    }

    func optionalTimestamp(_ index: Int) throws -> Timestamp? {
        let microseconds: Int64? = try optional(index)
        return microseconds.map(Timestamp.init(microseconds:))
    }

    func object(_ index: Int) throws -> ObjectName {
        guard let name = ObjectName(fullName: try value(index)) else {
            throw RowFault(column: index)
        }
        return name
    }
}

/// A column held a value of the wrong kind.
struct RowFault: Error, CustomStringConvertible {
    let column: Int
    var description: String { "column \(column) holds a value of the wrong kind" }
}
