import GRDB
import Monitoring

@testable import Spool

/// A file of format 1 with rows of every kind, made by the statements of that format.
///
/// `disk`: results 1 and 2 kept, 3 leased for the second time, 4 queued. `load`: 5 kept, 6 queued,
/// 7 rejected; parked.
struct VersionOneSpool {
    let path: String
    let database: DatabaseQueue

    init(path: String) throws {
        self.path = path
        database = try DatabaseQueue(path: path)
        try database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
            for statement in SpoolSchema.migrations[0] { try db.execute(sql: statement) }
            try db.execute(sql: "PRAGMA application_id = \(SpoolSchema.applicationID)")
            try db.execute(sql: "PRAGMA user_version = 1")
            try Self.fill(db)
        }
    }

    func close() throws { try database.close() }

    /// Brings the file to a later format by the statements of its steps.
    func migrate(to version: Int) throws {
        try database.writeWithoutTransaction { db in
            for step in SpoolSchema.migrations[1..<version] {
                for statement in step { try db.execute(sql: statement) }
            }
            try db.execute(sql: "PRAGMA user_version = \(version)")
        }
    }

    private static func fill(_ db: Database) throws {
        try db.execute(sql: "INSERT INTO destination (name) VALUES ('north')")
        for object in [disk, load] {
            try db.execute(
                sql: "INSERT INTO object (name) VALUES (?)",
                arguments: [object.fullName]
            )
        }
        for object in 1...2 {
            let snapshot = ObjectSnapshot(name: object == 1 ? disk.fullName : load.fullName)
            let body = snapshot.storedBytes
            try db.execute(
                sql: "INSERT INTO snapshot (object, digest, body) VALUES (?, ?, CAST(? AS BLOB))",
                arguments: [object, body.digest, String(decoding: body, as: UTF8.self)]
            )
        }
        for number in 1...7 { try addResult(number, of: number <= 4 ? 1 : 2, db) }
        try db.execute(
            sql: """
                INSERT INTO kept VALUES
                    (1, 1, 1, :s + 1000000, 1, :s + 11000000),
                    (1, 1, 2, :s + 2000000, 1, :s + 12000000),
                    (1, 2, 5, :s + 5000001, 2, :s + 15000000);
                INSERT INTO delivery VALUES
                    (1, 1, 3, 1, :s + 3000000, 2, 'a'),
                    (1, 1, 4, 0, NULL, 0, NULL),
                    (1, 2, 6, 0, NULL, 0, NULL);
                INSERT INTO rejected VALUES (1, 2, 7, 400, 'no such field', :s + 17000000);
                INSERT INTO lane (destination, object, queued, leased, kept, last_stamp_us, evicted,
                    evicted_kept, refused) VALUES (1, 1, 1, 3, 2, :s + 3000000, 7, 6, 5);
                INSERT INTO lane (destination, object, queued, kept, rejected, last_stamp_us,
                    parked_until_us, parked_reason, ignored_reason, superseded, ignored, dropped)
                VALUES (1, 2, 1, 1, 1, :s + 5000001, :s + 300000000, '404', 'dependency', 4, 3, 2);
                INSERT INTO schedule VALUES
                    (1, 1, :soft, 2, :s, :s + 1000000, :s + 60000000, 'number 4');
                """.replacing(":soft", with: "\(StateType.soft.rawValue)")
                    .replacing(":s", with: "\(start.microseconds)")
        )
    }

    private static func addResult(_ number: Int, of object: Int, _ db: Database) throws {
        let time = start + .seconds(number)
        try db.execute(
            sql: """
                INSERT INTO result (id, object, snapshot, is_change, significance, state,
                    exit_status, execution_start_us, execution_end_us, next_check_us,
                    check_interval_us, output, performance_data)
                VALUES (?, ?, ?, 0, ?, 1, 1, ?, ?, NULL, 60000000, ?, x'00000000')
                """,
            arguments: [
                number, object, object, Significance.unchanged.rawValue, time.microseconds,
                time.microseconds, "number \(number)",
            ]
        )
    }
}
