package import Monitoring

/// What orders one object's results on the master: the `execution_start` each is submitted with.
///
/// - Stamps of one object at one destination strictly increase, by at least ``smallestGap``.
/// - A repeat of an ambiguous attempt is stamped one microsecond lower than the one before it, so
///   that whichever arrives second is the older one and is discarded. Repeats end before they reach
///   the stamp of the result before.
/// - No stamp lies ahead of the master's clock, or any later result would be taken in any order.
///   When the master's clock was stepped back behind the last stamp, this wins.
/// - Source: Icinga 2 `Checkable::ProcessCheckResult` discards a result whose execution start is
///   older than the stored one and takes an equal one again.
package enum StampRule {
    /// Smallest distance between the base stamps of two results of one object.
    package static let smallestGap = Duration.milliseconds(1)
    /// Most repeats of one result, one microsecond each: stays within ``smallestGap``.
    package static let mostRepeats = 900
    /// A stamp up to this far ahead is waited for; one further ahead is set to the master's now.
    ///
    /// 10 seconds: as far as the clocks of two nodes of a zone may differ without results passing
    /// each other on the way from one to the other.
    package static let longestHold = Duration.seconds(10)

    /// What to do with a result that has no stamp yet.
    package enum Decision: Hashable, Sendable {
        /// Submit it with this stamp.
        case stamp(Timestamp)
        /// Its stamp is still ahead of the master's clock by this much.
        case hold(Duration)
    }

    /// The stamp of a result that started at `start` by this host's clock.
    ///
    /// - Parameters:
    ///   - start: when the execution started, by this host's clock.
    ///   - last: the last stamp given to this object at this destination.
    ///   - translation: what makes this host's times the master's.
    ///   - passed: a moment that the master's clock has certainly reached.
    ///   - ahead: one that it has certainly not passed; what lies between them may be its now, and
    ///     is waited for however long that takes.
    package static func decide(
        start: Timestamp, last: Timestamp?, translation: Duration, passed: Timestamp,
        ahead: Timestamp
    ) -> Decision {
        var wanted = start + translation
        if let last { wanted = max(wanted, last + smallestGap) }
        guard wanted > passed else { return .stamp(wanted) }
        return wanted - max(passed, ahead) <= longestHold
            ? .hold(wanted - passed) : .stamp(passed)
    }

    /// The stamp of the given attempt, counted from 1, of a result with this base stamp.
    package static func stamp(base: Timestamp, attempt: Int) -> Timestamp {
        precondition((1...(mostRepeats + 1)).contains(attempt), "attempts are bounded before")
        return Timestamp(microseconds: base.microseconds - Int64(attempt - 1))
    }

    /// What the master's stored stamp says about a result after `attempts` ambiguous attempts.
    package enum Verdict: Hashable, Sendable {
        /// One of the attempts is what the master holds.
        case delivered
        /// The master holds something newer.
        case superseded
        /// None of the attempts took effect.
        case absent
    }

    /// Compares what the master holds with all attempts of a result.
    package static func verdict(base: Timestamp, attempts: Int, held: Timestamp?) -> Verdict {
        guard let held else { return .absent }
        if held > base { return .superseded }
        let lowest = base.microseconds - Int64(max(0, attempts - 1))
        return held.microseconds >= lowest ? .delivered : .absent
    }
}
