internal import Monitoring

/// Says when an object is looked at next: by its interval, its `check_period` and what it depends
/// on.
///
/// * It changes an entry's times only; the scheduler keeps entries and their order.
/// * An object's own due time lies on the monotonic clock, a period's opening on the wall's.
/// * When a passive object is stale, Timetable+Freshness.swift says.
struct Timetable: Sendable {
    let calendar: any WallCalendar
    private var random: any RandomNumberGenerator & Sendable
    /// What periods answered last.
    private var openings: [String: Opening] = [:]
    /// What periods of passive objects answered last.
    var stretches: [String: KnownStretch] = [:]
    /// The clocks at the last look at them.
    var lastLook: Moment?
    /// When the clock on the wall was last set forward, and what it left out.
    var jump: ClockJump?
    /// True when some dependency counts at some times only: then they are looked at by the clock.
    private(set) var hasTimedDependencies = false
    /// What objects depend on that are not planned.
    private var passages: CheckPassages = [:]

    /// How long what waits for its period to open is left alone.
    ///
    /// An hour: the clock on the wall may be set while it waits.
    static let longestDoze = Duration.seconds(3600)
    /// Whatever calendar and clock say, time goes on between two looks at a period.
    private static let shortestDoze = Duration.seconds(1)
    /// A period that never opens is asked again as if it opened then.
    static let neverOpens = Duration.seconds(86_400) * TimePeriod.horizonInDays

    init(calendar: any WallCalendar, random: any RandomNumberGenerator & Sendable) {
        self.calendar = calendar
        self.random = random
    }

    /// Gives an entry of a check its next one: at `due`, or when its period opens after that.
    mutating func plan(_ entry: inout ScheduleEntry, at due: Duration, _ now: Moment) {
        entry.due = due
        entry.wanted = due
        entry.opening = nil
        let wall = now.wall(at: due)
        guard let period = entry.plan.period else { return }
        let span = opening(of: period, from: wall)
        guard span?.lowerBound != wall else { return }
        let opening =
            (span?.lowerBound ?? wall + Self.neverOpens) + wait(of: entry, in: span)
        entry.opening = opening
        let doze = max(opening - now.wall, Self.shortestDoze)
        entry.due = now.monotonic + min(doze, Self.longestDoze)
    }

    /// How long after its period began an object is checked.
    private mutating func wait(of entry: ScheduleEntry, in span: Range<Timestamp>?) -> Duration {
        guard let span else { return .zero }
        let room = span.upperBound - span.lowerBound
        return spread(over: min(entry.interval, CheckPhase.startWindow, room))
    }

    /// Gives an entry the check after one that ended now, or the time at which it is stale.
    ///
    /// A result has its whole time; what was told as stale is told again as a check would come.
    mutating func planNext(
        _ entry: inout ScheduleEntry, after origin: ScheduleEntry.Origin, at now: Moment
    ) {
        if let freshness = entry.plan.freshness {
            let wait = origin == .check ? freshness.limit : entry.interval
            return awaitResult(&entry, until: now.monotonic + wait, now)
        }
        let due = CheckPhase.next(
            after: now.monotonic, interval: entry.interval, offset: entry.offset)
        plan(&entry, at: due, now)
    }

    /// Gives an entry whose pause ended its next check: now, or when results had their time.
    mutating func planAfterPause(_ entry: inout ScheduleEntry, at now: Moment) {
        guard let freshness = entry.plan.freshness else {
            return plan(&entry, at: now.monotonic, now)
        }
        awaitResult(&entry, until: now.monotonic + freshness.limit, now)
    }

    /// Gives an entry that is due another time, if it is not to be checked now; false if it is.
    mutating func putOff(
        _ entry: inout ScheduleEntry, among entries: [ObjectName: ScheduleEntry], at now: Moment
    ) -> Bool {
        if let freshness = entry.plan.freshness {
            return putOff(&entry, freshness, among: entries, at: now)
        }
        if let wanted = entry.wanted, wanted > now.monotonic, entry.opening != nil {
            // it was only looked whether the clock on the wall was set
            plan(&entry, at: wanted, now)
            return true
        }
        if let period = entry.plan.period,
            opening(of: period, from: now.wall)?.lowerBound != now.wall
        {
            plan(&entry, at: now.monotonic, now)
            return true
        }
        let suppressor = suppressor(of: entry.plan, among: entries, at: now)
        guard let suppressor else { return false }
        planNext(&entry, after: .check, at: now)
        entry.suppressor = suppressor
        return true
    }

    func suppressor(
        of plan: CheckPlan, among entries: [ObjectName: ScheduleEntry], at now: Moment
    ) -> ObjectName? {
        guard !plan.dependencies.isEmpty else { return nil }
        return Reachability(
            dependencies: { dependencies(of: $0, among: entries) },
            state: { entries[$0]?.checkState },
            isOpen: { $0.contains(now.wall, calendar) }
        ).suppressor(of: plan.object)
    }

    /// What an object depends on, whether it is planned or not.
    func dependencies(
        of object: ObjectName, among entries: [ObjectName: ScheduleEntry]
    ) -> [CheckDependency] {
        entries[object]?.plan.dependencies ?? passages[object] ?? []
    }
}

