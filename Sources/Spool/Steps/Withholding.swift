internal import Monitoring

/// The oldest result of a lane that may leave, and what of it.
struct ReleasedHead {
    let head: LaneHead
    let result: CheckResult
    let command: [String]
}

extension SpoolTransaction {
    /// `rejected.code` of a result that this host withheld; the master's answers are above 0.
    private static let withheldCode: Int64 = -1

    /// What a lane gives out next, after what is not wanted was skipped and what may not leave was
    /// withheld; nil when it gives out nothing.
    mutating func select(
        from row: inout LaneRow,
        _ batch: DeliveryBatch,
        _ answer: inout DeliveryAnswer,
        budget: inout Int
    ) throws -> ReleasedHead? {
        guard row.lane.canLease else { return nil }
        let object = row.lane.object
        var withheld = 0
        if !batch.replay.passes().isEmpty {
            // what follows a withheld change may not be skipped, so those come first
            _ = try firstReleased(of: &row, batch, budget: &budget, withheld: &withheld)
            let destination = batch.destination.rawValue
            let skipped = try compact(&row, by: batch.replay, at: destination, budget: &budget)
            if skipped > 0 { answer.compacted[object, default: 0] += skipped }
        }
        let released = try firstReleased(of: &row, batch, budget: &budget, withheld: &withheld)
        if withheld > 0 { answer.withheld[object, default: 0] += withheld }
        return released
    }

    /// The oldest queued result of a lane that may leave; those before it are withheld.
    ///
    /// - Parameters:
    ///   - budget: rows that may still be withheld in this transaction; the next one goes on.
    ///   - withheld: is counted up.
    private mutating func firstReleased(
        of row: inout LaneRow,
        _ batch: DeliveryBatch,
        budget: inout Int,
        withheld: inout Int
    ) throws -> ReleasedHead? {
        let destination = batch.destination.rawValue
        while row.lane.queued > 0 {
            guard let head = try head(of: row, at: destination) else {
                throw damaged(
                    """
                    \(row.lane.object) has \(row.lane.queued) queued results by count and none by \
                    row
                    """
                )
            }
            let release = try batch.release(head.result, head.snapshot) {
                guard let snapshot = try snapshot(head.snapshot) else {
                    throw damaged("result \(head.sequence.rawValue) has no snapshot")
                }
                return snapshot
            }
            switch release {
            case .released(let result, let command):
                return ReleasedHead(head: head, result: result, command: command)
            case .withheld(let reason, let time):
                guard budget > 0 else { return nil }
                budget -= 1
                withheld += 1
                try withhold(head, because: reason, at: time, of: &row, destination)
            }
        }
        return nil
    }

    /// Counts a result as withheld and takes it out of its lane.
    ///
    /// A lane's newest one is kept for inspection until a newer one went out or was withheld;
    /// others are forgotten.
    private mutating func withhold(
        _ head: LaneHead,
        because reason: String,
        at time: Timestamp,
        of row: inout LaneRow,
        _ destination: Int64
    ) throws {
        let result = head.sequence.rawValue
        let key: Values = [destination, row.object, result]
        let reason = reason.cut(toByteCount: Parking.textByteLimit)
        let isNewest = row.withheldResult.map { $0 < result } ?? true
        if isNewest {
            try forgetWithheld(of: &row, before: result, at: destination)
            try run(SQL.reject, key + [Self.withheldCode, reason, time.microseconds, 0])
            row.withheldResult = result
            row.lane.rejected += 1
        }
        guard try run(SQL.deleteDelivery, key + [RowState.queued.rawValue]) == 1 else {
            throw damaged("result \(result) waits and cannot be withheld")
        }
        if !isNewest { try release(result, of: row.object, by: destination) }
        row.head = result
        // what follows counts as an attempt where the change before it is not known
        if head.significance != .unchanged { row.gap = max(row.gap, result + 1) }
        row.lane.queued -= 1
        row.lane.losses.withheld += 1
        row.lane.withheldReason = reason
        row.isChanged = true
    }

    /// Forgets what was withheld of a lane when something newer takes its place.
    mutating func forgetWithheld(
        of row: inout LaneRow,
        before newer: Int64,
        at destination: Int64
    ) throws {
        guard let old = row.withheldResult, old < newer else { return }
        guard try run(SQL.deleteRejected, [destination, row.object, old]) == 1 else {
            throw damaged("result \(old) is withheld and is not there")
        }
        row.withheldResult = nil
        row.lane.withheldReason = nil
        row.lane.rejected -= 1
        row.isChanged = true
        try release(old, of: row.object, by: destination)
    }
}
