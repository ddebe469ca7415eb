/// Every statement on the spool's rows; values are always bound.
enum SQL {
    // Space
    static let pageCount = Query("PRAGMA page_count")
    static let freePageCount = Query("PRAGMA freelist_count")

    // Names
    static let findObject = Query("SELECT id FROM object WHERE name = ?")
    static let nameOfObject = Query("SELECT name FROM object WHERE id = ?")
    static let addObject = Query("INSERT INTO object (name) VALUES (?)")
    static let destinations = Query("SELECT id, name, is_retired FROM destination ORDER BY id")
    static let addDestination = Query(
        """
        INSERT INTO destination (name) VALUES (?)
        ON CONFLICT (name) DO UPDATE SET is_retired = 0
        """)
    static let retireDestination = Query("UPDATE destination SET is_retired = 1 WHERE id = ?")

    // Snapshots
    static let findSnapshots = Query(
        "SELECT id, body FROM snapshot WHERE object = ? AND digest = ?")
    static let addSnapshot = Query("INSERT INTO snapshot (object, digest, body) VALUES (?, ?, ?)")
    static let readSnapshot = Query("SELECT body FROM snapshot WHERE id = ?")
    static let newestSnapshot = Query("SELECT max(id) FROM snapshot WHERE object = ?")
    /// Looks at the object's results, oldest first: the next one most likely refers to it too.
    static let purgeSnapshot = Query(
        """
        DELETE FROM snapshot WHERE id = ?1
        AND NOT EXISTS (SELECT 1 FROM destination CROSS JOIN delivery
            ON delivery.destination = destination.id AND delivery.object = ?2
            CROSS JOIN result ON result.id = delivery.result WHERE result.snapshot = ?1)
        AND NOT EXISTS (SELECT 1 FROM destination CROSS JOIN rejected
            ON rejected.destination = destination.id AND rejected.object = ?2
            CROSS JOIN result ON result.id = rejected.result WHERE result.snapshot = ?1)
        """
    )

