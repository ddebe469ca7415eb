import Collector
import Monitoring
import Testing

/// No clock, no luck: time and random numbers are the test's.
@Suite struct CheckSchedulerTests {
    private static let start = Moment(
        monotonic: .seconds(1000),
        wall: Timestamp(microseconds: 1_700_000_000_000_000)
    )

    private func scheduler(limit: Int = 256, seed: UInt64 = 1) -> CheckScheduler {
        CheckScheduler(concurrencyLimit: limit, random: Dice(seed: seed))
    }

    private func plan(
        _ name: String,
        every interval: Duration = .seconds(300),
        retry: Duration = .seconds(60),
        attempts: Int = 3
    ) -> CheckPlan {
        CheckPlan(
            object: ObjectName(host: "h", service: name),
            checkInterval: interval,
            retryInterval: retry,
            maxCheckAttempts: attempts
        )
    }

    private func plans(_ count: Int, every interval: Duration = .seconds(300)) -> [CheckPlan] {
        (0..<count).map { plan("s\($0)", every: interval) }
    }

    private func later(_ span: Duration, step: Duration = .zero) -> Moment {
        Moment(monotonic: Self.start.monotonic + span, wall: Self.start.wall + span + step)
    }

    private func output(_ state: ServiceState, _ text: String = "text") -> PluginOutput {
        PluginOutput(bytes: Array(text.utf8), ending: .exited(Int32(state.rawValue)))
    }

    /// Ends a check at the moment it began.
    private func finish(
        _ due: DueCheck,
        _ state: ServiceState = .ok,
        in scheduler: inout CheckScheduler,
        at now: Moment
    ) -> ScheduledResult? {
        scheduler.finish(due, output: output(state), start: now.wall, end: now.wall, at: now)
    }

    /// Runs everything until `end`, each check without taking time; returns when each object's
    /// began.
    private func run(
        _ scheduler: inout CheckScheduler,
        until end: Duration,
        step: (Duration) -> Duration = { _ in .zero },
        state: ServiceState = .ok
    ) -> [ObjectName: [Duration]] {
        var starts: [ObjectName: [Duration]] = [:]
        while let due = scheduler.earliestDue(), due <= Self.start.monotonic + end {
            let span = due - Self.start.monotonic
            let now = later(span, step: step(span))
            for check in scheduler.takeDue(at: now) {
                starts[check.object, default: []].append(span)
                _ = finish(check, state, in: &scheduler, at: now)
            }
        }
        return starts
    }

    // MARK: - Intervals

    @Test func `checks come once an interval, five per cent and half a second early at most`() {
        var scheduler = scheduler()
        scheduler.apply(plans(50), at: Self.start)
        let starts = run(&scheduler, until: .seconds(86_400))
        #expect(starts.count == 50)
        for times in starts.values {
            #expect(times.count >= 287 && times.count <= 304)
            for (one, next) in zip(times, times.dropFirst()) {
                #expect(next - one <= .seconds(300) && next - one >= .seconds(284.4))
            }
        }
    }

    @Test func `objects that begin together drift to places of their own`() {
        var scheduler = scheduler()
        let saved = plans(60).map { plan in
            ScheduleState(object: plan.object, nextCheck: Self.start.wall + .seconds(100))
        }
        scheduler.apply(plans(60), states: saved, at: Self.start)
        let starts = run(&scheduler, until: .seconds(20_000))
        let last = starts.values.compactMap(\.last).map { Int($0.inSeconds) / 30 }
        #expect(Set(starts.values.compactMap(\.first)) == [.seconds(100)])
        #expect(Set(last).count >= 8)
    }

