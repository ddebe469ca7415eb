internal import Monitoring

/// What the scheduler knows of one object.
struct ScheduleEntry: Sendable {
    var plan: CheckPlan
    /// Its own place in the interval, in hundredths of a second.
    let offset: Double
    var checkState: CheckState?
    /// When it is looked at next, on the monotonic clock; nil while it runs and when it is not
    /// scheduled.
    var due: Duration?
    /// When its `check_period` lets it be checked next; nil when that is at its due time.
    var opening: Timestamp?
    /// True for what somebody wants now, whatever period and dependencies say.
    var isForced = false
    /// Whose problem kept the last check from being run.
    var suppressor: ObjectName?
    /// Of the running check.
    var ticket: UInt64?
    var lastStart: Timestamp?
    var lastEnd: Timestamp?
    var lastOutput = ""

    /// Most characters of the output's first line that are kept; the rest is in the result.
    private static let lineLimit = 256

    init(plan: CheckPlan, offset: Double, saved: ScheduleState?) {
        self.plan = plan
        self.offset = offset
        checkState = saved?.checkState
        lastStart = saved?.lastStart
        lastEnd = saved?.lastEnd
        lastOutput = saved?.lastOutput ?? ""
    }

    var interval: Duration {
        let isSoft = checkState?.type == .soft
        return CheckPhase.bounded(isSoft ? plan.retryInterval : plan.checkInterval)
    }

    var wasInterrupted: Bool {
        guard let lastStart else { return false }
        return lastEnd.map { $0 < lastStart } ?? true
    }

    mutating func begin(ticket: UInt64, at now: Moment) {
        self.ticket = ticket
        due = nil
        opening = nil
        isForced = false
        suppressor = nil
        lastStart = now.wall
    }

    /// - Parameter isCheck: false for what was told instead of one: the last output stays.
    mutating func end(
        output: PluginOutput, start: Timestamp, end: Timestamp, isCheck: Bool
    ) -> Significance {
        ticket = nil
        return take(output: output, start: start, end: end, isCheck: isCheck)
    }

    /// When a result counts as found that somebody submits: behind the one before it, and no later
    /// than now.
    func time(_ found: Timestamp, at now: Moment) -> Timestamp {
        let earliest = lastStart.map { $0 + .microseconds(1) } ?? found
        return min(max(found, earliest), now.wall)
    }

    /// Counts a result, wherever it comes from.
    mutating func take(
        output: PluginOutput, start: Timestamp, end: Timestamp, isCheck: Bool = true
    ) -> Significance {
        lastStart = start
        lastEnd = end
        if isCheck {
            let line = output.text.unicodeScalars.prefix { $0 != "\n" }.prefix(Self.lineLimit)
            lastOutput = String(Substring(line))
        }
        let kind: ObjectKind = plan.object.isHost ? .host : .service
        let attempts = max(1, plan.maxCheckAttempts)
        guard var known = checkState else {
            checkState = .first(output.state, maxCheckAttempts: attempts, kind: kind)
            return .change
        }
        let significance = known.apply(output.state, maxCheckAttempts: attempts, kind: kind)
        checkState = known
        return significance
    }

    func status(
        _ pause: ObjectPause?, at now: Moment, _ calendar: any WallCalendar
    ) -> CheckStatus {
        var closed: String?
        if let period = plan.period, !period.contains(now.wall, calendar) { closed = period.name }
        return CheckStatus(
            schedule: schedule(at: now), isRunning: ticket != nil, isActive: plan.isActive,
            pause: pause, closedPeriod: closed, suppressor: suppressor)
    }

    /// When the next check comes; nil while it runs and when it is not scheduled.
    func nextCheck(at now: Moment) -> Timestamp? { opening ?? due.map(now.wall(at:)) }

    /// What is told of the object while it is not checked.
    func output(of pause: ObjectPause) -> PluginOutput {
        pause.output(checkState?.state, of: plan.object)
    }

    /// A check that is not scheduled, or runs, is told as due now.
    func schedule(at now: Moment) -> ScheduleState {
        ScheduleState(
            object: plan.object,
            checkState: checkState,
            lastStart: lastStart,
            lastEnd: lastEnd,
            nextCheck: nextCheck(at: now) ?? now.wall,
            lastOutput: lastOutput
        )
    }
}
