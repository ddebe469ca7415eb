package import Monitoring
internal import HeapModule

/// Decides which checks run when, as Icinga 2's checker does; performs nothing.
///
/// * A check is due `check_interval` after the end of the one before, or `retry_interval` while the
///   object is soft, shifted towards the object's own place in the interval (``CheckPhase``).
/// * Due times live on the monotonic clock. The wall clock may step by any amount while the program
///   runs, no check comes sooner or later for it; only what is stored is told in wall time.
/// * After a start an object that was never checked, or is due within a minute, is spread over the
///   first minute (or its interval); an interrupted check comes first; everything else keeps its
///   stored time. A stored time further away than the interval, as a clock that stepped back leaves
///   it, is replaced.
/// * Outside its `check_period` an object is not checked: its next check is within the first minute
///   of the period. While something that it depends on has a problem, its checks are left out.
/// * No object is checked twice at a time, and no more than ``concurrencyLimit`` objects are.
package struct CheckScheduler: Sendable {
    /// Most checks at a time; the others wait in order of their due times.
    package let concurrencyLimit: Int
    private var random: any RandomNumberGenerator & Sendable
    private let calendar: any WallCalendar
    private var entries: [ObjectName: ScheduleEntry] = [:]
    private var running: [UInt64: ObjectName] = [:]
    /// What is not run, defined or not.
    private var pauses: [ObjectName: ObjectPause] = [:]
    /// What periods answered last.
    private var openings: [String: Opening] = [:]
    private var queue = Heap<Place>()
    private var lastTicket: UInt64 = 0

    /// Checks at a time where nobody says otherwise.
    ///
    /// 256: with two descriptors each they fit into the usual limit of 1,024 open files. Icinga's
    /// 512 are meant for a master that checks a whole site.
    package static let defaultConcurrencyLimit = 256

    /// A scheduler without objects.
    package init(
        concurrencyLimit: Int = CheckScheduler.defaultConcurrencyLimit,
        calendar: any WallCalendar = SystemCalendar(),
        random: any RandomNumberGenerator & Sendable
    ) {
        precondition(concurrencyLimit > 0, "a scheduler that starts nothing is a mistake")
        self.calendar = calendar
        self.concurrencyLimit = concurrencyLimit
        self.random = random
    }

    /// Checks that run now.
    package var runningCount: Int { running.count }

    /// When the next check can start, on the monotonic clock; nil when only the end of a running
    /// check or a new plan can change that.
    package mutating func earliestDue() -> Duration? {
        guard running.count < concurrencyLimit else { return nil }
        while let first = queue.min, !isCurrent(first) { queue.removeMin() }
        return queue.min?.due
    }

    /// The checks to start at this moment, the longest due first, at most `count`.
    ///
    /// Each counts as running until ``finish(_:output:start:end:at:)`` gets it back.
    package mutating func takeDue(at now: Moment, atMost count: Int = .max) -> [DueCheck] {
        var taken: [DueCheck] = []
        while taken.count < count, let due = earliestDue(), due <= now.monotonic {
            let object = queue.removeMin().object
            guard !putOff(object, at: now) else { continue }
            lastTicket += 1
            running[lastTicket] = object
            entries[object]?.begin(ticket: lastTicket, at: now)
            let paused = pauses[object].flatMap { entries[object]?.output(of: $0) }
            taken.append(DueCheck(object: object, ticket: lastTicket, paused: paused))
        }
        return taken
    }

    /// Takes a finished check, and returns what is to be recorded; nil when its object is no longer
    /// planned.
    package mutating func finish(
        _ due: DueCheck,
        output: PluginOutput,
        start: Timestamp,
        end: Timestamp,
        at now: Moment
    ) -> ScheduledResult? {
        running[due.ticket] = nil
        guard var entry = entries[due.object], entry.ticket == due.ticket else { return nil }
        let significance = entry.end(
            output: output, start: start, end: end, isCheck: due.paused == nil)
        let interval = entry.interval
        if entry.plan.isActive {
            plan(&entry, at: nextDue(entry, at: now), now)
            // Paused while it ran: that is to be told now.
            if due.paused == nil, pauses[due.object] != nil { force(&entry, at: now) }
        }
        let schedule = entry.schedule(at: now)
        let result = CheckResult(
            object: due.object,
            state: output.state,
            exitStatus: output.exitStatus,
            output: output.text,
            performanceData: output.performanceData,
            executionStart: start,
            executionEnd: end,
            nextCheck: entry.nextCheck(at: now),
            checkInterval: interval
        )
        put(entry)
        return ScheduledResult(result: result, significance: significance, schedule: schedule)
    }

    /// Makes a check due now, also one of an object that is never scheduled.
    package mutating func requestNow(_ object: ObjectName, at now: Moment) -> CheckNowAnswer {
        guard var entry = entries[object] else { return .unknownObject }
        guard entry.ticket == nil else { return .alreadyRunning }
        force(&entry, at: now)
        put(entry)
        return .queued
    }

    /// Where every object's schedule stands, for keeping over a restart.
    package func states(at now: Moment) -> [ScheduleState] {
        entries.values.map { $0.schedule(at: now) }
    }

    /// Where every object stands, for people; ordered by name.
    package func statuses(at now: Moment) -> [CheckStatus] {
        entries.values.map { $0.status(pauses[$0.plan.object], at: now, calendar) }
            .sorted { $0.schedule.object < $1.schedule.object }
    }

    /// Where one object stands; nil when it is not planned.
    package func status(of object: ObjectName, at now: Moment) -> CheckStatus? {
        entries[object]?.status(pauses[object], at: now, calendar)
    }
}

