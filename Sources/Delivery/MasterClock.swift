package import Monitoring

/// What is known of the master's clock: bounds on how far it is from this host's monotonic clock.
///
/// A result that the master processed between two moments of ours carries the master's time of
/// processing (`last_check`), so the master's clock is bracketed by the two. Measured against
/// the monotonic clock, the bracket survives steps of this host's wall clock.
///
/// - Source: Icinga 2 stamps `last_check` with the time of processing of a passive result.
package struct MasterClock: Sendable, Hashable {
    /// Lowest and highest value of (master's clock − monotonic clock) that fits what was seen.
    private struct Bounds: Sendable, Hashable {
        var low: Int64
        var high: Int64
    }

    private var bounds: Bounds?
    private var seenAt: Duration = .zero

    /// Skew up to this is left alone: stamps stay exactly what this host measured.
    ///
    /// 1 second, from the design: two hosts under NTP are closer than that. Over a link on which
    /// each exchange takes seconds, as much more is left alone until one was quick enough to tell.
    package static let toleratedSkew = Duration.seconds(1)

    /// How much two clocks may drift apart; widens an old bracket.
    ///
    /// 100 ppm is twice a bad quartz.
    private static let driftPerMillion: Int64 = 100

    /// A clock nobody has looked at.
    package init() {}

    /// True once the master's clock was seen, or assumed.
    package var isKnown: Bool { bounds != nil }

    /// Takes note of a result that the master processed at `lastCheck`, sent and answered at the
    /// given monotonic times.
    ///
    /// A bracket that overlaps the earlier one narrows it; one that does not replaces it, because
    /// then a clock was stepped. False for a time that no clock shows, which changes nothing.
    @discardableResult
    package mutating func observe(
        lastCheck: Timestamp, sentAt: Duration, answeredAt: Duration
    ) -> Bool {
        guard Self.isPlausible(lastCheck) else { return false }
        let new = Bounds(
            low: lastCheck.microseconds - answeredAt.wholeMicroseconds,
            high: lastCheck.microseconds - min(sentAt, answeredAt).wholeMicroseconds)
        if let old = widened(to: answeredAt), old.low <= new.high, new.low <= old.high {
            bounds = Bounds(low: max(old.low, new.low), high: min(old.high, new.high))
        } else {
            bounds = new
        }
        seenAt = answeredAt
        return true
    }

    /// Takes the master's clock to be this host's: without permission to read back there is
    /// nothing to see.
    package mutating func assumeEqual(time: any TimeSource) {
        let (wall, monotonic) = time.together
        let difference = wall.microseconds - monotonic.wholeMicroseconds
        bounds = Bounds(low: difference, high: difference)
        seenAt = monotonic
    }

    /// Forgets everything, as after a change of node.
    package mutating func forget() { bounds = nil }

    /// A moment that the master's clock has certainly reached; nil while it is unknown.
    package func certainlyPassed(at monotonic: Duration) -> Timestamp? {
        guard let bounds = widened(to: monotonic) else { return nil }
        return Timestamp(microseconds: monotonic.wholeMicroseconds + bounds.low)
    }

    /// A moment that the master's clock has certainly not passed; nil while it is unknown.
    package func certainlyAhead(at monotonic: Duration) -> Timestamp? {
        guard let bounds = widened(to: monotonic) else { return nil }
        return Timestamp(microseconds: monotonic.wholeMicroseconds + bounds.high)
    }

    /// How far the master's clock is ahead of this host's wall clock, as best known.
    package func skew(time: any TimeSource) -> Duration? {
        guard let bounds else { return nil }
        let middle = bounds.low + (bounds.high - bounds.low) / 2
        let (wall, monotonic) = time.together
        return .microseconds(middle - (wall.microseconds - monotonic.wholeMicroseconds))
    }

    /// What is added to this host's times to make them the master's: nothing while the skew is
    /// unknown or may be tolerable.
    ///
    /// An exchange that took seconds brackets the clock no closer than that: its middle would be
    /// wrong by as much where the clocks agree.
    package func translation(time: any TimeSource) -> Duration {
        guard let bounds, let skew = skew(time: time) else { return .zero }
        let uncertainty = (bounds.high - bounds.low) / 2
        let least = abs(skew.wholeMicroseconds) - uncertainty
        return least > Self.toleratedSkew.wholeMicroseconds ? skew : .zero
    }

    private func widened(to monotonic: Duration) -> Bounds? {
        guard let bounds else { return nil }
        let age = max(0, (monotonic - seenAt).wholeMicroseconds)
        let drift = age / 1_000_000 * Self.driftPerMillion
        return Bounds(low: bounds.low - drift, high: bounds.high + drift)
    }

    /// False for times that no clock shows.
    static func isPlausible(_ time: Timestamp) -> Bool {
        time.microseconds.magnitude < plausibleMicroseconds
    }

    /// Times further from 1970 than this are lies: 3,000 years, far from any overflow.
    private static let plausibleMicroseconds: UInt64 = 94_608_000_000_000_000
}
