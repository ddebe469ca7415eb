internal import GRDB
internal import Monitoring

/// One row's columns, copied, in the order in which the statement names them.
///
/// GRDB's `Row` knows the columns' names too, which it reads, copies and hashes for each row it
/// fetches. That was a quarter of what a delivery costs in the spool.
struct StoredRow {
    private let columns: [DatabaseValue]

    /// The row that a step of the statement found.
    init(at statement: Statement) {
        let row = statement.sqliteStatement
        columns = (0..<statement.columnCount).map { index in
            DatabaseValue(sqliteStatement: row, index: CInt(index))
        }
    }

    /// A column that must hold such a value; anything else is damage, never a trap.
    func value<Value: DatabaseValueConvertible>(_ index: Int) throws -> Value {
        guard let value = Value.fromDatabaseValue(columns[index]) else {
            throw RowFault(column: index)
        }
        return value
    }

    /// A column that may be NULL.
    func optional<Value: DatabaseValueConvertible>(_ index: Int) throws -> Value? {
        columns[index].isNull ? nil : try value(index)
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
