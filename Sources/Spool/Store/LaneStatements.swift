extension SQL {
    private static let laneColumns = """
        lane.queued, lane.leased, lane.is_ambiguous, lane.kept, lane.rejected,
        lane.last_stamp_us, lane.parked_until_us, lane.parked_reason, lane.ignored_reason,
        lane.evicted, lane.evicted_kept, lane.refused, lane.superseded, lane.ignored,
        lane.dropped, lane.compacted
        """
    static let lanes = Query(
        """
        SELECT object.name, \(laneColumns) FROM lane JOIN object ON object.id = lane.object
        WHERE lane.destination = ?
        """
    )
    static let lane = Query(
        "SELECT head, \(laneColumns) FROM lane WHERE destination = ? AND object = ?"
    )
    static let addLane = Query("INSERT OR IGNORE INTO lane (destination, object) VALUES (?, ?)")
    /// What an exchange can change; the other columns belong to accepting, proving and evicting.
    static let saveLane = Query(
        """
        UPDATE lane SET head = ?, queued = ?, leased = ?, is_ambiguous = ?, kept = ?,
            rejected = ?, last_stamp_us = ?, parked_until_us = ?, parked_reason = ?,
            ignored_reason = ?, superseded = ?, ignored = ?, compacted = ?
        WHERE destination = ? AND object = ?
        """
    )
    static let laneGrew = Query(
        """
        INSERT INTO lane (destination, object, queued) VALUES (?, ?, ?)
        ON CONFLICT (destination, object) DO UPDATE SET queued = queued + excluded.queued
        """
    )
    static let hasLeased = Query(
        "SELECT 1 FROM lane WHERE leased IS NOT NULL AND is_ambiguous = 0 LIMIT 1"
    )
    static let allLeasedAmbiguous = Query(
        "UPDATE lane SET is_ambiguous = 1 WHERE leased IS NOT NULL AND is_ambiguous = 0"
    )
    static let laneRefused = Query(
        """
        INSERT INTO lane (destination, object, refused) VALUES (?, ?, ?)
        ON CONFLICT (destination, object) DO UPDATE SET refused = refused + excluded.refused
        """
    )
    static let laneEvicted = Query(
        """
        UPDATE lane SET queued = queued - 1, evicted = evicted + 1
        WHERE destination = ? AND object = ?
        """
    )
    static let laneKeptEvicted = Query(
        """
        UPDATE lane SET kept = kept - 1, evicted_kept = evicted_kept + 1
        WHERE destination = ? AND object = ?
        """
    )
    static let laneRejectedDropped = Query(
        """
        UPDATE lane SET rejected = rejected - 1, dropped = dropped + 1
        WHERE destination = ? AND object = ?
        """
    )
    static let laneConfirmed = Query(
        "UPDATE lane SET kept = kept - ? WHERE destination = ? AND object = ?"
    )
    static let laneResent = Query(
        """
        UPDATE lane SET kept = kept - ?1, queued = queued + ?1, head = min(head, ?2)
        WHERE destination = ?3 AND object = ?4
        """
    )
    static let laneTotals = Query(
        """
        SELECT coalesce(sum(queued), 0), count(leased), coalesce(sum(kept), 0),
            coalesce(sum(rejected), 0), count(parked_until_us), coalesce(sum(evicted), 0),
            coalesce(sum(evicted_kept), 0), coalesce(sum(refused), 0),
            coalesce(sum(superseded), 0), coalesce(sum(ignored), 0), coalesce(sum(dropped), 0),
            coalesce(sum(compacted), 0)
        FROM lane WHERE destination = ?
        """
    )
}
