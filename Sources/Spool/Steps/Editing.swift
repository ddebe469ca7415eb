internal import GRDB
internal import Monitoring

extension SpoolQueue {
    /// Forgets entries on an operator's word, counted as dropped; one step of it.
    ///
    /// What is out stays until its fate is known, except where the destination is retired.
    package func drop(
        _ filter: QueueFilter,
        after cursor: QueueCursor? = nil
    ) async throws(SpoolFault) -> QueueChange {
        try await perform { step in
            try step.edit(filter, cursor) { key, step, change in
                if let reason = try step.drop(key) {
                    change.left[reason, default: 0] += 1
                } else {
                    change.changed += 1
                }
            }
        }
    }

    /// Has rejected and withheld results and objects that are left alone tried again; one step of
    /// it.
    ///
    /// A rejected result that nothing newer of its object went out after waits again under its old
    /// stamp. What was withheld waits again and is judged anew when it is its turn. Whoever
    /// delivers is told of ``QueueChange/retried``.
    package func retry(
        _ filter: QueueFilter,
        after cursor: QueueCursor? = nil
    ) async throws(SpoolFault) -> QueueChange {
        try await perform { step in
            try step.edit(filter, cursor) { key, step, change in
                try step.retry(key, &change)
            }
        }
    }
}

extension SpoolTransaction {
    fileprivate mutating func edit(
        _ filter: QueueFilter,
        _ cursor: QueueCursor?,
        _ body: (QueueRowKey, inout SpoolTransaction, inout QueueChange) throws -> Void
    ) throws -> QueueChange {
        var change = QueueChange()
        change.next = cursor
        try visit(filter, after: cursor) { key, step in
            guard try step.hasLogRoom(for: Self.forgottenFrames) else { return false }
            try body(key, &step, &change)
            change.next = key.cursor
            return true
        } end: {
            change.next = $0
        }
        return change
    }

    /// Forgets one entry, or says why it cannot be.
    fileprivate mutating func drop(_ key: QueueRowKey) throws -> String? {
        let (destination, object, result) = key.place
        if key.state == .sent || key.state == .ambiguous {
            // Nobody ever finds out what became of it where nobody delivers any more.
            guard try destinations().contains(where: { $0.id == destination && $0.isRetired })
            else {
                return "It is out, and its fate is not known yet. Drop it when it waits again."
            }
        }
        try drop(result, of: object, at: destination)
        return nil
    }

    fileprivate mutating func retry(_ key: QueueRowKey, _ change: inout QueueChange) throws {
        let (destination, object, result) = key.place
        let lane: Values = [destination, object]
        var retried = RetriedLane(
            destination: DestinationID(rawValue: destination),
            object: key.object,
            count: 0
        )
        switch key.state {
        case .sent, .ambiguous, .delivered:
            change.left["It is out or delivered; there is nothing to retry.", default: 0] += 1
            return
        case .queued:
            guard key.isParked else {
                change.left["It waits for its turn; there is nothing to retry.", default: 0] += 1
                return
            }
            try run(SQL.laneUnparked, lane)
        case .rejected, .withheld:
            let place: Values = [destination, object, result]
            if let reason = try obstacle(place, lane, key.state) {
                change.left[reason, default: 0] += 1
                return
            }
            try run(SQL.requeueRejected, place)
            try run(SQL.deleteRejected, place)
            try run(SQL.laneRejectedRetried, [result] + lane)
            retried.count = 1
        }
        change.changed += 1
        change.retried.append(retried)
    }

    /// Why a rejected result cannot be tried again; nil when it can.
    private func obstacle(
        _ place: Values,
        _ lane: Values,
        _ state: DeliveryState
    ) throws -> String? {
        let own = try row(SQL.queueRejected, place) { row in
            (stamp: try row.optionalTimestamp(0), attempts: try row.value(1) as Int64)
        }
        let newest = try row(SQL.laneNewest, lane) { row in
            (leased: try row.optional(0) as Int64?, stamp: try row.optionalTimestamp(1))
        }
        // what is newer than a withheld result waits, or that result would be gone
        let isNext = own?.stamp != nil && own?.stamp == newest?.stamp || state == .withheld
        guard let own, let newest, newest.leased == nil, isNext else { return Self.tooLate }
        return own.attempts < Self.attemptLimit ? nil : Self.usedUp
    }

    /// Attempts after which nothing is tried again: each is stamped a microsecond lower, and stamps
    /// of one object are a millisecond apart.
    private static let attemptLimit: Int64 = 900
    private static let usedUp = "It was tried too often without an answer. Drop it."
    private static let tooLate = """
        Something newer of its object went out after it, so the master would discard it. Drop it.
        """
}

extension QueueRowKey {
    fileprivate var place: (destination: Int64, object: Int64, result: Int64) {
        (cursor.destination, cursor.object, cursor.result)
    }
}