    @Test func `the next check is counted from the end of the one before`() throws {
        var scheduler = scheduler()
        scheduler.apply([plan("a", every: .seconds(1))], at: Self.start)
        let now = later(.seconds(1))
        let taken = scheduler.takeDue(at: now)
        let due = try #require(taken.first)
        #expect(scheduler.earliestDue() == nil)
        let end = later(.seconds(31))
        let result = scheduler.finish(
            due,
            output: output(.ok),
            start: now.wall,
            end: end.wall,
            at: end
        )
        let done = try #require(result)
        #expect(scheduler.earliestDue() == end.monotonic + .seconds(1))
        #expect(done.result.nextCheck == end.wall + .seconds(1))
        #expect(done.schedule.lastStart == now.wall && done.schedule.lastEnd == end.wall)
    }

    @Test func `a soft problem is checked at the retry interval, a hard one at the usual`() throws {
        var scheduler = scheduler()
        scheduler.apply([plan("a", attempts: 3)], at: Self.start)
        var seen: [String] = []
        var now = later(.seconds(60))
        for state in [ServiceState.ok, .critical, .critical, .critical, .critical, .ok] {
            let taken = scheduler.takeDue(at: now)
            let due = try #require(taken.first)
            let result = finish(due, state, in: &scheduler, at: now)
            let done = try #require(result)
            let type = done.schedule.checkState?.type.name ?? ""
            let next = scheduler.earliestDue()
            let wait = try #require(next) - now.monotonic
            #expect(wait <= done.result.checkInterval)
            #expect(wait >= done.result.checkInterval * 0.94 - .seconds(0.5))
            seen.append("\(type) \(done.result.checkInterval.components.seconds)")
            now = later(now.monotonic + wait - Self.start.monotonic)
        }
        #expect(seen == ["HARD 300", "SOFT 60", "SOFT 60", "HARD 300", "HARD 300", "HARD 300"])
    }

    @Test func `hostile intervals and attempts are brought within bounds`() {
        var scheduler = scheduler()
        var odd = plan("a", every: .zero, retry: .seconds(-5), attempts: -1)
        scheduler.apply([odd], at: Self.start)
        #expect(run(&scheduler, until: .seconds(10)).values.first?.count ?? 0 <= 101)
        odd.checkInterval = .seconds(Int64.max)
        scheduler.apply([odd], at: later(.seconds(10)))
        #expect(scheduler.runningCount == 0)
    }

    // MARK: - Limits

    @Test func `no more run at a time than the limit, the longest due first`() {
        var scheduler = scheduler(limit: 3)
        scheduler.apply(plans(5), at: Self.start)
        let now = later(.seconds(60))
        let first = scheduler.takeDue(at: now, atMost: 2)
        #expect(first.count == 2)
        #expect(scheduler.takeDue(at: now).count == 1)
        #expect(scheduler.earliestDue() == nil)
        _ = finish(first[0], in: &scheduler, at: now)
        #expect(scheduler.takeDue(at: now).count == 1)
        #expect(scheduler.runningCount == 3)
    }

    @Test func `a running check is not started again, not even on request`() {
        var scheduler = scheduler()
        scheduler.apply(plans(1, every: .seconds(1)), at: Self.start)
        let object = ObjectName(host: "h", service: "s0")
        #expect(scheduler.takeDue(at: later(.seconds(1))).count == 1)
        #expect(scheduler.requestNow(object, at: later(.seconds(2))) == .alreadyRunning)
        #expect(scheduler.takeDue(at: later(.seconds(1000))).isEmpty)
    }

    @Test func `a request is due now, once, also for what is never scheduled`() throws {
        var scheduler = scheduler()
        var passive = plan("a")
        passive.isActive = false
        scheduler.apply([passive, plan("b")], at: Self.start)
        _ = run(&scheduler, until: .seconds(60))
        let now = later(.seconds(61))
        #expect(scheduler.takeDue(at: now).isEmpty)
        for object in [passive.object, plan("b").object, passive.object] {
            #expect(scheduler.requestNow(object, at: now) == .queued)
        }
        let due = scheduler.takeDue(at: now)
        #expect(Set(due.map(\.object)) == [passive.object, plan("b").object])
        for check in due {
            let result = finish(check, in: &scheduler, at: now)
            let done = try #require(result)
            #expect((done.result.nextCheck == nil) == (check.object == passive.object))
        }
        #expect(scheduler.takeDue(at: now).isEmpty)
        #expect(scheduler.requestNow(ObjectName(host: "other"), at: now) == .unknownObject)
    }

