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
/// * No object is checked twice at a time, and no more than ``concurrencyLimit`` objects are.
package struct CheckScheduler: Sendable {
    /// Most checks at a time; the others wait in order of their due times.
    package let concurrencyLimit: Int
    private var random: any RandomNumberGenerator & Sendable
    private var entries: [ObjectName: Entry] = [:]
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
        random: any RandomNumberGenerator & Sendable
    ) {
        precondition(concurrencyLimit > 0, "a scheduler that starts nothing is a mistake")
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
            entry.due = CheckPhase.next(
                after: now.monotonic,
                interval: interval,
                offset: entry.offset
            )
            // Paused while it ran: that is to be told now.
            if due.paused == nil, pauses[due.object] != nil { entry.due = now.monotonic }
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
            nextCheck: entry.due.map(now.wall(at:)),
            checkInterval: interval
        )
        put(entry)
        return ScheduledResult(result: result, significance: significance, schedule: schedule)
    }

    /// Makes a check due now, also one of an object that is never scheduled.
    package mutating func requestNow(_ object: ObjectName, at now: Moment) -> CheckNowAnswer {
        guard var entry = entries[object] else { return .unknownObject }
        guard entry.ticket == nil else { return .alreadyRunning }
        if entry.due.map({ $0 > now.monotonic }) ?? true {
            entry.due = now.monotonic
            put(entry)
        }
        return .queued
    }

    /// Where every object's schedule stands, for keeping over a restart.
    package func states(at now: Moment) -> [ScheduleState] {
        entries.values.map { $0.schedule(at: now) }
    }

    /// Where every object stands, for people; ordered by name.
    package func statuses(at now: Moment) -> [CheckStatus] {
        entries.values.map { $0.status(pauses[$0.plan.object], at: now) }
            .sorted { $0.schedule.object < $1.schedule.object }
    }

    /// Where one object stands; nil when it is not planned.
    package func status(of object: ObjectName, at now: Moment) -> CheckStatus? {
        entries[object]?.status(pauses[object], at: now)
    }
}

// MARK: - Pauses

extension CheckScheduler {
    /// Does not run these objects from now on, and runs all others.
    ///
    /// Where that changes something for an object that is checked, it is due now: the master is
    /// told of the pause, or of what a check says after it. What runs goes on.
    package mutating func pause(_ wanted: [ObjectName: ObjectPause], at now: Moment) {
        let before = pauses
        pauses = wanted
        for object in Set(before.keys).union(wanted.keys) where before[object] != wanted[object] {
            guard entries[object]?.plan.isActive == true else { continue }
            _ = requestNow(object, at: now)
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
    package mutating func apply(
        _ plans: [CheckPlan],
        states: [ScheduleState] = [],
        at now: Moment
    ) {
        let saved = Dictionary(states.map { ($0.object, $0) }, uniquingKeysWith: { $1 })
        let known = entries
        entries = [:]
        queue = []
        for plan in plans {
            if var entry = known[plan.object] {
                entry.plan = plan
                entry.due = replan(entry, at: now)
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
    ) -> Entry {
        let offset = Double(UInt32.random(in: 0...0x7FFF_FFFF, using: &random))
        var entry = Entry(plan: plan, offset: offset, saved: saved)
        guard plan.isActive else { return entry }
        if entry.wasInterrupted {
            entry.due = now.monotonic
        } else if let next = saved?.nextCheck, next >= now.wall + CheckPhase.startWindow {
            let wait = next - now.wall
            entry.due =
                now.monotonic + (wait <= entry.interval ? wait : spread(over: entry.interval))
        } else {
            entry.due =
                now.monotonic + spread(over: min(entry.interval, CheckPhase.startWindow))
        }
        return entry
    }

    private mutating func replan(_ entry: Entry, at now: Moment) -> Duration? {
        guard entry.plan.isActive, entry.ticket == nil else { return nil }
        guard let due = entry.due else {
            return now.monotonic + spread(over: min(entry.interval, CheckPhase.startWindow))
        }
        guard due > now.monotonic + entry.interval else { return due }
        return now.monotonic + spread(over: entry.interval)
    }

    private mutating func spread(over span: Duration) -> Duration {
        span * Double.random(in: 0..<1, using: &random)
    }

    /// Stores an entry and gives it its place in the queue.
    private mutating func put(_ entry: Entry) {
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

/// What the scheduler knows of one object.
private struct Entry: Sendable {
    var plan: CheckPlan
    /// Its own place in the interval, in hundredths of a second.
    let offset: Double
    var checkState: CheckState?
    /// On the monotonic clock; nil while it runs and when it is not scheduled.
    var due: Duration?
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
        lastStart = now.wall
    }

    /// - Parameter isCheck: false for what was told instead of one: the last output stays.
    mutating func end(
        output: PluginOutput, start: Timestamp, end: Timestamp, isCheck: Bool
    ) -> Significance {
        ticket = nil
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

    func status(_ pause: ObjectPause?, at now: Moment) -> CheckStatus {
        CheckStatus(
            schedule: schedule(at: now), isRunning: ticket != nil, isActive: plan.isActive,
            pause: pause)
    }

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
            nextCheck: due.map(now.wall(at:)) ?? now.wall,
            lastOutput: lastOutput
        )
    }
}