// MARK: - Start and reload

extension Timetable {
    /// Periods and dependencies are those of these plans from now on.
    mutating func adopt(_ plans: [CheckPlan], _ passages: CheckPassages) {
        self.passages = passages
        openings = [:]
        stretches = [:]
        let all = [plans.map(\.dependencies), Array(passages.values)].joined()
        hasTimedDependencies = all.contains { dependencies in
            dependencies.contains { $0.disablesChecks && $0.period != nil }
        }
    }

    /// An object that was not planned before, from where it stood when it was stored.
    mutating func newEntry(
        _ plan: CheckPlan, saved: ScheduleState?, at now: Moment
    ) -> ScheduleEntry {
        let offset = Double(UInt32.random(in: 0...0x7FFF_FFFF, using: &random))
        var entry = ScheduleEntry(plan: plan, offset: offset, saved: saved)
        if let freshness = plan.freshness {
            awaitFirstResult(&entry, freshness, saved?.nextCheck, at: now)
            return entry
        }
        guard plan.isActive else { return entry }
        if entry.wasInterrupted {
            self.plan(&entry, at: now.monotonic, now)
        } else if let next = saved?.nextCheck, next >= now.wall + CheckPhase.startWindow {
            let wait = next - now.wall
            let isTrusted = wait <= entry.interval || isOpening(next, of: plan, at: now)
            self.plan(
                &entry, at: now.monotonic + (isTrusted ? wait : spread(over: entry.interval)), now)
        } else {
            self.plan(&entry, at: now.monotonic + startSpread(entry), now)
        }
        return entry
    }

    /// Waits for a result after the start: until the stored time, if that lies ahead, and as long
    /// as ever, if it was missed while nobody was there to take results.
    ///
    /// A moment is always left: what waited for the start has to be taken first.
    private mutating func awaitFirstResult(
        _ entry: inout ScheduleEntry, _ freshness: FreshnessRule, _ saved: Timestamp?,
        at now: Moment
    ) {
        let limit = freshness.limit
        guard let saved, saved >= now.wall,
            saved - now.wall <= limit || isOpening(saved, of: entry.plan, at: now)
        else { return awaitResult(&entry, until: now.monotonic + limit, now) }
        let wait = max(saved - now.wall, FreshnessRule.shortestTolerance)
        awaitResult(&entry, until: now.monotonic + wait, now)
    }

    /// Keeps an entry's time at a reload as far as its new plan lets it.
    mutating func replan(_ entry: inout ScheduleEntry, as plan: CheckPlan, at now: Moment) {
        let old = entry.plan
        entry.plan = plan
        if plan.freshness == nil { entry.isStale = false }
        if plan.freshness == nil, old.freshness != nil { entry.suppressor = nil }
        // somebody waits for it, whatever it is now
        if entry.ticket == nil, entry.isForced { return }
        guard entry.isTimed, entry.ticket == nil else {
            entry.due = nil
            entry.opening = nil
            entry.isRipe = false
            return
        }
        if let freshness = plan.freshness {
            guard entry.due == nil || old.freshness != freshness || old.period != plan.period
            else { return }
            return awaitResult(&entry, until: now.monotonic + freshness.limit, now)
        }
        entry.isRipe = false
        guard let due = entry.due, entry.opening == nil else {
            return self.plan(&entry, at: now.monotonic + startSpread(entry), now)
        }
        let isTooFar = due > now.monotonic + entry.interval
        self.plan(&entry, at: isTooFar ? now.monotonic + spread(over: entry.interval) : due, now)
    }

    private mutating func startSpread(_ entry: ScheduleEntry) -> Duration {
        spread(over: min(entry.interval, CheckPhase.startWindow))
    }

    private mutating func spread(over span: Duration) -> Duration {
        span * Double.random(in: 0..<1, using: &random)
    }
}

// MARK: - Periods

extension Timetable {
    /// The first stretch of a period that ends after this moment; it begins then if it lasts.
    ///
    /// Objects share periods, so an answer is kept until it is another one.
    private mutating func opening(
        of period: TimePeriod, from time: Timestamp
    ) -> Range<Timestamp>? {
        if let last = openings[period.name], last.asked <= time, time < last.until {
            return last.span.map { max($0.lowerBound, time)..<$0.upperBound }
        }
        let span = period.next(from: time, calendar)
        openings[period.name] = Opening(
            asked: time, until: span?.upperBound ?? time + .seconds(86_400), span: span)
        return span
    }

    /// True when an object may well be due that late, because its period opens then.
    private func isOpening(_ time: Timestamp, of plan: CheckPlan, at now: Moment) -> Bool {
        guard let period = plan.period, !period.contains(now.wall, calendar) else { return false }
        return period.contains(time, calendar)
            && time - now.wall <= Self.neverOpens
    }
}

/// What a period answered, and for which moments that holds.
private struct Opening: Sendable {
    var asked: Timestamp
    var until: Timestamp
    var span: Range<Timestamp>?
}
