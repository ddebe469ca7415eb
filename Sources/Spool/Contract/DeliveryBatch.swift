package import Monitoring

/// One receiver of results, by its row in the spool; stays the same across restarts.
package struct DestinationID: Hashable, Sendable {
    /// The row.
    package let rawValue: Int64
}

/// A result's place in line; grows with every accepted result and is never used twice.
package struct Sequence: Hashable, Comparable, Sendable {
    /// The row.
    package let rawValue: Int64

    package static func < (a: Sequence, b: Sequence) -> Bool { a.rawValue < b.rawValue }
}

/// A snapshot of an object, stored once by content.
package struct SnapshotID: Hashable, Sendable {
    /// The row.
    package let rawValue: Int64
}

/// What delivery records and takes in one transaction, see ``SpoolQueue/exchange(_:)``.
package struct DeliveryBatch: Sendable {
    /// Whose rows.
    package var destination: DestinationID
    /// What became of leased results; applied first, in this order.
    package var settlements: [Settlement]
    /// Objects to leave alone for a while; applied second.
    package var parkings: [Parking]
    /// Objects whose oldest queued result goes out next; applied last.
    package var leases: [LeaseRequest]
    /// Texts of so many bytes are leased; one more result may go past it, the others wait.
    package var leaseByteLimit: Int
    /// What is skipped of what waits in the lanes that are leased from, before that; at most
    /// ``replayLimit`` rows.
    package var replay: ReplayRule
    /// Chooses the base stamp of a result that has none yet.
    ///
    /// Called inside the transaction, at most once for each lease: a pure function of its argument
    /// and of captured values.
    package var stamp: @Sendable (LeaseCandidate) -> StampDecision
    /// Says what of a result leaves; a lane gives out its oldest queued one of which something
    /// does, and withholds those before it.
    package var release: ReleaseRule = { result, _, _ in .released(result, command: []) }

    /// Most rows that one batch reads, gives up or withholds in order to get to what goes out.
    ///
    /// 1,000: some milliseconds, so that other steps need not wait long. The next lease goes on
    /// there; until then delivery goes on with what is left.
    package static let replayLimit = 1000

    /// A batch with all its parts.
    package init(
        destination: DestinationID,
        settlements: [Settlement] = [],
        parkings: [Parking] = [],
        leases: [LeaseRequest] = [],
        leaseByteLimit: Int = .max,
        replay: ReplayRule = ReplayRule(),
        stamp: @escaping @Sendable (LeaseCandidate) -> StampDecision = { _ in .leaveQueued }
    ) {
        self.destination = destination
        self.settlements = settlements
        self.parkings = parkings
        self.leases = leases
        self.leaseByteLimit = leaseByteLimit
        self.replay = replay
        self.stamp = stamp
    }
}

/// Asks for the oldest queued result of one object.
package struct LeaseRequest: Hashable, Sendable {
    /// Whose result.
    package var object: ObjectName
    /// The node that it will be sent to.
    package var node: String

    /// A request with all its parts.
    package init(object: ObjectName, node: String) {
        self.object = object
        self.node = node
    }
}

/// A result that is about to get its base stamp.
package struct LeaseCandidate: Sendable {
    /// Its place in line.
    package let sequence: Sequence
    /// What is to be sent.
    package let result: CheckResult
    /// The newest base stamp that this object was given at this destination; nil before the first.
    package let lastStamp: Timestamp?
}

/// What the caller wants done with a ``LeaseCandidate``.
package enum StampDecision: Hashable, Sendable {
    /// Lease it under this base stamp, for good.
    case lease(baseStamp: Timestamp)
    /// Not now: nothing about the result changes.
    case leaveQueued
}

/// A result whose attempt is committed: its bytes may leave now.
package struct LeasedResult: Hashable, Sendable {
    /// Its place in line; with the object it names the row in a ``Settlement``.
    package let sequence: Sequence
    /// What is to be sent, with this host's own times: what of it may leave.
    package let result: CheckResult
    /// The command line that is sent along; empty for none.
    package var command: [String] = []
    /// What it changed.
    package let significance: Significance
    /// What its object was when it ran, see ``SpoolQueue/snapshot(_:)``.
    package let snapshot: SnapshotID
    /// The stamp of its first attempt, in the master's clock.
    package let baseStamp: Timestamp
    /// Which attempt this is, from 1; certainly unprocessed ones do not count.
    package let attempt: Int
    /// The node it is meant for.
    package let node: String

    /// The stamp of this attempt: a microsecond below the base for each attempt before it.
    package var stamp: Timestamp { baseStamp - .microseconds(attempt - 1) }

    /// Bytes of all that is sent of it but names.
    package var textByteCount: Int {
        command.reduce(result.textByteCount) { $0 + $1.utf8.count }
    }
}

/// What became of one leased result.
package struct Settlement: Hashable, Sendable {
    /// Whose result.
    package var object: ObjectName
    /// Which one.
    package var sequence: Sequence
    /// What became of it.
    package var kind: Kind

    /// A settlement with all its parts.
    package init(object: ObjectName, sequence: Sequence, kind: Kind) {
        self.object = object
        self.sequence = sequence
        self.kind = kind
    }

    /// The ways in which a lease ends, or does not.
    package enum Kind: Hashable, Sendable {
        /// It took effect at this time of this host's clock; kept until a later read confirms it.
        case delivered(at: Timestamp)
        /// It took effect and no read will ever confirm it; forgotten.
        case deliveredUnconfirmed
        /// The master holds a newer one; forgotten and counted.
        case superseded
        /// A newer one that says the same of now goes instead; forgotten.
        case replaced
        /// The master dropped it (a dependency); forgotten and counted, the reason is shown.
        case ignored(reason: String)
        /// The master will never take it; kept for inspection, with its answer.
        case rejected(code: Int, text: String, at: Timestamp)
        /// Certainly not processed (not sent, 503): queued again, the attempt is taken back.
        case notProcessed
        /// Nobody knows yet: stays leased, and is marked so.
        case ambiguous
        /// A read showed that no attempt took effect: queued again, its attempts stay counted.
        case sendAgain
    }
}

/// An object that is left alone for a while; its results stay queued.
package struct Parking: Hashable, Sendable {
    /// Which object.
    package var object: ObjectName
    /// Until when, by this host's clock.
    ///
    /// The caller watches it; a lease ends the parking at once.
    package var until: Timestamp
    /// Why, for `status`; cut to ``textByteLimit``.
    package var reason: String

    /// Most bytes of a reason or of a master's answer that are stored; the rest is cut.
    ///
    /// 512: one line of a terminal several times over; the texts come from outside.
    package static let textByteLimit = 512

    /// A parking with all its parts.
    package init(object: ObjectName, until: Timestamp, reason: String) {
        self.object = object
        self.until = until
        self.reason = reason
    }
}

/// What an exchange came to.
package struct DeliveryAnswer: Hashable, Sendable {
    /// One for each request that found a result, in the order of the requests.
    package var leased: [LeasedResult] = []
    /// How many results were skipped, by object.
    package var compacted: [ObjectName: Int] = [:]
    /// How many results were withheld because nothing of them may leave, by object.
    package var withheld: [ObjectName: Int] = [:]
    /// The lanes of all objects the batch named, after it; objects without a lane are left out.
    package var lanes: [Lane] = []
    /// Settlements of results that were not leased (any more); nothing was done about them.
    package var unmatched: [Settlement] = []
}
