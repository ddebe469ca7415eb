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
///   time (``FreshnessRule``), and then each interval as a check would, until one comes; one such
///   object after the other (``TellingQueue``).
/// * No object is checked twice at a time, and no more than ``concurrencyLimit`` objects are.
package struct CheckScheduler: Sendable {
    /// Most checks at a time; the others wait in order of their due times.
    package let concurrencyLimit: Int
    var timetable: Timetable
    var entries: [ObjectName: ScheduleEntry] = [:]
    /// What depends on each object.
    private var dependents: [ObjectName: [ObjectName]] = [:]
    private var running: [UInt64: ObjectName] = [:]
    /// What is not run, defined or not.
    private var pauses: [ObjectName: ObjectPause] = [:]
    private var queue = Heap<Place>()
    private var telling = TellingQueue()
    private var lastTicket: UInt64 = 0
    private var lastCount: UInt64 = 0

    /// Objects that are given another time instead of being checked, for each check that may start:
    /// some milliseconds.
    private static let looksPerStart = 32

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
        while let first = telling.first, !isRipe(first) { telling.removeFirst() }
        return [queue.min?.due, telling.due].compactMap(\.self).min()
    }

    /// How far what others drop for passive objects was taken, from now on.
    package mutating func note(_ drops: DropsTaken) { telling.drops = drops }

    /// The checks to start at this moment, the longest due first, at most `count`.
    ///
    /// Each counts as running until ``finish(_:output:start:end:at:)`` gets it back. There may be
    /// more that are due: what is only given another time takes its turns too.
    package mutating func takeDue(at now: Moment, atMost count: Int = .max) -> [DueCheck] {
        if timetable.look(at: now) { wake(at: now) }
        var taken: [DueCheck] = []
        var looks = count > .max / Self.looksPerStart ? .max : count * Self.looksPerStart
        while taken.count < count, looks > 0, let due = earliestDue(), due <= now.monotonic {
            if let check = takeStale(at: now) {
                taken.append(check)
                continue
            }
            guard let next = queue.min, next.due <= now.monotonic else { break }
            queue.removeMin()
            looks -= 1
            guard !putOff(next.object, at: now), var entry = entries[next.object] else { continue }
            let told = entry.told(pauses[next.object])
            if told?.origin == .staleness {
                entry.due = now.monotonic
                entry.isRipe = true
                put(entry)
            } else {
                taken.append(start(entry, told, at: now))
            }
        }
        return taken
    }

    /// The object that is stale longest, if that is to be told now.
    private mutating func takeStale(at now: Moment) -> DueCheck? {
        while let next = telling.take(at: now.monotonic) {
            let object = next.place.object
            guard isRipe(next.place), let entry = entries[object], !putOff(object, at: now)
            else { continue }
            telling.told(at: now.monotonic)
            let told = entry.told(pauses[object], isUnread: next.isUnread)
            return start(entry, told, at: now)
        }
        return nil
    }

    private mutating func start(
        _ entry: ScheduleEntry, _ told: (origin: ScheduleEntry.Origin, output: PluginOutput)?,
        at now: Moment
    ) -> DueCheck {
        var entry = entry
        let (object, origin) = (entry.plan.object, told?.origin ?? .check)
        lastTicket += 1
        running[lastTicket] = object
        entry.begin(ticket: lastTicket, as: origin, at: now)
        entries[object] = entry
        return DueCheck(object: object, ticket: lastTicket, told: told?.output, origin: origin)
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
        let before = entry.checkState
        let significance = entry.take(
            output: output, start: start, end: end, as: due.origin, count: nextCount())
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
        noteReach(behind: due.object, from: before, at: now)
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

// MARK: - Plans

extension CheckScheduler {
    /// Makes these the planned objects, at the start as at a reload.
    ///
    /// Objects that were planned before keep where they stand; a shorter interval brings the next
    /// check forward, spread over the interval. New ones begin where `states` says. Others are
    /// forgotten, and the results of their running checks with them.
    ///
    /// - Parameter passages: what objects that are not planned depend on.
    package mutating func apply(
        _ plans: [CheckPlan],
        passages: CheckPassages = [:],
        states: [ScheduleState] = [],
        at now: Moment
    ) {
        let saved = Dictionary(states.map { ($0.object, $0) }, uniquingKeysWith: { $1 })
        let known = entries
        entries = [:]
        queue = []
        telling.keep { _ in false }
        timetable.adopt(plans, passages)
        dependents = [:]
        for plan in plans {
            if var entry = known[plan.object] {
                timetable.replan(&entry, as: plan, at: now)
                put(entry)
            } else {
                put(timetable.newEntry(plan, saved: saved[plan.object], at: now))
            }
            note(plan.dependencies, of: plan.object)
        }
        for (object, dependencies) in passages { note(dependencies, of: object) }
        for plan in plans { noteReach(of: plan.object, at: now) }
    }

    private mutating func note(_ dependencies: [CheckDependency], of object: ObjectName) {
        for parent in Set(dependencies.map(\.parent)) {
            dependents[parent, default: []].append(object)
        }
    }

    /// What depends on an object.
    func behind(_ object: ObjectName) -> [ObjectName] { dependents[object] ?? [] }

    /// Which result is counted now.
    mutating func nextCount() -> UInt64 {
        lastCount += 1
        return lastCount
    }

    /// Gives a check that is due another time, if it is not to be run now; false if it is.
    private mutating func putOff(_ object: ObjectName, at now: Moment) -> Bool {
        guard var entry = entries[object], !entry.isForced,
            timetable.putOff(&entry, among: entries, at: now)
        else { return false }
        put(entry)
        return true
    }

    /// Stores an entry and gives it its place in its queue.
    mutating func put(_ entry: ScheduleEntry) {
        entries[entry.plan.object] = entry
        guard let due = entry.due else { return }
        let place = Place(due: due, object: entry.plan.object)
        // Places that a request has made void are cleared now and then.
        let limit = 2 * entries.count + 64
        if entry.isRipe {
            telling.insert(place)
            if telling.count > limit { telling.keep(where: isRipe) }
        } else {
            queue.insert(place)
            if queue.count > limit { queue = Heap(queue.unordered.filter(isCurrent)) }
        }
    }

    private func isCurrent(_ place: Place) -> Bool {
        guard let entry = entries[place.object] else { return false }
        return entry.due == place.due && !entry.isRipe
    }

    private func isRipe(_ place: Place) -> Bool {
        guard let entry = entries[place.object] else { return false }
        return entry.due == place.due && entry.isRipe
    }
}
