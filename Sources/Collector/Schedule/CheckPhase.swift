internal import Monitoring

/// When checks come: Icinga's arithmetic, on a clock that never steps.
///
/// - Source: Icinga 2 `Checkable::UpdateNextCheck` and `Checkable::Start`.
enum CheckPhase {
    /// What is due sooner than this after a start is spread anew, and at most over this.
    static let startWindow = Duration.seconds(60)

    /// Bounds every interval: a shorter one would keep the host busy with nothing else.
    static let shortestInterval = Duration.milliseconds(100)

    /// Bounds every interval: ten years, so that no sum of times overflows.
    static let longestInterval = Duration.seconds(315_360_000)

    /// An interval within the bounds.
    static func bounded(_ interval: Duration) -> Duration {
        min(max(interval, shortestInterval), longestInterval)
    }

    /// The next check's time after one that ended `now`.
    ///
    /// Each round is shorter than the interval, by half a second and five per cent at most, until
    /// the object has its own place in the interval: objects that once came together drift apart.
    static func next(after now: Duration, interval: Duration, offset: Double) -> Duration {
        let seconds = interval.inSeconds
        guard seconds > 1 else { return now + interval }
        let phase = now.inSeconds * 100 + offset
        var adjustment = phase.truncatingRemainder(dividingBy: seconds * 100) / 100
        if adjustment != 0 {
            let most = 0.5 + offset.truncatingRemainder(dividingBy: seconds * 5) / 100
            adjustment = min(most, adjustment)
        }
        return now + interval - .seconds(adjustment)
    }
}
