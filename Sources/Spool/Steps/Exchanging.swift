internal import GRDB
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
            try step.fetch(SQL.leasedRows, [destination.rawValue]).map { row in
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
        try run(SQL.allLeasedAmbiguous, [])
    }

    fileprivate mutating func exchange(_ batch: DeliveryBatch) throws -> DeliveryAnswer {
        var answer = DeliveryAnswer()
        var touched: [Int64] = []
        let destination = batch.destination.rawValue
        for settlement in batch.settlements {
            guard let object = try find(settlement.object),
                try settle(settlement, object: object, at: destination)
            else {
                answer.unmatched.append(settlement)
                continue
            }
            note(.settle)
            touched.append(object)
        }
        for parking in batch.parkings {
            let object = try findOrAdd(parking.object)
            let reason = parking.reason.cut(toByteCount: Parking.textByteLimit)
            try run(
                SQL.laneParked,
                [destination, object, parking.until.microseconds, reason]
            )
            touched.append(object)
        }
        for request in batch.leases {
            guard let object = try find(request.object) else { continue }
            if let leased = try lease(request, object: object, batch) {
                note(.lease)
                answer.leased.append(leased)
            }
            touched.append(object)
        }
        var seen: Set<Int64> = []
        for object in touched where seen.insert(object).inserted {
            if let lane = try lane(of: object, at: destination) { answer.lanes.append(lane) }
        }
        return answer
    }

    /// Leases the head of a lane; nil when there is none, one is out, or the caller says no.
    private func lease(
        _ request: LeaseRequest,
        object: Int64,
        _ batch: DeliveryBatch
    ) throws -> LeasedResult? {
        let destination = batch.destination.rawValue
        guard let lane = try row(SQL.laneHead, [destination, object]) else { return nil }
        let queued: Int = try lane.value(0)
        let leased: Int64? = try lane.optional(1)
        guard queued > 0, leased == nil else { return nil }
        let lastStamp = try lane.optionalTimestamp(2)
        guard let head = try row(SQL.headOfLane, [destination, object]) else {
            throw damaged("\(request.object) has \(queued) queued results by count and none by row")
        }
        let sequence = Sequence(rawValue: try head.value(0))
        let result = try CheckResult(head, object: request.object, first: 5)
        guard let significance = Significance(rawValue: try head.value(3)) else {
            throw RowFault(column: 3)
        }
        let fixed = try head.optionalTimestamp(1)
        let candidate = LeaseCandidate(sequence: sequence, result: result, lastStamp: lastStamp)
        guard let stamp = fixed ?? batch.chooseStamp(candidate) else { return nil }
        let attempt = try head.value(2) + 1
        try run(
            SQL.lease,
            [stamp.microseconds, attempt, request.node, destination, object, sequence.rawValue]
        )
        let newest = fixed == nil ? stamp : lastStamp ?? stamp
        try run(
            SQL.laneLeased,
            [sequence.rawValue, newest.microseconds, destination, object]
        )
        return LeasedResult(
            sequence: sequence,
            result: result,
            significance: significance,
            snapshot: SnapshotID(rawValue: try head.value(4)),
            baseStamp: stamp,
            attempt: attempt,
            node: request.node
        )
    }

    /// Records what became of one leased result; false when it is not leased.
    private mutating func settle(
        _ settlement: Settlement,
        object: Int64,
        at destination: Int64
    ) throws -> Bool {
        let result = settlement.sequence.rawValue
        let key: StatementArguments = [destination, object, result]
        let lane: StatementArguments = [destination, object]
        guard let row = try row(SQL.readLease, key) else { return false }
        let attempts: Int64 = try row.value(1)
        switch settlement.kind {
        case .delivered(let time):
            let stamp = try row.timestamp(0)
            try run(SQL.deleteDelivery, key)
            try run(SQL.keep, key + [stamp.microseconds, attempts, time.microseconds])
            try run(SQL.laneDelivered, [1] + lane)
        case .deliveredUnconfirmed:
            try finish(result, object, destination, SQL.laneDelivered, [0] + lane)
        case .superseded:
            try finish(result, object, destination, SQL.laneSuperseded, lane)
        case .ignored(let reason):
            let reason = reason.cut(toByteCount: Parking.textByteLimit)
            try finish(result, object, destination, SQL.laneIgnored, [reason] + lane)
        case .rejected(let code, let text, let time):
            let text = text.cut(toByteCount: Parking.textByteLimit)
            try run(SQL.deleteDelivery, key)
            try run(SQL.reject, key + [code, text, time.microseconds])
            try run(SQL.laneRejected, lane)
        case .notProcessed: try requeue(key, lane, attempts: attempts - 1)
        case .sendAgain: try requeue(key, lane, attempts: attempts)
        case .ambiguous: try run(SQL.laneAmbiguous, lane)
        }
        return true
    }

    private func requeue(
        _ key: StatementArguments,
        _ lane: StatementArguments,
        attempts: Int64
    ) throws {
        try run(SQL.endLease, [max(attempts, 0)] + key)
        try run(SQL.laneRequeued, lane)
    }

    private mutating func finish(
        _ result: Int64,
        _ object: Int64,
        _ destination: Int64,
        _ laneStatement: String,
        _ laneArguments: StatementArguments
    ) throws {
        try run(SQL.deleteDelivery, [destination, object, result])
        try run(laneStatement, laneArguments)
        try release(result, of: object, by: destination)
    }
}

extension DeliveryBatch {
    fileprivate func chooseStamp(_ candidate: LeaseCandidate) -> Timestamp? {
        switch stamp(candidate) {
        case .lease(let baseStamp): baseStamp
        case .leaveQueued: nil
        }
    }
}