// MARK: - Pauses

extension CheckScheduler {
    /// Does not run these objects from now on, and runs all others.
    ///
    /// Where that changes something for an object that is checked, it is due now: the master is
    /// told of the pause, or, within its `check_period`, of what a check says after it. What runs
    /// goes on.
    package mutating func pause(_ wanted: [ObjectName: ObjectPause], at now: Moment) {
        let before = pauses
        pauses = wanted
        for object in Set(before.keys).union(wanted.keys) where before[object] != wanted[object] {
            guard var entry = entries[object], entry.plan.isActive, entry.ticket == nil else {
                continue
            }
            if wanted[object] != nil {
                force(&entry, at: now)
            } else {
                entry.isForced = false
                plan(&entry, at: now.monotonic, now)
            }
            put(entry)
        }
    }
}

// MARK: - Passive objects

extension CheckScheduler {
    /// True for every object of the definitions, whether it is checked here or not.
    package func isPlanned(_ object: ObjectName) -> Bool { entries[object] != nil }

    /// True while a check of it runs, or is wanted now.
    package func isRunning(_ object: ObjectName) -> Bool {
        guard let entry = entries[object] else { return false }
        return entry.ticket != nil || entry.isForced
    }

    /// Takes a result that somebody submits as of `found` (``ScheduleEntry/time(_:at:)``); nil for
    /// an object that is checked here, whose checks alone say how it is.
    package mutating func submit(
        _ object: ObjectName, _ output: PluginOutput, found: Timestamp, at now: Moment
    ) -> (scheduled: ScheduledResult, state: CheckState)? {
        guard var entry = entries[object], !entry.plan.isActive else { return nil }
        let time = entry.time(found, at: now)
        let significance = entry.take(output: output, start: time, end: time)
        entries[object] = entry
        guard let state = entry.checkState else { return nil }
        let result = CheckResult(
            object: object,
            state: output.state,
            exitStatus: output.exitStatus,
            output: output.text,
            performanceData: output.performanceData,
            executionStart: time,
            executionEnd: time,
            checkInterval: entry.interval
        )
        let schedule = entry.schedule(at: now)
        return (
            ScheduledResult(result: result, significance: significance, schedule: schedule), state
        )
    }

    /// Forgets where an object stood: its next result counts as a change.
    package mutating func forgetState(of object: ObjectName) {
        entries[object]?.checkState = nil
    }
}

// MARK: - Periods and dependencies

extension CheckScheduler {
    /// How long what waits for its period to open is left alone.
    ///
    /// An hour: the clock on the wall may be set while it waits.
    private static let longestDoze = Duration.seconds(3600)
    /// Whatever calendar and clock say, time goes on between two looks at a period.
    private static let shortestDoze = Duration.seconds(1)

