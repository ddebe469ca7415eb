extension SQL {
    private static let laneColumns = """
        lane.queued, lane.leased, lane.is_ambiguous, lane.kept, lane.rejected,
        lane.last_stamp_us, lane.parked_until_us, lane.parked_reason, lane.ignored_reason,
        lane.evicted, lane.evicted_kept, lane.refused, lane.superseded, lane.ignored,
        lane.dropped, lane.compacted, lane.withheld, lane.withheld_reason
        """
    static let lanes = Query(
        """
        SELECT object.name, \(laneColumns) FROM lane JOIN object ON object.id = lane.object
        WHERE lane.destination = ?
        """
    )
    static let lane = Query(
        """
        SELECT head, \(laneColumns), gap, withheld_result FROM lane
        WHERE destination = ? AND object = ?
        """
    )
    static let addLane = Query("INSERT OR IGNORE INTO lane (destination, object) VALUES (?, ?)")
    /// What an exchange can change; the other columns belong to accepting, proving and evicting.
    static let saveLane = Query(
        """
        UPDATE lane SET head = ?, gap = ?, queued = ?, leased = ?, is_ambiguous = ?, kept = ?,
            rejected = ?, last_stamp_us = ?, parked_until_us = ?, parked_reason = ?,
            ignored_reason = ?, superseded = ?, ignored = ?, compacted = ?, withheld = ?,
            withheld_reason = ?, withheld_result = ?
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
        INSERT INTO lane (destination, object, refused, gap) VALUES (?, ?, ?, ?)
        ON CONFLICT (destination, object) DO UPDATE SET refused = refused + excluded.refused,
            gap = max(gap, excluded.gap)
        """
    )
    /// What a lane counts when a result is taken from where it stands.
    static let laneLost = Dictionary(
        uniqueKeysWithValues: ResultPlace.allCases.map { place in
            (
                place,
                Dictionary(
                    uniqueKeysWithValues: ResultLoss.allCases.map { loss in
                        (loss, Query(laneLost(from: place, as: loss)))
                    })
            )
        })
    private static func laneLost(from place: ResultPlace, as loss: ResultLoss) -> String {
        let stood =
            switch place {
            case .queued: "queued = queued - 1"
            case .leased: "leased = NULL, is_ambiguous = 0"
            case .kept: "kept = kept - 1"
            case .rejected:
                "rejected = rejected - 1, withheld_result = nullif(withheld_result, ?3)"
            }
        let counted =
            switch (place, loss) {
            case (_, .dropped): "dropped = dropped + 1"
            case (.kept, .evicted): "evicted_kept = evicted_kept + 1"
            // what was withheld is counted as that
            case (.rejected, .evicted): "evicted = evicted + (withheld_result IS NOT ?3)"
            case (_, .evicted): "evicted = evicted + 1"
            }
        // What was delivered or rejected before is missing no more than it was.
        let gap =
            switch place {
            case .queued, .leased: "(SELECT id + 1 FROM result WHERE id = ?3 AND is_change = 1)"
            case .kept, .rejected: "(SELECT 0 WHERE ?3 > 0)"
            }
        return """
            UPDATE lane SET \(stood), \(counted), gap = max(gap, coalesce(\(gap), 0))
            WHERE destination = ?1 AND object = ?2
            """
    }
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
            coalesce(sum(compacted), 0), coalesce(sum(withheld), 0), count(withheld_result)
        FROM lane WHERE destination = ?
        """
    )
}
