internal import GRDB

extension SpoolQueue {
    /// Reads the whole file and returns what contradicts itself; empty for a sound spool.
    ///
    /// Takes time with the number of rows: for tests and for `queue check`. Each law is a step of
    /// its own: it holds after every transaction, and what is accepted and delivered gets its turn
    /// in between.
    package func contradictions() async throws(SpoolFault) -> [String] {
        var found = try await perform { step in
            try String.fetchAll(step.db, sql: "PRAGMA quick_check(10)").filter { $0 != "ok" }
        }
        for law in SQL.laws {
            let count = try await perform { step in try step.integer(law.violations) ?? 0 }
            if count > 0 { found.append("\(law.claim): \(count) exceptions") }
        }
        return found
    }
}

extension SQL {
    /// What holds after every transaction, and a statement that counts where it does not.
    static let laws: [(claim: String, violations: String)] = [
        (
            "a lane counts its queued rows",
            """
            SELECT count(*) FROM lane WHERE queued <> (SELECT count(*) FROM delivery d
            WHERE d.destination = lane.destination AND d.object = lane.object AND state = 0)
            """
        ),
        (
            "a lane names its one leased row",
            """
            SELECT count(*) FROM lane WHERE coalesce(leased, -1) <> coalesce((
            SELECT CASE count(*) WHEN 1 THEN max(result) ELSE -2 END FROM delivery d
            WHERE d.destination = lane.destination AND d.object = lane.object AND state = 1
            HAVING count(*) > 0), -1)
            """
        ),
        (
            "a lane counts its kept rows",
            """
            SELECT count(*) FROM lane WHERE kept <> (SELECT count(*) FROM delivery d
            WHERE d.destination = lane.destination AND d.object = lane.object AND state = 2)
            """
        ),
        (
            "a lane counts its rejected rows",
            """
            SELECT count(*) FROM lane WHERE rejected <> (SELECT count(*) FROM rejected r
            WHERE r.destination = lane.destination AND r.object = lane.object)
            """
        ),
        (
            "a lane knows its one withheld row",
            """
            SELECT count(*) FROM lane WHERE coalesce(withheld_result, -1) <> coalesce((
            SELECT CASE count(*) WHEN 1 THEN max(result) ELSE -2 END FROM rejected r
            WHERE r.destination = lane.destination AND r.object = lane.object AND code = -1
            HAVING count(*) > 0), -1)
            """
        ),
        (
            "every delivery has its result",
            """
            SELECT count(*) FROM (SELECT result FROM delivery
            UNION ALL SELECT result FROM rejected) WHERE result NOT IN (SELECT id FROM result)
            """
        ),
        (
            "every result has a delivery",
            """
            SELECT count(*) FROM result WHERE id NOT IN (SELECT result FROM delivery
            UNION ALL SELECT result FROM rejected)
            """
        ),
        (
            "every result has its snapshot",
            "SELECT count(*) FROM result WHERE snapshot NOT IN (SELECT id FROM snapshot)"
        ),
        (
            "a leased row has a stamp, an attempt and a node",
            """
            SELECT count(*) FROM delivery WHERE state = 1
            AND (base_stamp_us IS NULL OR attempts < 1 OR node IS NULL)
            """
        ),
        (
            "a kept row has a stamp and a time",
            """
            SELECT count(*) FROM delivery WHERE state = 2
            AND (base_stamp_us IS NULL OR acknowledged_us IS NULL)
            """
        ),
        (
            "a delivery is queued, leased or kept",
            "SELECT count(*) FROM delivery WHERE state NOT IN (0, 1, 2)"
        ),
        (
            "every delivery has its lane",
            """
            SELECT count(*) FROM delivery WHERE (destination, object) NOT IN (
            SELECT destination, object FROM lane)
            """
        ),
        (
            "nothing before a lane's head waits or is leased",
            """
            SELECT count(*) FROM lane JOIN delivery d ON d.destination = lane.destination
            AND d.object = lane.object AND d.result < lane.head WHERE d.state <> 2
            """
        ),
    ]
}