    // Results
    /// Ids are never used again, so they are counted on from the highest there ever was.
    static let lastResultID = Query("SELECT seq FROM sqlite_sequence WHERE name = 'result'")
    static let addResult = Query(
        """
        INSERT INTO result (id, object, snapshot, is_change, significance, state, exit_status,
            execution_start_us, execution_end_us, next_check_us, check_interval_us, output,
            performance_data, checksum)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let deleteResult = Query(
        """
        DELETE FROM result WHERE id = ? RETURNING snapshot
        """)
    static let resultsByWorth = Query(
        """
        SELECT id, object FROM result WHERE is_change = ? AND id > ? ORDER BY id LIMIT ?
        """)

    // Deliveries; their states are those of ``RowState``
    static let addDelivery = Query(
        "INSERT INTO delivery (destination, object, result) VALUES (?, ?, ?)"
    )
    /// The lane's head is where to begin: what lies before it is only kept for proof.
    static let headOfLane = Query(
        """
        SELECT delivery.result, delivery.base_stamp_us, delivery.attempts, result.significance,
            result.snapshot, result.state, result.exit_status, result.execution_start_us,
            result.execution_end_us, result.next_check_us, result.check_interval_us,
            result.output, result.performance_data
        FROM delivery CROSS JOIN result ON result.id = delivery.result
        WHERE delivery.destination = ? AND delivery.object = ? AND delivery.result >= ?
            AND delivery.state = 0
        ORDER BY delivery.result LIMIT 1
        """
    )
    static let lease = Query(
        """
        UPDATE delivery SET state = 1, base_stamp_us = ?, attempts = ?, node = ?
        WHERE destination = ? AND object = ? AND result = ? AND state = 0
        """
    )
    static let keep = Query(
        """
        UPDATE delivery SET state = 2, acknowledged_us = ?
        WHERE destination = ? AND object = ? AND result = ? AND state = 1
        """
    )
    static let endLease = Query(
        """
        UPDATE delivery SET state = 0, attempts = max(attempts - ?, 0)
        WHERE destination = ? AND object = ? AND result = ? AND state = 1
        """
    )
    static let deleteDelivery = Query(
        """
        DELETE FROM delivery WHERE destination = ? AND object = ? AND result = ? AND state = ?
        """
    )
    static let findDelivery = Query(
        "SELECT state FROM delivery WHERE destination = ? AND object = ? AND result = ?"
    )
    static let hasLaterDelivery = Query(
        """
        SELECT 1 FROM delivery
        WHERE destination = ? AND object = ? AND result > ? AND state <> 2 LIMIT 1
        """
    )
    static let leasedRows = Query(
        """
        SELECT object.name, delivery.result, delivery.base_stamp_us, delivery.attempts,
            delivery.node
        FROM lane
        JOIN delivery ON delivery.destination = lane.destination
            AND delivery.object = lane.object AND delivery.result = lane.leased
        JOIN object ON object.id = lane.object
        WHERE lane.destination = ? AND lane.leased IS NOT NULL
        ORDER BY lane.leased
        """
    )
    /// CROSS JOIN: few destinations, many deliveries, so the former come first.
    static let queuedOfRetired = Query(
        """
        SELECT delivery.result, delivery.object
        FROM destination CROSS JOIN delivery ON delivery.destination = destination.id
        WHERE destination.is_retired = 1 AND delivery.state = 0
        GROUP BY delivery.result ORDER BY delivery.result LIMIT ?
        """
    )
    static let oldestExecution = Query(
        """
        SELECT min((SELECT execution_start_us FROM result WHERE id = (
            SELECT result FROM delivery
            WHERE delivery.destination = lane.destination AND delivery.object = lane.object
                AND delivery.result >= lane.head AND delivery.state <> 2
            ORDER BY result LIMIT 1)))
        FROM lane WHERE destination = ? AND (queued > 0 OR leased IS NOT NULL)
        """
    )

    // Rejected results, and kept ones by age; those of one lane: KeptStatements.swift
    static let keptByAge = Query(
        """
        SELECT DISTINCT result, object FROM delivery INDEXED BY kept_by_age
        WHERE state = 2 AND result > ? ORDER BY result LIMIT ?
        """
    )
    static let keptLanes = Query(
        """
        SELECT lane.object, object.name FROM lane JOIN object ON object.id = lane.object
        WHERE lane.destination = ? AND lane.kept > 0
        """
    )
    static let requeueKept = Query(
        """
        UPDATE delivery SET state = 0, acknowledged_us = NULL
        WHERE destination = ? AND object = ? AND result = ? AND state = 2
        """
    )
    static let reject = Query(
        """
        INSERT INTO rejected (destination, object, result, code, text, rejected_us,
            base_stamp_us, attempts)
        SELECT destination, object, result, ?4, ?5, ?6, base_stamp_us, attempts - ?7 FROM delivery
        WHERE destination = ?1 AND object = ?2 AND result = ?3
        """)
    static let rejectedByAge = Query(
        """
        SELECT DISTINCT result, object FROM rejected WHERE result > ? ORDER BY result LIMIT ?
        """)
    static let deleteRejected = Query(
        "DELETE FROM rejected WHERE destination = ? AND object = ? AND result = ?")
    static let findRejected = Query(
        "SELECT 1 FROM rejected WHERE destination = ? AND object = ? AND result = ?")

    // Schedules
    static let saveSchedule = Query(
        """
        INSERT INTO schedule (object, state, state_type, attempt, last_start_us, last_end_us,
            next_check_us, last_output, is_stale)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (object) DO UPDATE SET state = excluded.state,
            state_type = excluded.state_type, attempt = excluded.attempt,
            last_start_us = excluded.last_start_us, last_end_us = excluded.last_end_us,
            next_check_us = excluded.next_check_us, last_output = excluded.last_output,
            is_stale = excluded.is_stale
        """)
    static let schedules = Query(
        """
        SELECT object.name, state, state_type, attempt, last_start_us, last_end_us,
            next_check_us, last_output, is_stale
        FROM schedule JOIN object ON object.id = schedule.object
        """)
    static let scheduledObjects = Query(
        "SELECT object.id, object.name FROM schedule JOIN object ON object.id = schedule.object")
    static let forgetSchedule = Query("DELETE FROM schedule WHERE object = ?")

    // The ledger
    static let ledger = Query("SELECT key, body FROM ledger ORDER BY key")
    static let keepEntry = Query(
        """
        INSERT INTO ledger (key, body) VALUES (?, ?)
        ON CONFLICT (key) DO UPDATE SET body = excluded.body
        """)
    static let forgetEntry = Query("DELETE FROM ledger WHERE key = ?")

    // Forgetting a retired destination
    static let holdsResults = Query(
        """
        SELECT 1 WHERE EXISTS (SELECT 1 FROM delivery WHERE destination = ?1)
            OR EXISTS (SELECT 1 FROM rejected WHERE destination = ?1)
        """)
    static let dropLanes = Query(
        """
        DELETE FROM lane WHERE destination = ?1 AND object IN (
            SELECT object FROM lane WHERE destination = ?1 LIMIT ?2)
        """)
    static let dropDestination = Query("DELETE FROM destination WHERE id = ? AND is_retired = 1")
}

/// The column `delivery.state`.
enum RowState: Int64 {
    case queued = 0
    case leased = 1
    case kept = 2
}
