extension SQL {
    private static let laneColumns = """
        SELECT object.name, lane.queued, lane.leased, lane.is_ambiguous, lane.kept,
            lane.rejected, lane.last_stamp_us, lane.parked_until_us, lane.parked_reason,
            lane.evicted, lane.evicted_kept, lane.refused, lane.superseded, lane.ignored,
            lane.dropped, lane.ignored_reason
        FROM lane JOIN object ON object.id = lane.object
        WHERE lane.destination = ?
        """
    static let lanes = laneColumns
    static let lane = laneColumns + " AND lane.object = ?"
    static let laneHead = """
        SELECT queued, leased, last_stamp_us FROM lane WHERE destination = ? AND object = ?
        """
    static let laneGrew = """
        INSERT INTO lane (destination, object, queued) VALUES (?, ?, ?)
        ON CONFLICT (destination, object) DO UPDATE SET queued = queued + excluded.queued
        """
    static let laneLeased = """
        UPDATE lane SET queued = queued - 1, leased = ?, is_ambiguous = 0, last_stamp_us = ?,
            parked_until_us = NULL, parked_reason = NULL
        WHERE destination = ? AND object = ?
        """
    static let laneDelivered = """
        UPDATE lane SET leased = NULL, is_ambiguous = 0, kept = kept + ?
        WHERE destination = ? AND object = ?
        """
    static let laneSuperseded = """
        UPDATE lane SET leased = NULL, is_ambiguous = 0, superseded = superseded + 1
        WHERE destination = ? AND object = ?
        """
    static let laneIgnored = """
        UPDATE lane SET leased = NULL, is_ambiguous = 0, ignored = ignored + 1,
            ignored_reason = ?
        WHERE destination = ? AND object = ?
        """
    static let laneRejected = """
        UPDATE lane SET leased = NULL, is_ambiguous = 0, rejected = rejected + 1
        WHERE destination = ? AND object = ?
        """
    static let laneRequeued = """
        UPDATE lane SET leased = NULL, is_ambiguous = 0, queued = queued + 1
        WHERE destination = ? AND object = ?
        """
    static let laneAmbiguous =
        "UPDATE lane SET is_ambiguous = 1 WHERE destination = ? AND object = ?"
    static let hasLeased =
        "SELECT 1 FROM lane WHERE leased IS NOT NULL AND is_ambiguous = 0 LIMIT 1"
    static let allLeasedAmbiguous =
        "UPDATE lane SET is_ambiguous = 1 WHERE leased IS NOT NULL AND is_ambiguous = 0"
    static let laneParked = """
        INSERT INTO lane (destination, object, parked_until_us, parked_reason)
        VALUES (?, ?, ?, ?)
        ON CONFLICT (destination, object) DO UPDATE SET
            parked_until_us = excluded.parked_until_us, parked_reason = excluded.parked_reason
        """
    static let laneRefused = """
        INSERT INTO lane (destination, object, refused) VALUES (?, ?, ?)
        ON CONFLICT (destination, object) DO UPDATE SET refused = refused + excluded.refused
        """
    static let laneEvicted = """
        UPDATE lane SET queued = queued - 1, evicted = evicted + 1
        WHERE destination = ? AND object = ?
        """
    static let laneKeptEvicted = """
        UPDATE lane SET kept = kept - 1, evicted_kept = evicted_kept + 1
        WHERE destination = ? AND object = ?
        """
    static let laneRejectedDropped = """
        UPDATE lane SET rejected = rejected - 1, dropped = dropped + 1
        WHERE destination = ? AND object = ?
        """
    static let laneConfirmed =
        "UPDATE lane SET kept = kept - ? WHERE destination = ? AND object = ?"
    static let laneResent = """
        UPDATE lane SET kept = kept - ?, queued = queued + ?
        WHERE destination = ? AND object = ?
        """
    static let laneTotals = """
        SELECT coalesce(sum(queued), 0), count(leased), coalesce(sum(kept), 0),
            coalesce(sum(rejected), 0), count(parked_until_us), coalesce(sum(evicted), 0),
            coalesce(sum(evicted_kept), 0), coalesce(sum(refused), 0),
            coalesce(sum(superseded), 0), coalesce(sum(ignored), 0), coalesce(sum(dropped), 0)
        FROM lane WHERE destination = ?
        """
}