    @Test func `what is not active is never scheduled`() {
        var scheduler = scheduler()
        var passive = plan("a")
        passive.isActive = false
        let saved = ScheduleState(object: passive.object, nextCheck: Self.start.wall)
        scheduler.apply([passive], states: [saved], at: Self.start)
        #expect(scheduler.earliestDue() == nil)
    }

    // MARK: - Starts

    @Test(arguments: [(Duration.seconds(300), 60.0), (.seconds(10), 10.0)])
    func `new and overdue objects are spread over the first minute or their interval`(
        interval: Duration,
        window: Double
    ) {
        var scheduler = scheduler()
        let overdue = plans(100, every: interval).prefix(50).map {
            ScheduleState(object: $0.object, nextCheck: Self.start.wall - .seconds(7200))
        }
        scheduler.apply(plans(100, every: interval), states: overdue, at: Self.start)
        let starts = run(&scheduler, until: .seconds(window)).values.compactMap(\.first?.inSeconds)
        #expect(starts.count == 100)
        let tenths = starts.map { Int($0 * 10 / window) }
        #expect(Set(tenths).count == 10)
        #expect(tenths.allSatisfy { tenth in tenths.count { $0 == tenth } < 30 })
    }

    @Test func `a restart neither repeats nor skips a burst`() throws {
        var first = scheduler()
        first.apply(plans(100), at: Self.start)
        _ = run(&first, until: .seconds(200))
        let down = later(.seconds(200))
        let states = first.states(at: down)
        // Another boot: the monotonic clock begins anew.
        let up = Moment(monotonic: .seconds(5), wall: down.wall + .seconds(10))
        var second = scheduler(seed: 2)
        second.apply(plans(100), states: states, at: up)
        let planned = Dictionary(states.map { ($0.object, $0.nextCheck) }) { $1 }
        for status in second.statuses(at: up) {
            let old = try #require(planned[status.schedule.object])
            if old >= up.wall + .seconds(60) {
                #expect(status.schedule.nextCheck == old)
            } else {
                #expect(status.schedule.nextCheck >= up.wall)
                #expect(status.schedule.nextCheck < up.wall + .seconds(60))
            }
            #expect(status.schedule.checkState?.state == .ok)
        }
    }

    @Test func `an interrupted check comes first`() throws {
        var first = scheduler()
        first.apply(plans(20), at: Self.start)
        let taken = first.takeDue(at: later(.seconds(60)), atMost: 1)
        let running = try #require(taken.first)
        let states = first.states(at: later(.seconds(61)))
        var second = scheduler()
        second.apply(plans(20), states: states, at: later(.seconds(3600)))
        #expect(second.takeDue(at: later(.seconds(3600))).map(\.object) == [running.object])
    }

    @Test func `a stored time beyond the interval is not waited for`() {
        var scheduler = scheduler()
        let states = plans(10).map {
            ScheduleState(object: $0.object, nextCheck: Self.start.wall + .seconds(90_000))
        }
        scheduler.apply(plans(10), states: states, at: Self.start)
        #expect(run(&scheduler, until: .seconds(300)).count == 10)
    }

    // MARK: - Clock steps

    @Test(arguments: [Duration.seconds(3600), .seconds(-3600), .seconds(1_000_000_000)])
    func `a step of the wall clock moves no check`(step: Duration) {
        var steady = scheduler()
        var stepped = scheduler()
        steady.apply(plans(20), at: Self.start)
        stepped.apply(plans(20), at: Self.start)
        let expected = run(&steady, until: .seconds(7200))
        let seen = run(&stepped, until: .seconds(7200)) { $0 > .seconds(3000) ? step : .zero }
        #expect(seen == expected)
    }

