/// Statements about the delivered results of one object that no read has confirmed yet.
extension SQL {
    /// A lane's kept rows come first but for a master that forgot: the count ends the search.
    private static let rows = """
        SELECT result, acknowledged_us, base_stamp_us,
            base_stamp_us - max(attempts, 1) + 1 AS lowest_stamp_us
        FROM delivery WHERE destination = ?1 AND object = ?2 AND state = 2 ORDER BY result
        LIMIT coalesce((SELECT kept FROM lane WHERE destination = ?1 AND object = ?2), 0)
        """
    static let keptOfLane = Query(
        "SELECT count(*), max(acknowledged_us), min(acknowledged_us) FROM (\(rows))")
    static let newestKept = Query(
        """
        SELECT lowest_stamp_us, base_stamp_us FROM (\(rows)) ORDER BY result DESC LIMIT 1
        """)
    /// The rows that were stamped above the newest one; 1,000 are more than one object's results of
    /// ten minutes.
    static let keptAhead = Query(
        """
        SELECT lowest_stamp_us, base_stamp_us FROM (\(rows)) WHERE lowest_stamp_us > ?3 LIMIT 1000
        """)
    /// The last row of which an attempt bears a stamp.
    static let keptBearing = Query(
        """
        SELECT max(result) FROM (\(rows)) WHERE ?3 BETWEEN lowest_stamp_us AND base_stamp_us
        """)
    /// The first row above a stamp that was not stamped above the newest one.
    static let keptLacking = Query(
        """
        SELECT min(result) FROM (\(rows)) WHERE lowest_stamp_us > ?3 AND base_stamp_us <= ?4
        """)
    static let provenOfLane = Query(
        """
        SELECT result FROM (\(rows)) WHERE result <= ?3 AND acknowledged_us < ?4
        ORDER BY result LIMIT ?5
        """)
    static let keptBehind = Query(
        "SELECT result FROM (\(rows)) WHERE result > ?3 ORDER BY result LIMIT ?4")
    /// The first row behind the kept ones; its stamps are NULL if it was never sent.
    static let sentHead = Query(
        """
        SELECT base_stamp_us - max(attempts, 1) + 1, base_stamp_us FROM delivery
        WHERE destination = ?1 AND object = ?2 AND state IN (0, 1)
            AND result >= (SELECT head FROM lane WHERE destination = ?1 AND object = ?2)
        ORDER BY result LIMIT 1
        """)
}
