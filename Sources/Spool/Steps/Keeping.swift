package import Monitoring

extension SpoolQueue {
    /// The objects with delivered results that no read has confirmed yet.
    package func keptLanes(
        of destination: DestinationID
    ) async throws(SpoolFault) -> [KeptLane] {
        try await perform { step in
            let found = try step.fetch(SQL.keptLanes, [destination.rawValue]) { row in
                (id: try row.value(0) as Int64, name: try row.object(1))
            }
            return try found.compactMap { object in
                KeptLane(object.name, try step.sentRows(object.id, destination.rawValue))
            }
        }
    }

    /// Forgets delivered results that the master was seen to hold, and returns how many.
    ///
    /// - Parameters:
    ///   - proofs: objects with the stamp that the master holds of each.
    ///   - acknowledgedBefore: results that were acknowledged later stay, whatever the proof says:
    ///     the master may not have written its state down since.
    package func confirm(
        _ proofs: [StampProof],
        of destination: DestinationID,
        acknowledgedBefore: Timestamp
    ) async throws(SpoolFault) -> Int {
        try await perform { step in
            var count = 0
            for proof in proofs {
                count += try step.confirm(proof, destination.rawValue, acknowledgedBefore)
            }
            return count
        }
    }

    /// Queues again, in order, what was delivered under a stamp above the one the master holds.
    ///
    /// For a master that forgot. The results keep base stamps and attempts: what comes next of each
    /// is stamped a microsecond lower, so that nothing takes effect twice after all.
    ///
    /// - Returns: how many were queued, of each object that had some.
    package func resend(
        _ forgotten: [ForgottenObject],
        of destination: DestinationID
    ) async throws(SpoolFault) -> [ObjectName: Int] {
        guard !forgotten.isEmpty else { return [:] }
        return try await perform { step in
            var queued: [ObjectName: Int] = [:]
            for one in forgotten {
                let count = try step.resend(one.name, destination.rawValue, after: one.held)
                if count > 0 { queued[one.name] = count }
            }
            return queued
        }
    }
}

/// An object of which the master holds less than it acknowledged.
package struct ForgottenObject: Hashable, Sendable {
    /// Which object.
    package var name: ObjectName
    /// The stamp of what the master holds; nil when it holds nothing.
    package var held: Timestamp?

    /// One with its parts.
    package init(name: ObjectName, held: Timestamp?) {
        self.name = name
        self.held = held
    }
}

/// What the master was seen to hold of an object.
package struct StampProof: Hashable, Sendable {
    /// Which object.
    package var object: ObjectName
    /// `execution_start` of its newest result there.
    package var stamp: Timestamp

    /// A proof with its parts.
    package init(object: ObjectName, stamp: Timestamp) {
        self.object = object
        self.stamp = stamp
    }
}

/// A delivered result as it is kept.
private struct KeptRow {
    let result: Int64
    let baseStamp: Timestamp
    let attempts: Int64
    let acknowledged: Timestamp

    /// The stamps under which the master can hold it.
    var stamps: ClosedRange<Timestamp> {
        baseStamp - .microseconds(max(attempts, 1) - 1)...baseStamp
    }

    init(_ row: StoredRow) throws {
        result = try row.value(0)
        baseStamp = try row.timestamp(1)
        attempts = try row.value(2)
        acknowledged = try row.timestamp(3)
    }
}

extension KeptLane {
    /// What the rows of an object come to; nil without any.
    fileprivate init?(_ object: ObjectName, _ sent: SentRows) {
        let rows = sent.kept
        guard let newest = rows.last,
            let first = rows.map(\.acknowledged).min(), let last = rows.map(\.acknowledged).max()
        else { return nil }
        self.object = object
        count = rows.count
        newestStamp = newest.stamps.lowerBound
        sentAfter = sent.next?.stamps
        stampedAhead = rows.map(\.stamps).filter { $0.lowerBound > newest.baseStamp }
        newestAcknowledged = last
        oldestAcknowledged = first
    }
}

/// What was sent of one object and is still in the spool, in the order of acceptance.
private struct SentRows {
    let kept: [KeptRow]
    /// The first one behind them, if it was sent before.
    let next: KeptRow?

    /// The kept ones that a master that holds this stamp has taken, and those it lacks.
    ///
    /// Stamps grow, so the one it holds tells. Where they do not, because the master's clock was
    /// set back, the row that bears the stamp tells; without one, a row that was stamped ahead of
    /// the newest counts as taken: the newest could not have gone out before it.
    func split(
        holding held: Timestamp?
    ) -> (
        taken: ArraySlice<KeptRow>, lacking: ArraySlice<KeptRow>
    ) {
        let count = countTaken(holding: held)
        return (kept[..<count], kept[count...])
    }

    private func countTaken(holding held: Timestamp?) -> Int {
        guard let held, let newest = kept.last else { return 0 }
        if next?.stamps.contains(held) == true { return kept.count }
        if let place = kept.lastIndex(where: { $0.stamps.contains(held) }) { return place + 1 }
        return kept.firstIndex { row in
            row.stamps.lowerBound > held && row.baseStamp <= newest.baseStamp
        } ?? kept.count
    }
}

extension SpoolTransaction {
    fileprivate func sentRows(_ object: Int64, _ destination: Int64) throws -> SentRows {
        let next = try row(SQL.sentHead, [destination, object]) { row in
            // a row that was never sent has no stamp
            try row.optionalTimestamp(1) == nil ? nil : try KeptRow(row)
        }
        return SentRows(
            kept: try fetch(SQL.keptOfLane, [destination, object], read: KeptRow.init),
            next: next ?? nil)
    }

    fileprivate mutating func confirm(
        _ proof: StampProof,
        _ destination: Int64,
        _ acknowledgedBefore: Timestamp
    ) throws -> Int {
        guard let object = try find(proof.object) else { return 0 }
        let proven = try sentRows(object, destination).split(holding: proof.stamp).taken.filter {
            $0.acknowledged < acknowledgedBefore
        }
        if !proven.isEmpty { note(.confirm) }
        for row in proven {
            let state = RowState.kept.rawValue
            try run(SQL.deleteDelivery, [destination, object, row.result, state])
            try release(row.result, of: object, by: destination)
        }
        try run(SQL.laneConfirmed, [proven.count, destination, object])
        return proven.count
    }

    fileprivate mutating func resend(
        _ name: ObjectName,
        _ destination: Int64,
        after stamp: Timestamp?
    ) throws -> Int {
        guard let object = try find(name) else { return 0 }
        let lost = try sentRows(object, destination).split(holding: stamp).lacking
        guard let first = lost.first else { return 0 }
        note(.resend)
        for row in lost { try run(SQL.requeueKept, [destination, object, row.result]) }
        try run(SQL.laneResent, [lost.count, first.result, destination, object])
        return lost.count
    }
}