    /// The time of the check after one that ended now.
    private func nextDue(_ entry: ScheduleEntry, at now: Moment) -> Duration {
        CheckPhase.next(after: now.monotonic, interval: entry.interval, offset: entry.offset)
    }

    /// Gives an entry its next check: at `due`, or when its period opens after that.
    private mutating func plan(_ entry: inout ScheduleEntry, at due: Duration, _ now: Moment) {
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

    /// A period that never opens is asked again as if it opened then.
    private static let neverOpens = Duration.seconds(86_400) * TimePeriod.horizonInDays

    /// What somebody wants now is not asked about its period and what it depends on.
    private func force(_ entry: inout ScheduleEntry, at now: Moment) {
        entry.due = min(entry.due ?? now.monotonic, now.monotonic)
        entry.opening = nil
        entry.isForced = true
    }

    /// Gives a check that is due another time, if it is not to be run now; false if it is.
    private mutating func putOff(_ object: ObjectName, at now: Moment) -> Bool {
        guard var entry = entries[object], !entry.isForced else { return false }
        if let period = entry.plan.period,
            opening(of: period, from: now.wall)?.lowerBound != now.wall
        {
            plan(&entry, at: now.monotonic, now)
        } else if let suppressor = suppressor(of: entry.plan, at: now) {
            plan(&entry, at: nextDue(entry, at: now), now)
            entry.suppressor = suppressor
        } else {
            return false
        }
        put(entry)
        return true
    }

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

    private func suppressor(of plan: CheckPlan, at now: Moment) -> ObjectName? {
        guard !plan.dependencies.isEmpty else { return nil }
        return Reachability(
            dependencies: { entries[$0]?.plan.dependencies ?? [] },
            state: { entries[$0]?.checkState },
            isOpen: { $0.contains(now.wall, calendar) }
        ).suppressor(of: plan.object)
    }

    /// True when an object may well be due that late, because its period opens then.
    private func isOpening(_ time: Timestamp, of plan: CheckPlan, at now: Moment) -> Bool {
        guard let period = plan.period, !period.contains(now.wall, calendar) else { return false }
        return period.contains(time, calendar)
            && time - now.wall <= Self.neverOpens
    }
}

// MARK: - Plans

extension CheckScheduler {
    /// Makes these the planned objects, at the start as at a reload.
    ///
    /// Objects that were planned before keep where they stand; a shorter interval brings the next
    /// check forward, spread over the interval. New ones begin where `states` says. Others are
    /// forgotten, and the results of their running checks with them.
    package mutating func apply(
        _ plans: [CheckPlan],
        states: [ScheduleState] = [],
        at now: Moment
    ) {
        let saved = Dictionary(states.map { ($0.object, $0) }, uniquingKeysWith: { $1 })
        let known = entries
        entries = [:]
        openings = [:]
        queue = []
        for plan in plans {
            if var entry = known[plan.object] {
                entry.plan = plan
                replan(&entry, at: now)
                put(entry)
            } else {
                put(newEntry(plan, saved: saved[plan.object], at: now))
            }
        }
    }

    private mutating func newEntry(
        _ plan: CheckPlan,
        saved: ScheduleState?,
        at now: Moment
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

    private mutating func replan(_ entry: inout ScheduleEntry, at now: Moment) {
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

    /// Stores an entry and gives it its place in the queue.
    private mutating func put(_ entry: ScheduleEntry) {
        entries[entry.plan.object] = entry
        guard let due = entry.due else { return }
        queue.insert(Place(due: due, object: entry.plan.object))
        // Places that a request has made void are cleared now and then.
        guard queue.count > 2 * entries.count + 64 else { return }
        queue = Heap(queue.unordered.filter(isCurrent))
    }

    private func isCurrent(_ place: Place) -> Bool { entries[place.object]?.due == place.due }
}

/// What a period answered, and for which moments that holds.
private struct Opening: Sendable {
    var asked: Timestamp
    var until: Timestamp
    var span: Range<Timestamp>?
}

/// One place in the queue; void when its object is due at another time.
private struct Place: Comparable, Sendable {
    let due: Duration
    let object: ObjectName

    static func < (a: Place, b: Place) -> Bool {
        a.due == b.due ? a.object < b.object : a.due < b.due
    }
}
