/// Every statement on the spool's rows; values are always bound.
enum SQL {
    // Names
    static let findObject = "SELECT id FROM object WHERE name = ?"
    static let nameOfObject = "SELECT name FROM object WHERE id = ?"
    static let addObject = "INSERT INTO object (name) VALUES (?)"
    static let destinations = "SELECT id, name, is_retired FROM destination ORDER BY id"
    static let addDestination = """
        INSERT INTO destination (name) VALUES (?)
        ON CONFLICT (name) DO UPDATE SET is_retired = 0
        """
    static let retireDestination = "UPDATE destination SET is_retired = 1 WHERE id = ?"

    // Snapshots
    static let findSnapshots = "SELECT id, body FROM snapshot WHERE object = ? AND digest = ?"
    static let addSnapshot = "INSERT INTO snapshot (object, digest, body) VALUES (?, ?, ?)"
    static let readSnapshot = "SELECT body FROM snapshot WHERE id = ?"
    /// The newest snapshot of an object stays: its next result will most likely refer to it.
    static let purgeSnapshot = """
        DELETE FROM snapshot WHERE id = ?1
        AND NOT EXISTS (SELECT 1 FROM result WHERE snapshot = ?1)
        AND id < (SELECT max(id) FROM snapshot WHERE object = ?2)
        """

