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
/// * A passive object of which results are expected is told as UNKNOWN when none is submitted in
///   time (``FreshnessRule``), and then each interval as a check would, until one comes.
/// * No object is checked twice at a time, and no more than ``concurrencyLimit`` objects are.
package struct CheckScheduler: Sendable {
    /// Most checks at a time; the others wait in order of their due times.
    package let concurrencyLimit: Int
    private var timetable: Timetable
    private var entries: [ObjectName: ScheduleEntry] = [:]
    private var running: [UInt64: ObjectName] = [:]
    /// What is not run, defined or not.
    private var pauses: [ObjectName: ObjectPause] = [:]
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
        self.concurrencyLimit = concurrencyLimit
        timetable = Timetable(calendar: calendar, random: random)
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
            guard !putOff(object, at: now), var entry = entries[object] else { continue }
            lastTicket += 1
            running[lastTicket] = object
            let told = entry.told(pauses[object])
            let origin = told?.origin ?? .check
            entry.begin(ticket: lastTicket, as: origin, at: now)
            entries[object] = entry
            taken.append(
                DueCheck(
                    object: object, ticket: lastTicket, told: told?.output, origin: origin))
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
        let significance = entry.take(output: output, start: start, end: end, as: due.origin)
        let interval = entry.interval
        if entry.isTimed {
            timetable.planNext(&entry, after: due.origin, at: now)
            // Paused while it ran: that is to be told now.
            if due.origin == .check, pauses[due.object] != nil { entry.force(at: now) }
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
        entry.force(at: now)
        put(entry)
        return .queued
    }

    /// Where every object's schedule stands, for keeping over a restart.
    package func states(at now: Moment) -> [ScheduleState] {
        entries.values.map { $0.schedule(at: now) }
    }

    /// Where every object stands, for people; ordered by name.
    package func statuses(at now: Moment) -> [CheckStatus] {
        entries.values.map { $0.status(pauses[$0.plan.object], at: now, timetable.calendar) }
            .sorted { $0.schedule.object < $1.schedule.object }
    }

    /// Where one object stands; nil when it is not planned.
    package func status(of object: ObjectName, at now: Moment) -> CheckStatus? {
        entries[object]?.status(pauses[object], at: now, timetable.calendar)
    }
}

// MARK: - Pauses

extension CheckScheduler {
    /// Does not run these objects from now on, and runs all others.
    ///
    /// Where that changes something for an object that is checked, it is due now: the master is
    /// told of the pause, or, within its `check_period`, of what a check says after it. What runs
    /// goes on. A passive object that results are expected of is told of too; after the pause they
    /// have their whole time.
    package mutating func pause(_ wanted: [ObjectName: ObjectPause], at now: Moment) {
        let before = pauses
        pauses = wanted
        for object in Set(before.keys).union(wanted.keys) where before[object] != wanted[object] {
            guard var entry = entries[object], entry.isTimed, entry.ticket == nil else {
                continue
            }
            if wanted[object] != nil {
                entry.force(at: now)
            } else {
                entry.isForced = false
                timetable.planAfterPause(&entry, at: now)
            }
            put(entry)
        }
    }
}

// MARK: - Passive objects

extension CheckScheduler {
    /// True for a planned object whose results are submitted.
    func isPassive(_ object: ObjectName) -> Bool { entries[object]?.plan.isActive == false }

    /// True for every object of the definitions, whether it is checked here or not.
    package func isPlanned(_ object: ObjectName) -> Bool { entries[object] != nil }

    /// True while a check of it runs, or is wanted now.
    package func isRunning(_ object: ObjectName) -> Bool {
        guard let entry = entries[object] else { return false }
        return entry.ticket != nil || entry.isForced
    }

    /// Takes a result that somebody submits; nil for an object that is checked here, whose checks
    /// alone say how it is.
    ///
    /// - Parameter execution: when a plugin ran for it, as far as that can be true; nil: now.
    package mutating func submit(
        _ object: ObjectName, _ output: PluginOutput, execution: ExecutionSpan? = nil,
        at now: Moment
    ) -> (scheduled: ScheduledResult, state: CheckState)? {
        guard var entry = entries[object], !entry.plan.isActive else { return nil }
        let span =
            execution?.believed(after: entry.newestStart, at: now.wall)
            ?? ExecutionSpan(start: now.wall, end: now.wall)
        let significance = entry.take(output: output, start: span.start, end: span.end)
        entry.suppressor = nil
        if entry.isTimed, !entry.isForced {
            timetable.planNext(&entry, after: .check, at: now)
        }
        put(entry)
        guard let state = entry.checkState else { return nil }
        let result = CheckResult(
            object: object,
            state: output.state,
            exitStatus: output.exitStatus,
            output: output.text,
            performanceData: output.performanceData,
            executionStart: span.start,
            executionEnd: span.end,
            nextCheck: entry.nextCheck(at: now),
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
        queue = []
        timetable.forgetPeriods()
        for plan in plans {
            if var entry = known[plan.object] {
                timetable.replan(&entry, as: plan, at: now)
                put(entry)
            } else {
                put(timetable.newEntry(plan, saved: saved[plan.object], at: now))
            }
        }
    }

    /// Gives a check that is due another time, if it is not to be run now; false if it is.
    private mutating func putOff(_ object: ObjectName, at now: Moment) -> Bool {
        guard var entry = entries[object], !entry.isForced,
            timetable.putOff(&entry, among: entries, at: now)
        else { return false }
        put(entry)
        return true
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

/// One place in the queue; void when its object is due at another time.
private struct Place: Comparable, Sendable {
    let due: Duration
    let object: ObjectName

    static func < (a: Place, b: Place) -> Bool {
        a.due == b.due ? a.object < b.object : a.due < b.due
    }
}
