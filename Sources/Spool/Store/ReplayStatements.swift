extension SQL {
    /// The next rows of a lane that wait, with what the rule about skipping asks.
    static let waitingOfLane = Query(
        """
        SELECT delivery.result, delivery.attempts, result.significance, result.state,
            result.execution_start_us
        FROM delivery CROSS JOIN result ON result.id = delivery.result
        WHERE delivery.destination = ? AND delivery.object = ? AND delivery.result >= ?
            AND delivery.state = 0
        ORDER BY delivery.result LIMIT ?
        """
    )
    /// Rows of a lane before another one that wait, newest first: what stays is a piece from the
    /// front, in which nothing is missing.
    static let waitingBefore = Query(
        """
        SELECT result, attempts FROM delivery
        WHERE destination = ? AND object = ? AND result >= ? AND result < ?
            AND state = 0
        ORDER BY result DESC LIMIT ?
        """
    )
}