    // Results
    /// Ids are never used again, so they are counted on from the highest there ever was.
    static let lastResultID = "SELECT seq FROM sqlite_sequence WHERE name = 'result'"
    static let addResult = """
        INSERT INTO result (id, object, snapshot, is_change, significance, state, exit_status,
            execution_start_us, execution_end_us, next_check_us, check_interval_us, output,
            performance_data, checksum)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let deleteResult = """
        DELETE FROM result WHERE id = ? RETURNING snapshot
        """
    static let resultsByWorth = """
        SELECT id, object FROM result WHERE is_change = ? AND id > ? ORDER BY id LIMIT ?
        """

    // Deliveries
    static let addDelivery = "INSERT INTO delivery (destination, object, result) VALUES (?, ?, ?)"
    static let headOfLane = """
        SELECT delivery.result, delivery.base_stamp_us, delivery.attempts, result.significance,
            result.snapshot, result.state, result.exit_status, result.execution_start_us,
            result.execution_end_us, result.next_check_us, result.check_interval_us,
            result.output, result.performance_data
        FROM delivery JOIN result ON result.id = delivery.result
        WHERE delivery.destination = ? AND delivery.object = ?
        ORDER BY delivery.result LIMIT 1
        """
    static let lease = """
        UPDATE delivery SET is_leased = 1, base_stamp_us = ?, attempts = ?, node = ?
        WHERE destination = ? AND object = ? AND result = ?
        """
    static let readLease = """
        SELECT base_stamp_us, attempts, node FROM delivery
        WHERE destination = ? AND object = ? AND result = ? AND is_leased = 1
        """
    static let endLease = """
        UPDATE delivery SET is_leased = 0, attempts = ?
        WHERE destination = ? AND object = ? AND result = ?
        """
    static let deleteDelivery =
        "DELETE FROM delivery WHERE destination = ? AND object = ? AND result = ?"
    static let findDelivery =
        "SELECT is_leased FROM delivery WHERE destination = ? AND object = ? AND result = ?"
    static let hasLaterDelivery = """
        SELECT 1 FROM delivery WHERE destination = ? AND object = ? AND result > ? LIMIT 1
        """
    static let leasedRows = """
        SELECT object.name, delivery.result, delivery.base_stamp_us, delivery.attempts,
            delivery.node
        FROM lane
        JOIN delivery ON delivery.destination = lane.destination
            AND delivery.object = lane.object AND delivery.result = lane.leased
        JOIN object ON object.id = lane.object
        WHERE lane.destination = ? AND lane.leased IS NOT NULL
        ORDER BY lane.leased
        """
    /// CROSS JOIN: few destinations, many deliveries, so the former come first.
    static let queuedOfRetired = """
        SELECT delivery.result, delivery.object
        FROM destination CROSS JOIN delivery ON delivery.destination = destination.id
        WHERE destination.is_retired = 1 AND delivery.is_leased = 0 LIMIT ?
        """
    static let oldestExecution = """
        SELECT min((SELECT execution_start_us FROM result WHERE id = (
            SELECT result FROM delivery
            WHERE delivery.destination = lane.destination AND delivery.object = lane.object
            ORDER BY result LIMIT 1)))
        FROM lane WHERE destination = ? AND (queued > 0 OR leased IS NOT NULL)
        """

    // Kept and rejected results
    static let keep = """
        INSERT INTO kept (destination, object, result, base_stamp_us, attempts, acknowledged_us)
        VALUES (?, ?, ?, ?, ?, ?)
        """
    static let keptOfObject = """
        SELECT result, base_stamp_us, attempts, acknowledged_us FROM kept
        WHERE destination = ? AND object = ? AND result > ? ORDER BY result LIMIT ?
        """
    static let keptByAge = """
        SELECT DISTINCT result, object FROM kept WHERE result > ? ORDER BY result LIMIT ?
        """
    static let deleteKept = "DELETE FROM kept WHERE destination = ? AND object = ? AND result = ?"
    static let findKept =
        "SELECT 1 FROM kept WHERE destination = ? AND object = ? AND result = ?"
    static let keptLanes = """
        SELECT object.name, lane.kept,
            max(kept.base_stamp_us - kept.attempts + 1), max(kept.acknowledged_us),
            min(kept.acknowledged_us)
        FROM lane
        JOIN kept ON kept.destination = lane.destination AND kept.object = lane.object
        JOIN object ON object.id = lane.object
        WHERE lane.destination = ? AND lane.kept > 0
        GROUP BY lane.object
        """
    static let requeueKept = """
        INSERT INTO delivery (destination, object, result, base_stamp_us, attempts)
        VALUES (?, ?, ?, ?, ?)
        """
    static let reject = """
        INSERT INTO rejected (destination, object, result, code, text, rejected_us,
            base_stamp_us, attempts)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let rejectedByAge = """
        SELECT DISTINCT result, object FROM rejected WHERE result > ? ORDER BY result LIMIT ?
        """
    static let deleteRejected =
        "DELETE FROM rejected WHERE destination = ? AND object = ? AND result = ?"
    static let findRejected =
        "SELECT 1 FROM rejected WHERE destination = ? AND object = ? AND result = ?"
    static let rejectedOfDestination = """
        SELECT rejected.result, rejected.code, rejected.text, rejected.rejected_us, object.name,
            result.state, result.exit_status, result.execution_start_us,
            result.execution_end_us, result.next_check_us, result.check_interval_us,
            result.output, result.performance_data
        FROM rejected
        JOIN result ON result.id = rejected.result
        JOIN object ON object.id = rejected.object
        WHERE rejected.destination = ? AND rejected.result > ?
        ORDER BY rejected.result LIMIT ?
        """

    // Schedules
    static let saveSchedule = """
        INSERT INTO schedule (object, state, state_type, attempt, last_start_us, last_end_us,
            next_check_us, last_output)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (object) DO UPDATE SET state = excluded.state,
            state_type = excluded.state_type, attempt = excluded.attempt,
            last_start_us = excluded.last_start_us, last_end_us = excluded.last_end_us,
            next_check_us = excluded.next_check_us, last_output = excluded.last_output
        """
    static let schedules = """
        SELECT object.name, state, state_type, attempt, last_start_us, last_end_us,
            next_check_us, last_output
        FROM schedule JOIN object ON object.id = schedule.object
        """
    static let scheduledObjects =
        "SELECT object.id, object.name FROM schedule JOIN object ON object.id = schedule.object"
    static let forgetSchedule = "DELETE FROM schedule WHERE object = ?"

    // Dropping a retired destination
    static let dropping = ["delivery", "kept", "rejected"].map { table in
        "SELECT object, result FROM \(table) WHERE destination = ? LIMIT ?"
    }
    static let dropLanes = "DELETE FROM lane WHERE destination = ?"
    static let dropDestination = "DELETE FROM destination WHERE id = ? AND is_retired = 1"
}
