import Foundation

/// What a site's forwarder measured, read from its spool's tables by SQLite's own shell.
///
/// - Source: docs/spool.md (tables). Delivered results stay there for ten minutes.
extension ForwarderSite {
    /// A result that the forwarder accepted.
    package struct Measured: Sendable, Hashable {
        /// Its place in line among all results.
        package let sequence: Int
        /// True when it changed something, or advanced the attempts.
        package let isChange: Bool
        /// When the plugin was started, in seconds since 1970 by the host's clock.
        package let executionStart: Double
        /// The state as a plugin's exit status.
        package let state: Int
        /// The plugin's output.
        package let output: String
    }

    /// Where an object's check stands after its newest result.
    package struct Standing: Sendable, Hashable {
        /// The state as a plugin's exit status.
        package let state: Int
        /// True when it is hard.
        package let isHard: Bool
        /// The check attempt.
        package let attempt: Int

        /// A standing with its parts.
        package init(state: Int, isHard: Bool, attempt: Int) {
            self.state = state
            self.isHard = isHard
            self.attempt = attempt
        }
    }

    /// Every result that is in the spool, delivered or not, by object and in order.
    package func measured() throws -> [String: [Measured]] {
        let rows = try ask(
            """
            SELECT object.name, result.id, result.is_change, result.execution_start_us,
                result.state, result.output
            FROM result JOIN object ON object.id = result.object ORDER BY result.id
            """
        )
        return try Dictionary(grouping: rows) { $0["name"].string ?? "" }.mapValues { rows in
            try rows.map { row in
                guard let start = row["execution_start_us"].number,
                    let state = row["state"].number, let sequence = row["id"].number
                else { throw SupportFault("not a result: \(row)") }
                return Measured(
                    sequence: Int(sequence), isChange: row["is_change"].number == 1,
                    executionStart: start / 1_000_000,
                    state: Int(state),
                    output: row["output"].string ?? ""
                )
            }
        }
    }

    /// Where each object's check stands.
    package func standings() throws -> [String: Standing] {
        let rows = try ask(
            """
            SELECT object.name, state, state_type, attempt
            FROM schedule JOIN object ON object.id = schedule.object WHERE state IS NOT NULL
            """
        )
        let standings = rows.map { row in
            let standing = Standing(
                state: Int(row["state"].number ?? -1),
                isHard: row["state_type"].number == 1,
                attempt: Int(row["attempt"].number ?? -1)
            )
            return (row["name"].string ?? "", standing)
        }
        return Dictionary(standings) { first, _ in first }
    }

    /// Returns when a master was looked at for rechecks, and the second of that look is over.
    ///
    /// What is asked for from now on is newer than the spool.
    package func awaitFirstLook() throws {
        let second = try eventually("a master is looked at for rechecks") {
            try ask(
                """
                SELECT CAST(body AS TEXT) AS second FROM ledger WHERE key LIKE 'recheck.floor%'
                """
            ).first?["second"].string.flatMap(Double.init)
        }
        try eventually("its second is over") { Date().timeIntervalSince1970 >= second + 1 }
    }

    /// How many results wait for the master or are on their way to it.
    package func waitingCount() throws -> Int {
        Int(
            try ask("SELECT count(*) AS count FROM delivery WHERE state <> 2")[0]["count"].number
                ?? 0)
    }

    /// How many transactions were committed since somebody opened the spool; nil while nobody has.
    ///
    /// - Source: SQLite's file format, "WAL-Index Header": the counter at offset 8 changes with each.
    package func commitCount() -> Int? {
        // lost on purpose: the index is there only while the spool is open
        let index = try? Data(contentsOf: URL(fileURLWithPath: folder.path("spool.db-shm")))
        guard let index, index.count >= 12 else { return nil }
        return Int(index[8..<12].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }

    /// The rows that a query of the spool gives.
    package func ask(_ query: String) throws -> [JSON] {
        let outcome = try Command.require(
            "sqlite3",
            ["-readonly", "-json", "-cmd", ".timeout 10000", folder.path("spool.db"), query]
        )
        return outcome.output.isEmpty ? [] : try JSON(parsing: outcome.output).elements
    }
}

extension MasterObject {
    /// Where it stands, to compare with what the forwarder thinks.
    package var standing: ForwarderSite.Standing {
        ForwarderSite.Standing(state: state, isHard: isHard, attempt: checkAttempt)
    }
}
