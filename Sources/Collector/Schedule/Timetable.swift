internal import Monitoring

/// Says when an object is looked at next: by its interval, its `check_period` and what it depends
/// on.
///
/// * It changes an entry's times only; the scheduler keeps entries and their order.
/// * An object's own due time lies on the monotonic clock, a period's opening on the wall's.
struct Timetable: Sendable {
    let calendar: any WallCalendar
    private var random: any RandomNumberGenerator & Sendable
    /// What periods answered last.
    private var openings: [String: Opening] = [:]

    /// How long what waits for its period to open is left alone.
    ///
    /// An hour: the clock on the wall may be set while it waits.
    private static let longestDoze = Duration.seconds(3600)
    /// Whatever calendar and clock say, time goes on between two looks at a period.
    private static let shortestDoze = Duration.seconds(1)
    /// A period that never opens is asked again as if it opened then.
    private static let neverOpens = Duration.seconds(86_400) * TimePeriod.horizonInDays

    init(calendar: any WallCalendar, random: any RandomNumberGenerator & Sendable) {
        self.calendar = calendar
        self.random = random
    }

    /// Gives an entry its next check: at `due`, or when its period opens after that.
    mutating func plan(_ entry: inout ScheduleEntry, at due: Duration, _ now: Moment) {
        entry.due = due
        entry.opening = nil
        let wall = now.wall(at: due)
        guard let period = entry.plan.period else { return }
        let span = opening(of: period, from: wall)
        guard span?.lowerBound != wall else { return }
        let room = span.map { $0.upperBound - $0.lowerBound } ?? .zero
        let opening =
            (span?.lowerBound ?? wall + Self.neverOpens)
            + spread(over: min(entry.interval, CheckPhase.startWindow, room))
        entry.opening = opening
        let doze = max(opening - now.wall, Self.shortestDoze)
        entry.due = now.monotonic + min(doze, Self.longestDoze)
    }

    /// Gives an entry the check after one that ended now.
    mutating func planNext(_ entry: inout ScheduleEntry, at now: Moment) {
        let due = CheckPhase.next(
            after: now.monotonic, interval: entry.interval, offset: entry.offset)
        plan(&entry, at: due, now)
    }

    /// Gives an entry that is due another time, if it is not to be checked now; false if it is.
    mutating func putOff(
        _ entry: inout ScheduleEntry, among entries: [ObjectName: ScheduleEntry], at now: Moment
    ) -> Bool {
        if let period = entry.plan.period,
            opening(of: period, from: now.wall)?.lowerBound != now.wall
        {
            plan(&entry, at: now.monotonic, now)
        } else if let suppressor = suppressor(of: entry.plan, among: entries, at: now) {
            planNext(&entry, at: now)
            entry.suppressor = suppressor
        } else {
            return false
        }
        return true
    }

    private func suppressor(
        of plan: CheckPlan, among entries: [ObjectName: ScheduleEntry], at now: Moment
    ) -> ObjectName? {
        guard !plan.dependencies.isEmpty else { return nil }
        return Reachability(
            dependencies: { entries[$0]?.plan.dependencies ?? [] },
            state: { entries[$0]?.checkState },
            isOpen: { $0.contains(now.wall, calendar) }
        ).suppressor(of: plan.object)
    }
}

// MARK: - Start and reload

extension Timetable {
    /// Periods may be other ones from now on.
    mutating func forgetPeriods() { openings = [:] }

    /// An object that was not planned before, from where it stood when it was stored.
    mutating func newEntry(
        _ plan: CheckPlan, saved: ScheduleState?, at now: Moment
    ) -> ScheduleEntry {
        let offset = Double(UInt32.random(in: 0...0x7FFF_FFFF, using: &random))
        var entry = ScheduleEntry(plan: plan, offset: offset, saved: saved)
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

    /// Keeps an entry's time at a reload as far as its new plan lets it.
    mutating func replan(_ entry: inout ScheduleEntry, at now: Moment) {
        // somebody waits for it, whatever it is now
        if entry.ticket == nil, entry.isForced { return }
        guard entry.plan.isActive, entry.ticket == nil else {
            entry.due = nil
            entry.opening = nil
            return
        }
        guard let due = entry.due, entry.opening == nil else {
            return plan(&entry, at: now.monotonic + startSpread(entry), now)
        }
        let isTooFar = due > now.monotonic + entry.interval
        plan(&entry, at: isTooFar ? now.monotonic + spread(over: entry.interval) : due, now)
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
