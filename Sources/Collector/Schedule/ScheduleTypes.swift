package import Monitoring

/// A check whose time has come.
package struct DueCheck: Hashable, Sendable {
    /// Whose.
    package let object: ObjectName
    /// Which execution; tells it from a later one of the same object.
    let ticket: UInt64
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
package enum RecheckAnswer: Hashable, Sendable {
    /// It is due now, and starts as soon as there is room.
    case queued
    /// A check of it runs; its result is the answer.
    case alreadyRunning
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
}
