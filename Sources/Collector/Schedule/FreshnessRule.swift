internal import Monitoring

/// How long a passive object may go without a submitted result, and what is told when it does.
///
/// The interval is the object's `check_interval`: how often whoever submits says that a result
/// comes. What is longer overdue than ``tolerance`` counts as missed.
package struct FreshnessRule: Sendable, Hashable {
    /// Time within which the next result is due.
    package let interval: Duration

    /// A rule; the interval is brought within the bounds of intervals.
    package init(interval: Duration) { self.interval = CheckPhase.bounded(interval) }

    /// Least time that a result may be late.
    ///
    /// 15 s: a cron job starts at the full minute and then takes as long as its check does; Nagios
    /// waits as long (`additional_freshness_latency`).
    package static let shortestTolerance = Duration.seconds(15)
    /// Most time that a result may be late.
    ///
    /// An hour: whoever has a nightly job that varies by more writes a longer interval.
    package static let longestTolerance = Duration.seconds(3600)

    /// How late a result may be: a tenth of the interval, within the two bounds.
    package var tolerance: Duration {
        min(max(interval / 10, Self.shortestTolerance), Self.longestTolerance)
    }

    /// How long after a result, or after the start of waiting for one, the object is stale.
    ///
    /// The bounds of intervals keep every sum of it with a time in range.
    package var limit: Duration { interval + tolerance }

    /// What is told of a stale object: UNKNOWN, since when and by what rule.
    ///
    /// - Parameter last: the last result's time, as its submitter gave it; nil when none is known.
    /// - Parameter isUnread: true when results that were dropped may lie unread, see
    ///   ``TellingQueue/longestHold``.
    func output(since last: Timestamp?, isUnread: Bool = false) -> PluginOutput {
        let since = last.map { "since that of \(LocalTime($0).longDateTime)" } ?? "yet"
        let text = """
            STALE: no result was submitted \(since) - one is due every \
            \(LocalTime.span(interval.inSeconds)) (check_interval), and \
            \(LocalTime.span(tolerance.inSeconds)) more were waited for it
            """ + (isUnread ? Self.unreadText : "")
        return PluginOutput(
            bytes: Array(text.utf8), ending: .exited(Int32(ServiceState.unknown.rawValue)))
    }

    private static let unreadText = """
         - one may wait in the drop directory, which cannot be emptied: `forwarder status` says why
        """
}
