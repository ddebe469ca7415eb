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
    /// When it would be due without its `check_period`, on the monotonic clock; of a passive object
    /// when it would be stale.
    var wanted: Duration?
    /// True while a passive object is stale and that is about to be told; then ``due`` is since
    /// when.
    var isRipe = false
    /// True for what somebody wants now, whatever period and dependencies say.
    var isForced = false
    /// Whose problem kept the last check from being run; of a passive object of which results are
    /// expected whose problem keeps them from being submitted.
    var suppressor: ObjectName?
    /// Of the running check.
    var ticket: UInt64?
    var lastStart: Timestamp?
    var lastEnd: Timestamp?
    var lastOutput = ""
    /// When the newest result began, wherever it came from.
    var newestStart: Timestamp?
    /// True when the last that was told is that nobody submits a result any more.
    var isStale = false
    /// Which result was counted last; tells a result that cannot be stored from a later one.
    var count: UInt64 = 0

    /// What a result is to an object.
    enum Origin: Sendable {
        /// A check, or a result that somebody submitted.
        case check
        /// The last state once more, because an operator paused the object.
        case pause
        /// That no result was submitted in time.
        case staleness
    }

    /// Most characters of the output's first line that are kept; the rest is in the result.
    private static let lineLimit = 256

    init(plan: CheckPlan, offset: Double, saved: ScheduleState?) {
        self.plan = plan
        self.offset = offset
        checkState = saved?.checkState
        lastStart = saved?.lastStart
        lastEnd = saved?.lastEnd
        lastOutput = saved?.lastOutput ?? ""
        newestStart = saved?.lastStart
        isStale = plan.freshness != nil && saved?.isStale == true
    }

    var interval: Duration {
        let isSoft = checkState?.type == .soft
        return CheckPhase.bounded(isSoft ? plan.retryInterval : plan.checkInterval)
    }

    var wasInterrupted: Bool {
        guard let lastStart else { return false }
        return lastEnd.map { $0 < lastStart } ?? true
    }

    /// True when there is a time at which something is to be done about it.
    var isTimed: Bool { plan.isActive || plan.freshness != nil }

    /// What is told instead of the check that is due; nil when it is run.
    ///
    /// - Parameter isUnread: see ``FreshnessRule/output(since:isUnread:)``.
    func told(
        _ pause: ObjectPause?, isUnread: Bool = false
    ) -> (origin: Origin, output: PluginOutput)? {
        if let pause { return (.pause, pause.output(checkState?.state, of: plan.object)) }
        guard !isForced, let freshness = plan.freshness else { return nil }
        return (.staleness, freshness.output(since: lastEnd, isUnread: isUnread))
    }

    mutating func begin(ticket: UInt64, as origin: Origin, at now: Moment) {
        self.ticket = ticket
        due = nil
        opening = nil
        isForced = false
        isRipe = false
        if plan.freshness == nil { suppressor = nil }
        if isTold(origin) { lastStart = now.wall }
    }

    /// Of a passive object only what was submitted, or checked on request, is told as its last.
    private func isTold(_ origin: Origin) -> Bool { plan.isActive || origin == .check }

    /// What somebody wants now is not asked about its period and what it depends on.
    mutating func force(at now: Moment) {
        due = min(due ?? now.monotonic, now.monotonic)
        opening = nil
        isRipe = false
        isForced = true
    }

    /// Counts a result, wherever it comes from; what is told instead of one leaves the last output.
    ///
    /// - Parameter count: see ``count``.
    mutating func take(
        output: PluginOutput, start: Timestamp, end: Timestamp, as origin: Origin = .check,
        count: UInt64
    ) -> Significance {
        ticket = nil
        self.count = count
        newestStart = start
        if isTold(origin) {
            lastStart = start
            lastEnd = end
        }
        isStale = origin == .staleness || (isStale && origin == .pause)
        if origin == .check {
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

    /// Is again what it was before a result, as far as the result changed it, but for its time.
    mutating func takeBack(to before: ScheduleEntry) {
        checkState = before.checkState
        lastStart = before.lastStart
        lastEnd = before.lastEnd
        lastOutput = before.lastOutput
        newestStart = before.newestStart
        isStale = before.isStale && plan.freshness != nil
        count = before.count
    }

    func status(
        _ pause: ObjectPause?, at now: Moment, _ calendar: any WallCalendar
    ) -> CheckStatus {
        var closed: String?
        if let period = plan.period, !period.contains(now.wall, calendar) { closed = period.name }
        return CheckStatus(
            schedule: schedule(at: now), isRunning: ticket != nil, isActive: plan.isActive,
            pause: pause, closedPeriod: closed, suppressor: suppressor,
            expectsResults: plan.freshness != nil,
            staleAt: plan.freshness == nil || pause != nil ? nil : nextCheck(at: now),
            isStale: isStale)
    }

    /// When the next check comes, or a passive object is stale; nil while it runs and when it is
    /// not scheduled.
    func nextCheck(at now: Moment) -> Timestamp? {
        guard let due else { return nil }
        // a passive object is also looked at before its time
        let next = plan.freshness == nil || isForced ? due : wanted ?? due
        return opening ?? now.wall(at: next)
    }

    /// A check that is not scheduled, or runs, is told as due now.
    func schedule(at now: Moment) -> ScheduleState {
        ScheduleState(
            object: plan.object,
            checkState: checkState,
            lastStart: lastStart,
            lastEnd: lastEnd,
            nextCheck: nextCheck(at: now) ?? now.wall,
            lastOutput: lastOutput,
            isStale: isStale
        )
    }
}
