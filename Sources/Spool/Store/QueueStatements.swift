extension SQL {
    /// Entries behind a cursor, with what a filter needs to know of them; 3 is rejected
    /// and 4 withheld.
    static let queueEntries = Query(
        """
        SELECT entry.destination, entry.object, entry.result, entry.state, object.name,
            lane.parked_until_us, lane.is_ambiguous
        FROM (
            SELECT destination, object, result, state FROM delivery
            WHERE (destination, object, result) > (?1, ?2, ?3)
            UNION ALL
            SELECT destination, object, result, 3 + (code = -1) FROM rejected
            WHERE (destination, object, result) > (?1, ?2, ?3)
            ORDER BY 1, 2, 3 LIMIT ?4
        ) AS entry
        JOIN object ON object.id = entry.object
        LEFT JOIN lane ON lane.destination = entry.destination AND lane.object = entry.object
        ORDER BY 1, 2, 3
        """
    )
    static let queueResult = Query(
        """
        SELECT significance, state, exit_status, execution_start_us, execution_end_us,
            next_check_us, check_interval_us, output, performance_data
        FROM result WHERE id = ?
        """
    )
    private static let place = "WHERE destination = ? AND object = ? AND result = ?"
    static let queueDelivery = Query(
        "SELECT base_stamp_us, attempts, node FROM delivery " + place
    )
    static let queueRejected = Query(
        "SELECT base_stamp_us, attempts, code, text, rejected_us FROM rejected " + place
    )
    static let laneUnparked = Query(
        """
        UPDATE lane SET parked_until_us = NULL, parked_reason = NULL
        WHERE destination = ? AND object = ?
        """
    )
    static let requeueRejected = Query(
        """
        INSERT INTO delivery (destination, object, result, state, base_stamp_us, attempts)
        SELECT destination, object, result, 0, base_stamp_us, attempts FROM rejected
        """ + " " + place
    )
    static let laneRejectedRetried = Query(
        """
        UPDATE lane SET rejected = rejected - 1, queued = queued + 1, head = min(head, ?1),
            withheld_result = nullif(withheld_result, ?1)
        WHERE destination = ?2 AND object = ?3
        """
    )
    static let laneNewest = Query(
        "SELECT leased, last_stamp_us FROM lane WHERE destination = ? AND object = ?"
    )
    static let hasWaiting = Query(
        """
        SELECT 1 FROM lane CROSS JOIN delivery ON delivery.destination = lane.destination
            AND delivery.object = lane.object AND delivery.result >= lane.head
        WHERE lane.destination = ?1 AND lane.parked_until_us IS NULL
            AND (lane.queued > 0 OR lane.leased IS NOT NULL)
            AND delivery.result <= ?2 AND delivery.state < 2
        LIMIT 1
        """
    )
}
