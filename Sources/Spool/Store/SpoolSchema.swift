/// The spool's tables, by version; docs/spool.md explains them.
///
/// A file's `user_version` counts the steps of ``migrations`` that it went through.
enum SpoolSchema {
    /// `FWSP`: what tells a spool from any other SQLite file.
    static let applicationID: Int64 = 0x4657_5350
    /// The format that this program writes.
    static var version: Int { migrations.count }
    /// Each step leads from the version of its index to the next one.
    static let migrations: [[String]] = [
        version1, version2, version3, version4, version5, version6, version7, version8,
    ]

    private static let version1 = [
        """
        CREATE TABLE destination (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            is_retired INTEGER NOT NULL DEFAULT 0)
        """,
        "CREATE TABLE object (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE)",
        """
        CREATE TABLE snapshot (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            object INTEGER NOT NULL,
            digest INTEGER NOT NULL,
            body BLOB NOT NULL)
        """,
        "CREATE INDEX snapshot_by_content ON snapshot (object, digest)",
        "CREATE INDEX snapshot_by_object ON snapshot (object)",
        """
        CREATE TABLE result (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            object INTEGER NOT NULL,
            snapshot INTEGER NOT NULL,
            is_change INTEGER NOT NULL,
            significance INTEGER NOT NULL,
            state INTEGER NOT NULL,
            exit_status INTEGER NOT NULL,
            execution_start_us INTEGER NOT NULL,
            execution_end_us INTEGER NOT NULL,
            next_check_us INTEGER,
            check_interval_us INTEGER NOT NULL,
            output TEXT NOT NULL,
            performance_data BLOB NOT NULL)
        """,
        "CREATE INDEX result_by_worth ON result (is_change)",
        "CREATE INDEX result_by_snapshot ON result (snapshot)",
        """
        CREATE TABLE delivery (
            destination INTEGER NOT NULL,
            object INTEGER NOT NULL,
            result INTEGER NOT NULL,
            is_leased INTEGER NOT NULL DEFAULT 0,
            base_stamp_us INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            node TEXT,
            PRIMARY KEY (destination, object, result)) WITHOUT ROWID
        """,
        """
        CREATE TABLE kept (
            destination INTEGER NOT NULL,
            object INTEGER NOT NULL,
            result INTEGER NOT NULL,
            base_stamp_us INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            acknowledged_us INTEGER NOT NULL,
            PRIMARY KEY (destination, object, result)) WITHOUT ROWID
        """,
        "CREATE INDEX kept_by_age ON kept (result)",
        """
        CREATE TABLE rejected (
            destination INTEGER NOT NULL,
            object INTEGER NOT NULL,
            result INTEGER NOT NULL,
            code INTEGER NOT NULL,
            text TEXT NOT NULL,
            rejected_us INTEGER NOT NULL,
            PRIMARY KEY (destination, object, result)) WITHOUT ROWID
        """,
        "CREATE INDEX rejected_by_age ON rejected (result)",
        """
        CREATE TABLE lane (
            destination INTEGER NOT NULL,
            object INTEGER NOT NULL,
            queued INTEGER NOT NULL DEFAULT 0,
            leased INTEGER,
            is_ambiguous INTEGER NOT NULL DEFAULT 0,
            kept INTEGER NOT NULL DEFAULT 0,
            rejected INTEGER NOT NULL DEFAULT 0,
            last_stamp_us INTEGER,
            parked_until_us INTEGER,
            parked_reason TEXT,
            ignored_reason TEXT,
            evicted INTEGER NOT NULL DEFAULT 0,
            evicted_kept INTEGER NOT NULL DEFAULT 0,
            refused INTEGER NOT NULL DEFAULT 0,
            superseded INTEGER NOT NULL DEFAULT 0,
            ignored INTEGER NOT NULL DEFAULT 0,
            dropped INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (destination, object)) WITHOUT ROWID
        """,
        """
        CREATE TABLE schedule (
            object INTEGER PRIMARY KEY,
            state INTEGER,
            state_type INTEGER,
            attempt INTEGER,
            last_start_us INTEGER,
            last_end_us INTEGER,
            next_check_us INTEGER NOT NULL,
            last_output TEXT NOT NULL)
        """,
    ]

    /// Kept results stay where they were leased, in another state; what only served to purge
    /// snapshots goes.
    ///
    /// A lane's head spares each lease the kept results: nothing before it is queued or leased.
    private static let version2 = [
        "ALTER TABLE lane ADD COLUMN head INTEGER NOT NULL DEFAULT 0",
        """
        UPDATE lane SET head = coalesce((SELECT min(result) FROM delivery
            WHERE delivery.destination = lane.destination AND delivery.object = lane.object), 0)
        """,
        "ALTER TABLE delivery RENAME COLUMN is_leased TO state",
        "ALTER TABLE delivery ADD COLUMN acknowledged_us INTEGER",
        """
        INSERT INTO delivery (destination, object, result, state, base_stamp_us, attempts,
            acknowledged_us)
        SELECT destination, object, result, 2, base_stamp_us, attempts, acknowledged_us FROM kept
        """,
        "DROP TABLE kept",
        "CREATE INDEX kept_by_age ON delivery (result) WHERE state = 2",
        "DROP INDEX result_by_snapshot",
        "DROP INDEX snapshot_by_object",
    ]

    /// A result proves itself; a rejected one keeps the stamp under which it can be tried again.
    private static let version3 = [
        "ALTER TABLE result ADD COLUMN checksum INTEGER",
        "ALTER TABLE rejected ADD COLUMN base_stamp_us INTEGER",
        "ALTER TABLE rejected ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0",
    ]

    /// A lane counts what its destination did not want of what waited.
    private static let version4 = [
        "ALTER TABLE lane ADD COLUMN compacted INTEGER NOT NULL DEFAULT 0"
    ]

    /// A lane knows that a change is missing: what follows it must all be seen, up to an OK.
    ///
    /// Older files did not note it: lanes that ever lost something count as lacking a change before
    /// all that is accepted from now on.
    private static let version5 = [
        "ALTER TABLE lane ADD COLUMN gap INTEGER NOT NULL DEFAULT 0",
        """
        UPDATE lane SET gap = 1 + coalesce(
            (SELECT seq FROM sqlite_sequence WHERE name = 'result'), 0)
        WHERE evicted > 0 OR refused > 0
        """,
    ]

    /// A lane counts what may not leave, and knows the newest result of it, which is among its
    /// rejected ones; snapshots say what the words of a command line were made of.
    private static let version6 = [
        "ALTER TABLE lane ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE lane ADD COLUMN withheld_reason TEXT",
        "ALTER TABLE lane ADD COLUMN withheld_result INTEGER",
    ]

    /// What other parts of the program must know after a crash: honoured rechecks, pauses.
    private static let version7 = [
        "CREATE TABLE ledger (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID"
    ]

    /// A schedule knows that the last that was told is that no results come any more.
    private static let version8 = [
        "ALTER TABLE schedule ADD COLUMN is_stale INTEGER NOT NULL DEFAULT 0"
    ]
}
