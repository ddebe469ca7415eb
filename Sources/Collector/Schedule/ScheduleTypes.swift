package import Monitoring

/// A check whose time has come.
package struct DueCheck: Hashable, Sendable {
    /// Whose.
    package let object: ObjectName
    /// Which execution; tells it from a later one of the same object.
    let ticket: UInt64
    /// What is told instead of a check; nil when it is run.
    package let told: PluginOutput?
    /// What the result is to the object.
    let origin: ScheduleEntry.Origin
}

/// What a finished check means.
package struct ScheduledResult: Hashable, Sendable {
    /// What the check came to, with the time of the next one.
    package var result: CheckResult
    /// What it changed.
    package var significance: Significance
    /// Where the object's schedule stands now.
    package var schedule: ScheduleState
}

/// What became of the wish to check an object now.
package enum CheckNowAnswer: Hashable, Sendable {
    /// It is due now, and starts as soon as there is room.
    case queued
    /// A check of it runs; its result is the answer.
    case alreadyRunning
    /// No such object is planned here.
    case unknownObject
}

/// When a plugin ran whose result is submitted, by this host's clock.
package struct ExecutionSpan: Hashable, Sendable {
    /// When it began.
    package var start: Timestamp
    /// When it ended.
    package var end: Timestamp

    /// A span with both ends.
    package init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// Longest that is believed; a plugin's timeout is no longer.
    ///
    /// A day, as ``LauncherSettings/longestTimeout``.
    static let longest = Duration.seconds(86_400)

    /// The part of it that can be true: not in the future, after the result before it, no longer
    /// than ``longest``.
    func believed(after last: Timestamp?, at now: Timestamp) -> ExecutionSpan {
        let earliest = last.map { $0 + .microseconds(1) } ?? start
        let end = min(max(end, earliest), now)
        return ExecutionSpan(
            start: min(max(start, earliest, end - Self.longest), end), end: end)
    }
}

/// Where an object stood before a result that was submitted, for giving it back if the result
/// cannot be stored.
package struct CountedResult: Sendable {
    /// The object as it was.
    let before: ScheduleEntry
    /// See ``ScheduleEntry/count``, of the result.
    let count: UInt64
}

/// What became of a result that was submitted.
package enum SubmissionAnswer: Sendable {
    /// What is to be stored, where the object stands with it, and where it stood before.
    case taken(CheckRecord, CheckState, CountedResult)
    /// The object is checked here, so nobody else says how it is.
    case active
    /// A check of it that somebody asked for runs, or is about to be stored: ask again.
    case busy
    /// Nothing is taken any more.
    case stopping
    /// No such object is planned here.
    case unknownObject
}

/// One object's run-time state, for `status` and `list`.
package struct CheckStatus: Hashable, Sendable {
    /// Where its schedule stands; `nextCheck` means nothing while it runs or is not active.
    package var schedule: ScheduleState
    /// True while a check of it runs.
    package var isRunning: Bool
    /// False when it is only checked on request.
    package var isActive: Bool
    /// Why and until when it is not run; nil while it is.
    package var pause: ObjectPause?
    /// The name of the `check_period` that it is outside of now; nil inside and without one.
    package var closedPeriod: String?
    /// The object whose problem kept its last check from being run; nil when nothing did.
    package var suppressor: ObjectName?
    /// True for a passive object that becomes stale when no result comes in time.
    package var expectsResults: Bool
    /// When such an object is told as stale (again) unless a result comes; nil while it is checked
    /// on request, and while it is paused.
    package var staleAt: Timestamp?
    /// True when the last that was told of it is that it is stale.
    package var isStale: Bool

    /// A status with all its parts.
    package init(
        schedule: ScheduleState, isRunning: Bool, isActive: Bool, pause: ObjectPause? = nil,
        closedPeriod: String? = nil, suppressor: ObjectName? = nil,
        expectsResults: Bool = false, staleAt: Timestamp? = nil, isStale: Bool = false
    ) {
        self.schedule = schedule
        self.isRunning = isRunning
        self.isActive = isActive
        self.pause = pause
        self.closedPeriod = closedPeriod
        self.suppressor = suppressor
        self.expectsResults = expectsResults
        self.staleAt = staleAt
        self.isStale = isStale
    }
}
