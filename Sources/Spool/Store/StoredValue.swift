internal import GRDBSQLite

#if canImport(Glibc)
    internal import Glibc
#endif

/// What a column can hold and a statement can be given.
protocol StoredValue {
    /// Gives it to a statement; returns SQLite's code.
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32
    /// Reads it from a column; nil when that holds a value of another kind.
    static func read(_ statement: OpaquePointer, _ index: Int32) -> Self?
}

/// The values of a statement's parameters, nil for NULL.
typealias Values = [(any StoredValue)?]

extension Int64: StoredValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        sqlite3_bind_int64(statement, index, self)
    }

    static func read(_ statement: OpaquePointer, _ index: Int32) -> Int64? {
        guard sqlite3_column_type(statement, index) == SQLITE_INTEGER else { return nil }
        return sqlite3_column_int64(statement, index)
    }
}

extension Int: StoredValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        Int64(self).bind(to: statement, at: index)
    }

    static func read(_ statement: OpaquePointer, _ index: Int32) -> Int? {
        Int64.read(statement, index).map(Int.init)
    }
}

extension Int32: StoredValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        Int64(self).bind(to: statement, at: index)
    }

    static func read(_ statement: OpaquePointer, _ index: Int32) -> Int32? {
        Int64.read(statement, index).flatMap(Int32.init(exactly:))
    }
}

extension Bool: StoredValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        Int64(self ? 1 : 0).bind(to: statement, at: index)
    }

    static func read(_ statement: OpaquePointer, _ index: Int32) -> Bool? {
        Int64.read(statement, index).map { $0 != 0 }
    }
}

extension String: StoredValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        var text = self
        return text.withUTF8 { bytes in
            guard let copy = copied(UnsafeRawBufferPointer(bytes)) else { return SQLITE_NOMEM }
            return sqlite3_bind_text64(
                statement,
                index,
                copy.assumingMemoryBound(to: CChar.self),
                sqlite3_uint64(bytes.count),
                { free($0) },
                UInt8(SQLITE_UTF8)
            )
        }
    }

    static func read(_ statement: OpaquePointer, _ index: Int32) -> String? {
        guard sqlite3_column_type(statement, index) == SQLITE_TEXT,
            let bytes = sqlite3_column_text(statement, index)
        else { return nil }
        let count = Int(sqlite3_column_bytes(statement, index))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }
}

extension [UInt8]: StoredValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        withUnsafeBytes { bytes in
            guard let copy = copied(bytes) else { return SQLITE_NOMEM }
            let count = sqlite3_uint64(bytes.count)
            return sqlite3_bind_blob64(statement, index, copy, count) { free($0) }
        }
    }

    static func read(_ statement: OpaquePointer, _ index: Int32) -> [UInt8]? {
        guard sqlite3_column_type(statement, index) == SQLITE_BLOB else { return nil }
        guard let bytes = sqlite3_column_blob(statement, index) else { return [] }
        let count = Int(sqlite3_column_bytes(statement, index))
        return Array(UnsafeRawBufferPointer(start: bytes, count: count))
    }
}

/// A copy that SQLite frees; never without an address, which would mean NULL.
private func copied(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
    guard let copy = malloc(max(bytes.count, 1)) else { return nil }
    if let start = bytes.baseAddress { memcpy(copy, start, bytes.count) }
    return copy
}
