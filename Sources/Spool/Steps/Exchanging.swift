internal import Monitoring

extension SpoolQueue {
    /// Records what became of leased results and leases the next ones, in one transaction.
    ///
    /// A lane gives out its oldest queued result, and none while one is unresolved. A result's base
    /// stamp is chosen at its first lease and stays. The attempt number is durable before this
    /// returns: bytes may leave only afterwards.
    ///
    /// - Throws: nothing of the batch is stored then; the leases of before still stand.
    package func exchange(_ batch: DeliveryBatch) async throws(SpoolFault) -> DeliveryAnswer {
        try await perform { step in try step.exchange(batch) }
    }

    /// The leased results of a destination, in the order of acceptance; after a restart nobody
    /// knows what became of them.
    package func leasedRows(
        of destination: DestinationID
    ) async throws(SpoolFault) -> [UnresolvedLease] {
        try await perform { step in
            try step.fetch(SQL.leasedRows, [destination.rawValue]) { row in
                UnresolvedLease(
                    object: try row.object(0),
                    sequence: Sequence(rawValue: try row.value(1)),
                    baseStamp: try row.timestamp(2),
                    attempts: try row.value(3),
                    node: try row.value(4)
                )
            }
        }
    }
}

extension SpoolTransaction {
    /// At opening: what was leased by an earlier life is out of sight.
    mutating func markLeasedAmbiguous() throws {
        note(.reopen)
        guard try integer(SQL.hasLeased) != nil else { return }
        try run(SQL.allLeasedAmbiguous, [])
    }

    fileprivate mutating func exchange(_ batch: DeliveryBatch) throws -> DeliveryAnswer {
        var answer = DeliveryAnswer()
        var lanes = TouchedLanes()
        let destination = batch.destination.rawValue
        for settlement in batch.settlements {
            guard let place = try touch(settlement.object, at: destination, &lanes),
                try settle(settlement, &lanes.rows[place], at: destination)
            else {
                answer.unmatched.append(settlement)
                continue
            }
            note(.settle)
        }
        for parking in batch.parkings {
            try run(SQL.addLane, [destination, try findOrAdd(parking.object)])
            guard let place = try touch(parking.object, at: destination, &lanes) else {
                throw damaged("a lane that was just stored is not there")
            }
            let reason = parking.reason.cut(toByteCount: Parking.textByteLimit)
            lanes.rows[place].lane.parked = Lane.Parked(until: parking.until, reason: reason)
            lanes.rows[place].isChanged = true
        }
        var budget = DeliveryBatch.replayLimit
        var byteBudget = batch.leaseByteLimit
        for request in batch.leases {
            guard let place = try touch(request.object, at: destination, &lanes) else { continue }
            let released = try select(from: &lanes.rows[place], batch, &answer, budget: &budget)
            if byteBudget > 0, let released,
                let leased = try lease(released, request, &lanes.rows[place], batch)
            {
                note(.lease)
                byteBudget -= leased.textByteCount
                answer.leased.append(leased)
            }
        }
        for row in lanes.rows where row.isChanged { try save(row, at: destination) }
        answer.lanes = lanes.rows.map(\.lane)
        return answer
    }

    /// The place of a lane among those that the exchange read; nil when there is no such lane.
    private mutating func touch(
        _ name: ObjectName,
        at destination: Int64,
        _ lanes: inout TouchedLanes
    ) throws -> Int? {
        guard let object = try find(name) else { return nil }
        if let place = lanes.places[object] { return place }
        guard let row = try lane(of: object, named: name, at: destination) else { return nil }
        lanes.places[object] = lanes.rows.count
        lanes.rows.append(row)
        return lanes.rows.count - 1
    }

    private func save(_ row: LaneRow, at destination: Int64) throws {
        let lane = row.lane
        try run(
            SQL.saveLane,
            [
                row.head, row.gap, lane.queued, lane.leased?.sequence.rawValue,
                lane.leased?.isAmbiguous ?? false, lane.kept, lane.rejected,
                lane.lastStamp?.microseconds, lane.parked?.until.microseconds,
                lane.parked?.reason, lane.ignoredReason, lane.losses.superseded,
                lane.losses.ignored, lane.losses.compacted, lane.losses.withheld,
                lane.withheldReason, row.withheldResult, destination, row.object,
            ]
        )
    }