    @Test func `stored times follow the wall clock's step`() throws {
        var scheduler = scheduler()
        scheduler.apply(plans(1), at: Self.start)
        _ = run(&scheduler, until: .seconds(60))
        let before = try #require(scheduler.states(at: later(.seconds(60))).first)
        let after = try #require(
            scheduler.states(at: later(.seconds(60), step: .seconds(-3600))).first
        )
        #expect(before.nextCheck - after.nextCheck == .seconds(3600))
    }

    // MARK: - Reloads

    @Test func `a reload keeps what is unchanged and forgets what is gone`() throws {
        var scheduler = scheduler()
        scheduler.apply(plans(10), at: Self.start)
        _ = run(&scheduler, until: .seconds(100), state: .critical)
        let now = later(.seconds(100))
        let before = scheduler.statuses(at: now)
        scheduler.apply(Array(plans(10).dropLast(4)) + [plan("new")], at: now)
        let after = scheduler.statuses(at: now)
        let kept = Set(plans(6).map(\.object))
        #expect(
            after.filter { kept.contains($0.schedule.object) }
                == before.filter { kept.contains($0.schedule.object) }
        )
        #expect(after.count == 7)
    }

    @Test func `the result of an object that a reload removed is dropped`() throws {
        var scheduler = scheduler()
        scheduler.apply(plans(2), at: Self.start)
        let now = later(.seconds(60))
        let due = scheduler.takeDue(at: now)
        scheduler.apply(Array(plans(2).dropLast()), at: now)
        #expect(due.compactMap { finish($0, in: &scheduler, at: now) }.count == 1)
        scheduler.apply(plans(2), at: now)
        #expect(scheduler.runningCount == 0)
        #expect(due.allSatisfy { finish($0, in: &scheduler, at: now) == nil })
    }

    @Test func `a shorter interval takes effect at once`() {
        var scheduler = scheduler()
        scheduler.apply(plans(20, every: .seconds(86_400)), at: Self.start)
        _ = run(&scheduler, until: .seconds(60))
        scheduler.apply(plans(20, every: .seconds(30)), at: later(.seconds(60)))
        #expect(run(&scheduler, until: .seconds(90)).count == 20)
    }

    @Test func `switching active checks off and on is obeyed`() {
        var scheduler = scheduler()
        scheduler.apply(plans(1), at: Self.start)
        var passive = plans(1)
        passive[0].isActive = false
        scheduler.apply(passive, at: Self.start)
        #expect(scheduler.earliestDue() == nil)
        scheduler.apply(plans(1), at: later(.seconds(500)))
        #expect(scheduler.takeDue(at: later(.seconds(560))).count == 1)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `no sequence of events starts an object twice, loses one or exceeds the limit`(
        seed: UInt64
    ) {
        var dice = Dice(seed: seed)
        var scheduler = scheduler(limit: 5, seed: seed)
        var running: [DueCheck] = []
        var span = Duration.zero
        let all = plans(12, every: .seconds(20))
        scheduler.apply(all, at: Self.start)
        for _ in 0..<2000 {
            span += .milliseconds(Int.random(in: 0...4000, using: &dice))
            let step = Duration.seconds(Int.random(in: -5000...5000, using: &dice))
            let now = later(span, step: step)
            switch Int.random(in: 0..<10, using: &dice) {
            case 0..<5: running += scheduler.takeDue(at: now)
            case 5..<8:
                guard let index = running.indices.randomElement(using: &dice) else { continue }
                let states = ServiceState.allCases
                let state = states.randomElement(using: &dice) ?? .ok
                _ = finish(running.remove(at: index), state, in: &scheduler, at: now)
            case 8:
                guard let plan = all.randomElement(using: &dice) else { continue }
                _ = scheduler.requestNow(plan.object, at: now)
            default: scheduler.apply(all, at: now)
            }
            #expect(Set(running.map(\.object)).count == running.count)
            #expect(running.count <= 5 && running.count == scheduler.runningCount)
        }
        for check in running { _ = finish(check, in: &scheduler, at: later(span)) }
        let starts = run(&scheduler, until: span + .seconds(60))
        #expect(starts.count == 12)
    }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
