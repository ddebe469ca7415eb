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
                try step.keptLane(object.name, object.id, destination.rawValue)
            }
        }
    }

    /// Forgets delivered results that the master was seen to hold, and returns how many.
    ///
    /// Takes as many transactions as the log's share asks for, with other steps between them: what
    /// is not forgotten when one fails can be proved later.
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
        var count = 0
        var left = proofs[...]
        while !left.isEmpty {
            let step = try await perform { [left] step in
                try step.confirm(left, destination.rawValue, acknowledgedBefore)
            }
            count += step.confirmed
            left = left.dropFirst(step.done)
        }
        return count
    }

    /// Queues again, in order, what was delivered under a stamp above the one the master holds.
    ///
    /// For a master that forgot. The results keep base stamps and attempts: what comes next of each
    /// is stamped a microsecond lower, so that nothing takes effect twice after all.
    ///
    /// One step of it, the oldest first: what is kept above the stamp is still to be queued then,
    /// and shows so at the next comparison.
    package func resend(
        _ forgotten: [ForgottenObject],
        of destination: DestinationID
    ) async throws(SpoolFault) -> ResendStep {
        guard !forgotten.isEmpty else { return ResendStep() }
        return try await perform { step in
            try step.resend(forgotten, destination.rawValue)
        }
    }
}

/// What one step of ``SpoolQueue/resend(_:of:)`` came to.
package struct ResendStep: Hashable, Sendable {
    /// How many results were queued, of each object that had some.
    package var queued: [ObjectName: Int] = [:]
    /// What the next step is for; empty when this was the last.
    package var left: [ForgottenObject] = []
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

extension SpoolTransaction {
    /// What the kept rows of an object come to; nil without any.
    fileprivate func keptLane(
        _ name: ObjectName, _ object: Int64, _ destination: Int64
    ) throws -> KeptLane? {
        guard let newest = try newestKept(object, destination) else { return nil }
        let ahead = try fetch(
            SQL.keptAhead, [destination, object, newest.upperBound.microseconds]
        ) { row in try row.stamps(0) }
        return try row(SQL.keptOfLane, [destination, object]) { row in
            KeptLane(
                object: name,
                count: try row.value(0),
                newestStamp: newest.lowerBound,
                newestAcknowledged: try row.timestamp(1),
                oldestAcknowledged: try row.timestamp(2),
                stampedAhead: ahead,
                sentAfter: try sentHead(object, destination)
            )
        }
    }

    private func newestKept(
        _ object: Int64, _ destination: Int64
    ) throws -> ClosedRange<Timestamp>? {
        try row(SQL.newestKept, [destination, object]) { row in try row.stamps(0) }
    }

    /// The stamps of the first result behind the kept ones, if it was sent before.
    private func sentHead(
        _ object: Int64, _ destination: Int64
    ) throws -> ClosedRange<Timestamp>? {
        try row(SQL.sentHead, [destination, object]) { row in
            try row.optionalTimestamp(1) == nil ? nil : try row.stamps(0)
        } ?? nil
    }

    /// The last of an object's kept rows that a master that holds this stamp has taken.
    ///
    /// Stamps grow, so the one it holds tells. Where they do not, because the master's clock was
    /// set back, the row that bears the stamp tells; without one, a row that was stamped ahead of
    /// the newest counts as taken: the newest could not have gone out before it.
    private func lastTaken(
        holding held: Timestamp?, _ object: Int64, _ destination: Int64
    ) throws -> Int64 {
        guard let held else { return -1 }
        if try sentHead(object, destination)?.contains(held) == true { return .max }
        let key: Values = [destination, object, held.microseconds]
        if let bearer = try integer(SQL.keptBearing, key) { return bearer }
        guard let newest = try newestKept(object, destination) else { return .max }
        let lacking = try integer(SQL.keptLacking, key + [newest.upperBound.microseconds])
        return lacking.map { $0 - 1 } ?? .max
    }

    /// Forgets what the first of these proofs prove, a bounded number of rows, and says how many
    /// of the proofs are done with.
    fileprivate mutating func confirm(
        _ proofs: ArraySlice<StampProof>,
        _ destination: Int64,
        _ acknowledgedBefore: Timestamp
    ) throws -> (confirmed: Int, done: Int) {
        var confirmed = 0
        for (place, proof) in proofs.enumerated() {
            guard let object = try find(proof.object) else { continue }
            let values: Values = [
                destination, object, try lastTaken(holding: proof.stamp, object, destination),
                acknowledgedBefore.microseconds,
                Self.keptStep - confirmed,
            ]
            let proven = try fetch(SQL.provenOfLane, values) { row in try row.value(0) as Int64 }
            var count = 0
            for result in proven {
                guard try hasLogRoom(for: Self.forgottenFrames) else { break }
                let state = RowState.kept.rawValue
                try run(SQL.deleteDelivery, [destination, object, result, state])
                try release(result, of: object, by: destination)
                count += 1
            }
            if count > 0 {
                note(.confirm)
                try run(SQL.laneConfirmed, [count, destination, object])
            }
            confirmed += count
            guard count == proven.count, confirmed < Self.keptStep else {
                return (confirmed, place)
            }
        }
        return (confirmed, proofs.count)
    }

    fileprivate mutating func resend(
        _ forgotten: [ForgottenObject],
        _ destination: Int64
    ) throws -> ResendStep {
        var step = ResendStep()
        var room = Self.keptStep
        for (place, one) in forgotten.enumerated() {
            guard let object = try find(one.name) else { continue }
            let lost = try fetch(
                SQL.keptBehind,
                [destination, object, try lastTaken(holding: one.held, object, destination), room]
            ) { row in try row.value(0) as Int64 }
            var count = 0
            for result in lost {
                guard try hasLogRoom(for: Self.requeuedFrames) else { break }
                try run(SQL.requeueKept, [destination, object, result])
                count += 1
            }
            if count > 0, let first = lost.first {
                note(.resend)
                try run(SQL.laneResent, [count, first, destination, object])
                step.queued[one.name] = count
            }
            room -= count
            guard count == lost.count, room > 0 else {
                step.left = Array(forgotten[place...])
                return step
            }
        }
        return step
    }

    /// Kept rows that one step forgets or queues again.
    ///
    /// 500: some milliseconds, so that other steps need not wait long.
    private static let keptStep = 500
    /// Pages that change with a row that is queued again: its own, the one in the index by age, its
    /// lane's.
    private static let requeuedFrames = 3
}

extension StoredRow {
    /// The stamps of all attempts of a row, from two columns: the lowest and the base.
    fileprivate func stamps(_ column: Int) throws -> ClosedRange<Timestamp> {
        let lowest = try timestamp(column)
        let base = try timestamp(column + 1)
        guard lowest <= base else { throw RowFault(column: column) }
        return lowest...base
    }
}