    /// Leases the head of a lane; nil when the caller says no.
    private mutating func lease(
        _ released: ReleasedHead,
        _ request: LeaseRequest,
        _ row: inout LaneRow,
        _ batch: DeliveryBatch
    ) throws -> LeasedResult? {
        let destination = batch.destination.rawValue
        let head = released.head
        let candidate = LeaseCandidate(
            sequence: head.sequence,
            result: head.result,
            lastStamp: row.lane.lastStamp
        )
        guard let stamp = head.baseStamp ?? batch.chooseStamp(candidate) else { return nil }
        let attempt = head.attempts + 1
        let result = head.sequence.rawValue
        let changed = try run(
            SQL.lease,
            [stamp.microseconds, attempt, request.node, destination, row.object, result]
        )
        guard changed == 1 else { throw damaged("result \(result) cannot be leased") }
        let kind: ObjectKind = request.object.isHost ? .host : .service
        if result >= row.gap, !kind.isProblem(head.result.state) { row.gap = 0 }
        row.head = result
        row.lane.queued -= 1
        row.lane.leased = Lane.Lease(sequence: head.sequence, isAmbiguous: false)
        row.lane.lastStamp = head.baseStamp == nil ? stamp : row.lane.lastStamp ?? stamp
        row.lane.parked = nil
        row.isChanged = true
        try forgetWithheld(of: &row, before: result, at: destination)
        return LeasedResult(
            sequence: head.sequence,
            result: released.result,
            command: released.command,
            significance: head.significance,
            snapshot: head.snapshot,
            baseStamp: stamp,
            attempt: attempt,
            node: request.node
        )
    }

    func head(of lane: LaneRow, at destination: Int64) throws -> LaneHead? {
        try row(SQL.headOfLane, [destination, lane.object, lane.head]) { row in
            guard let significance = Significance(rawValue: try row.value(3)) else {
                throw RowFault(column: 3)
            }
            return LaneHead(
                sequence: Sequence(rawValue: try row.value(0)),
                baseStamp: try row.optionalTimestamp(1),
                attempts: try row.value(2),
                significance: significance,
                snapshot: SnapshotID(rawValue: try row.value(4)),
                result: try CheckResult(row, object: lane.lane.object, first: 5)
            )
        }
    }

    /// Records what became of one leased result; false when it is not leased.
    private mutating func settle(
        _ settlement: Settlement,
        _ row: inout LaneRow,
        at destination: Int64
    ) throws -> Bool {
        guard row.lane.leased?.sequence == settlement.sequence else { return false }
        row.isChanged = true
        if case .ambiguous = settlement.kind {
            row.lane.leased?.isAmbiguous = true
            return true
        }
        let result = settlement.sequence.rawValue
        guard try end(settlement.kind, [destination, row.object, result]) == 1 else {
            throw damaged("\(settlement.object) names a leased result that is none")
        }
        row.lane.leased = nil
        switch settlement.kind {
        case .delivered: row.lane.kept += 1
        case .notProcessed, .sendAgain: row.lane.queued += 1
        case .rejected: row.lane.rejected += 1
        case .superseded: row.lane.losses.superseded += 1
        case .ignored(let reason):
            row.lane.losses.ignored += 1
            row.lane.ignoredReason = reason.cut(toByteCount: Parking.textByteLimit)
        case .deliveredUnconfirmed, .replaced, .ambiguous: break
        }
        switch settlement.kind {
        case .deliveredUnconfirmed, .superseded, .replaced, .ignored:
            try release(result, of: row.object, by: destination)
        default: break
        }
        return true
    }

    /// Moves a leased row where its settlement says; returns how many there were.
    private func end(_ kind: Settlement.Kind, _ key: Values) throws -> Int {
        switch kind {
        case .delivered(let time): return try run(SQL.keep, [time.microseconds] + key)
        case .notProcessed: return try run(SQL.endLease, [1] + key)
        case .sendAgain: return try run(SQL.endLease, [0] + key)
        case .rejected(let code, let text, let time):
            let text = text.cut(toByteCount: Parking.textByteLimit)
            // a plain no shows that this attempt had no effect
            try run(SQL.reject, key + [code, text, time.microseconds, code == 400 ? 1 : 0])
        case .deliveredUnconfirmed, .superseded, .replaced, .ignored, .ambiguous: break
        }
        return try run(SQL.deleteDelivery, key + [RowState.leased.rawValue])
    }
}

/// A lane as it is stored, read once for an exchange and written once when it has changed.
struct LaneRow {
    let object: Int64
    /// No queued or leased row of the lane comes before this one.
    var head: Int64
    /// A change before this one was refused or given up, and no OK behind it went out; 0 when none
    /// is missing.
    var gap: Int64
    /// The newest result that was withheld, as long as it is kept.
    var withheldResult: Int64?
    var lane: Lane
    var isChanged = false
}

/// The lanes of an exchange, in the order in which it met them.
private struct TouchedLanes {
    var rows: [LaneRow] = []
    var places: [Int64: Int] = [:]
}

/// The oldest queued result of a lane.
struct LaneHead {
    let sequence: Sequence
    let baseStamp: Timestamp?
    let attempts: Int
    let significance: Significance
    let snapshot: SnapshotID
    let result: CheckResult
}

extension DeliveryBatch {
    fileprivate func chooseStamp(_ candidate: LeaseCandidate) -> Timestamp? {
        switch stamp(candidate) {
        case .lease(let baseStamp): baseStamp
        case .leaveQueued: nil
        }
    }
}
