internal import Monitoring

/// When a passive object is stale.
///
/// It is when ``FreshnessRule/limit`` has passed
/// * since the last result was submitted,
/// * since its `check_period` opened, as far as the period has room for that: else it is a second
///   before the period ends,
/// * since what it depends on is well again.
///
/// What nobody could live through does not count: the opening of a period that the clock on the
/// wall jumped over is the jump, and what was missed while the host slept has its whole time.
extension Timetable {
    /// How often a passive object is looked at while something keeps it from submitting, or where
    /// what it depends on goes by the clock.
    private static let suppressedLook = Duration.seconds(60)
    /// How long before its period ends an object is stale for which the period has no room.
    private static let lastMoment = Duration.seconds(1)
    /// Less than that is no sleep, and no clock that was set.
    ///
    /// 15 s: what any result may be late.
    private static let shortestGap = FreshnessRule.shortestTolerance

    /// Has an object wait for a result until then at least, on the monotonic clock.
    mutating func awaitResult(_ entry: inout ScheduleEntry, until base: Duration, _ now: Moment) {
        entry.wanted = base
        guard let freshness = entry.plan.freshness else { return }
        aim(&entry, at: staleness(of: entry, freshness, now), now)
    }

    private func aim(_ entry: inout ScheduleEntry, at time: Duration, _ now: Moment) {
        let isLater = time > entry.wanted ?? time
        entry.isRipe = false
        entry.opening = isLater ? now.wall(at: time) : nil
        // the clock on the wall may be set while it waits
        entry.due = isLater ? min(time, now.monotonic + Self.longestDoze) : time
        if hasTimedDependencies, !entry.plan.dependencies.isEmpty {
            entry.due = min(entry.due ?? time, now.monotonic + Self.suppressedLook)
        }
    }

    /// When the object is stale unless a result comes, on the monotonic clock.
    private mutating func staleness(
        of entry: ScheduleEntry, _ freshness: FreshnessRule, _ now: Moment
    ) -> Duration {
        let base = entry.wanted ?? now.monotonic
        guard let period = entry.plan.period else { return base }
        let from = max(base, now.monotonic)
        let stretch = stretch(of: period, at: now.wall(at: from), reach: freshness.limit)
        guard let stretch else { return from + Self.neverOpens }
        guard let start = stretch.start else { return base }
        let opening = now.monotonic(at: start)
        let seen = jump.flatMap { $0.leftOut(start) ? max($0.at, opening) : nil } ?? opening
        let end = now.monotonic(at: stretch.end)
        return max(base, opening, min(seen + freshness.limit, end - Self.lastMoment))
    }

    /// Gives an object that is looked at another time, if it is not stale now; false if it is.
    mutating func putOff(
        _ entry: inout ScheduleEntry, _ freshness: FreshnessRule,
        among entries: [ObjectName: ScheduleEntry], at now: Moment
    ) -> Bool {
        if noteReach(&entry, among: entries, at: now) { return true }
        guard entry.suppressor == nil else {
            waitForParent(&entry, freshness, now)
            return true
        }
        let time = staleness(of: entry, freshness, now)
        guard time > now.monotonic else { return false }
        aim(&entry, at: time, now)
        return true
    }

    // MARK: - Dependencies

    /// Takes note of what a passive object depends on; true when that changed its time.
    ///
    /// Who could not submit has the whole time once nothing is in the way any more, however short
    /// it was.
    mutating func noteReach(
        _ entry: inout ScheduleEntry, among entries: [ObjectName: ScheduleEntry], at now: Moment
    ) -> Bool {
        guard let freshness = entry.plan.freshness else { return false }
        let wasSuppressed = entry.suppressor != nil
        entry.suppressor = suppressor(of: entry.plan, among: entries, at: now)
        guard wasSuppressed != (entry.suppressor != nil), entry.due != nil, !entry.isForced
        else { return false }
        if entry.suppressor != nil {
            waitForParent(&entry, freshness, now)
        } else {
            awaitResult(&entry, until: now.monotonic + freshness.limit, now)
        }
        return true
    }

    /// It is stale no sooner than if the way were free now.
    private mutating func waitForParent(
        _ entry: inout ScheduleEntry, _ freshness: FreshnessRule, _ now: Moment
    ) {
        awaitResult(&entry, until: now.monotonic + freshness.limit, now)
        entry.due = now.monotonic + min(freshness.limit, Self.suppressedLook)
    }

    // MARK: - Clocks that jump

    /// Takes note of the clocks; true when the host slept since the last time.
    mutating func look(at now: Moment) -> Bool {
        defer { lastLook = now }
        guard let last = lastLook else { return false }
        let unset = last.wall(at: now.monotonic)
        if now.wall - unset > Self.shortestGap {
            jump = ClockJump(at: now.monotonic, from: unset, to: now.wall)
        }
        return now.slept - last.slept > Self.shortestGap
    }

    /// After the host slept: what was missed meanwhile has its whole time, everything else a moment
    /// at least.
    mutating func wake(_ entry: inout ScheduleEntry, at now: Moment) {
        guard let freshness = entry.plan.freshness, let base = entry.wanted, entry.due != nil,
            !entry.isForced, entry.suppressor == nil
        else { return }
        let time = staleness(of: entry, freshness, now)
        if time <= now.monotonic {
            awaitResult(&entry, until: now.monotonic + freshness.limit, now)
        } else {
            awaitResult(&entry, until: max(base, now.monotonic + Self.shortestGap), now)
        }
    }

    // MARK: - Periods

    /// See ``TimePeriod/stretch(at:reach:_:)``; objects share periods, so an answer is kept until
    /// it is another one.
    private mutating func stretch(
        of period: TimePeriod, at time: Timestamp, reach: Duration
    ) -> PeriodStretch? {
        let known = stretches[period.name]
        if let known, known.reach >= reach, known.asked <= time, time < known.until {
            return known.stretch
        }
        let reach = max(reach, known?.reach ?? reach)
        let stretch = period.stretch(at: time, reach: reach, calendar)
        stretches[period.name] = KnownStretch(
            asked: time, until: stretch?.end ?? time + Self.askedAgain, reach: reach,
            stretch: stretch)
        return stretch
    }

    /// When a period that does not open within two years is asked again.
    private static let askedAgain = Duration.seconds(86_400)
}

/// A jump of the clock on the wall.
struct ClockJump: Sendable {
    /// When it was noticed, on the monotonic clock.
    var at: Duration
    /// What it would have said then, had it not been set.
    var from: Timestamp
    var to: Timestamp

    /// True for a time that was not lived through.
    func leftOut(_ time: Timestamp) -> Bool { from < time && time <= to }
}

/// What a period answered, and for which moments that holds.
struct KnownStretch: Sendable {
    var asked: Timestamp
    var until: Timestamp
    var reach: Duration
    var stretch: PeriodStretch?
}
