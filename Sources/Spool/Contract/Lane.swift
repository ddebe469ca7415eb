package import Monitoring

/// Where one object stands at one destination.
///
/// In a lane results move in the order of their acceptance, one unresolved at a time.
package struct Lane: Hashable, Sendable {
    /// Whose lane.
    package let object: ObjectName
    /// Results that wait; the leased one is not among them.
    package var queued: Int
    /// The result that is out or whose fate is unknown.
    package var leased: Lease?
    /// Delivered results that no read has confirmed yet.
    package var kept: Int
    /// Results that the master will never take, and the newest one that was withheld, kept for
    /// inspection.
    package var rejected: Int
    /// The newest base stamp that was fixed in this lane; nil before the first.
    package var lastStamp: Timestamp?
    /// Until when the object is left alone, and why; nil when it is not.
    package var parked: Parked?
    /// Why the master ignored the newest result that it ignored; nil when it ignored none.
    package var ignoredReason: String?
    /// Why the newest result that was withheld was; nil when something newer went out.
    package var withheldReason: String?
    /// What was lost or came to nothing in this lane since the object is known.
    package var losses: LossCounts

    /// True when there is something to lease and nothing is leased.
    package var canLease: Bool { queued > 0 && leased == nil }

    /// The unresolved result of a lane.
    package struct Lease: Hashable, Sendable {
        /// Which result.
        package let sequence: Sequence
        /// True when its fate is unknown; always so after a restart.
        package var isAmbiguous: Bool
    }

    /// Why a lane waits.
    package struct Parked: Hashable, Sendable {
        /// Until when, by this host's clock.
        package let until: Timestamp
        /// Why, in words.
        package let reason: String
    }
}

/// Results that did not take effect, or whose proof was given up, by reason.
///
/// Counts only grow.
package struct LossCounts: Hashable, Sendable {
    /// Undelivered results given up at the size limit, rejected ones among them.
    package var evicted = 0
    /// Delivered results whose proof was given up at the size limit before a read confirmed them.
    package var evictedKept = 0
    /// Results refused at the size limit.
    package var refused = 0
    /// Results that the master had a newer one for.
    package var superseded = 0
    /// Results that the master ignored.
    package var ignored = 0
    /// Results that were dropped on an operator's word.
    package var dropped = 0
    /// Results that were skipped because a newer one says what the destination wants to know, see
    /// ``ReplayRule``.
    package var compacted = 0
    /// Results of which nothing may leave this host.
    package var withheld = 0

    /// No losses.
    package init() {}

    /// True when nothing was lost.
    package var isEmpty: Bool { self == LossCounts() }
}

/// A leased result as it is found after a restart.
package struct UnresolvedLease: Hashable, Sendable {
    /// Whose result.
    package let object: ObjectName
    /// Which one.
    package let sequence: Sequence
    /// The stamp of its first attempt, in the master's clock.
    package let baseStamp: Timestamp
    /// Attempts that may have left this host, at least 1.
    package let attempts: Int
    /// The node of the newest attempt.
    package let node: String
}

/// Delivered results of one object that no read has confirmed yet.
package struct KeptLane: Hashable, Sendable {
    /// Whose results.
    package let object: ObjectName
    /// How many.
    package let count: Int
    /// The lowest stamp under which the newest of them can be known to the master.
    package let newestStamp: Timestamp
    /// When the newest of them was acknowledged, by this host's clock.
    package let newestAcknowledged: Timestamp
    /// When the oldest of them was acknowledged, by this host's clock.
    package let oldestAcknowledged: Timestamp
    /// The stamps of older ones that are above the newest one's: the master's clock was set back
    /// between them.
    ///
    /// The master took the newest all the same, since what it held lay in its future.
    package var stampedAhead: [ClosedRange<Timestamp>] = []
    /// The stamps of the next result of the object, if it was sent and nobody knows whether it
    /// arrived.
    package var sentAfter: ClosedRange<Timestamp>?

    /// True when a master that holds this stamp of the object lacks at least the newest of them.
    package func isLacking(_ held: Timestamp?) -> Bool {
        guard let held else { return true }
        if sentAfter?.contains(held) == true { return false }
        return held < newestStamp || stampedAhead.contains { $0.contains(held) }
    }
}
