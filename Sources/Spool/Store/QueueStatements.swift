extension SQL {
    /// Entries behind a cursor, with what a filter needs to know of them.
    static let queueEntries = """
        SELECT entry.destination, entry.object, entry.result, entry.state, object.name,
            lane.parked_until_us, lane.is_ambiguous
        FROM (
            SELECT destination, object, result, is_leased AS state FROM delivery
            WHERE (destination, object, result) > (?1, ?2, ?3)
            UNION ALL
            SELECT destination, object, result, 2 FROM kept
            WHERE (destination, object, result) > (?1, ?2, ?3)
            UNION ALL
            SELECT destination, object, result, 3 FROM rejected
            WHERE (destination, object, result) > (?1, ?2, ?3)
            ORDER BY 1, 2, 3 LIMIT ?4
        ) AS entry
        JOIN object ON object.id = entry.object
        LEFT JOIN lane ON lane.destination = entry.destination AND lane.object = entry.object
        ORDER BY 1, 2, 3
        """
    static let queueResult = """
        SELECT significance, state, exit_status, execution_start_us, execution_end_us,
            next_check_us, check_interval_us, output, performance_data
        FROM result WHERE id = ?
        """
    private static let place = "WHERE destination = ? AND object = ? AND result = ?"
    static let queueDelivery = "SELECT base_stamp_us, attempts, node FROM delivery " + place
    static let queueKept = "SELECT base_stamp_us, attempts FROM kept " + place
    static let queueRejected =
        "SELECT code, text, rejected_us, base_stamp_us, attempts FROM rejected " + place
    static let laneDropped = """
        UPDATE lane SET queued = queued - 1, dropped = dropped + 1
        WHERE destination = ? AND object = ?
        """
    static let laneLeasedDropped = """
        UPDATE lane SET leased = NULL, is_ambiguous = 0, dropped = dropped + 1
        WHERE destination = ? AND object = ?
        """
    static let laneKeptDropped = """
        UPDATE lane SET kept = kept - 1, dropped = dropped + 1
        WHERE destination = ? AND object = ?
        """
    static let laneUnparked = """
        UPDATE lane SET parked_until_us = NULL, parked_reason = NULL
        WHERE destination = ? AND object = ?
        """
    static let rejectedStamp = "SELECT base_stamp_us, attempts FROM rejected " + place
    static let requeueRejected = requeueKept
    static let laneRejectedRetried = """
        UPDATE lane SET rejected = rejected - 1, queued = queued + 1
        WHERE destination = ? AND object = ?
        """
}
