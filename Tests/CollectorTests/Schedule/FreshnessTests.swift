import Monitoring
import Testing

@testable import Collector

private let backup = ObjectName(host: "h", service: "backup")
private let router = ObjectName(host: "router")

/// A passive object of which no result comes becomes UNKNOWN in time, and says so.
@Suite struct FreshnessTests {
    /// Monday, 17 May 2027, midnight at Greenwich.
    private static let midnight = Timestamp(microseconds: 1_810_512_000_000_000)
    /// Half a minute more than the five minutes of ``plan(period:dependencies:)``.
    private let limit = Duration.seconds(330)

    private func at(_ span: Duration, step: Duration = .zero) -> Moment {
        Moment(monotonic: .seconds(1000) + span, wall: Self.midnight + span + step)
    }

    private func plan(
        every interval: Duration = .seconds(300), attempts: Int = 1, period: TimePeriod? = nil,
        dependencies: [CheckDependency] = []
    ) -> CheckPlan {
        CheckPlan(
            object: backup, checkInterval: interval, maxCheckAttempts: attempts, isActive: false,
            expectsResults: true, period: period, dependencies: dependencies)
    }

    private func scheduler(
        _ plans: [CheckPlan], _ states: [ScheduleState] = [], at now: Moment? = nil
    ) -> CheckScheduler {
        var scheduler = CheckScheduler(calendar: TestCalendar(), random: Dice(seed: 1))
        scheduler.apply(plans, states: states, at: now ?? at(.zero))
        return scheduler
    }

    private func output(_ state: ServiceState, _ text: String = "text") -> PluginOutput {
        PluginOutput(bytes: Array(text.utf8), ending: .exited(Int32(state.rawValue)))
    }

    private struct Told {
        var at: Duration
        var result: ScheduledResult
        var text: String { result.result.output }
    }

    /// Tells what is due until `end`, as the loop would; returns what was told when.
    private func run(
        _ scheduler: inout CheckScheduler, until end: Duration
    ) -> [Told] {
        var told: [Told] = []
        while let due = scheduler.earliestDue(), due <= at(end).monotonic {
            let span = due - .seconds(1000)
            for check in scheduler.takeDue(at: at(span)) {
                let result = scheduler.finish(
                    check, output: check.told ?? output(.ok, "a plugin ran"),
                    start: at(span).wall, end: at(span).wall, at: at(span))
                if let result { told.append(Told(at: span, result: result)) }
            }
        }
        return told
    }

    private func submit(
        _ scheduler: inout CheckScheduler, _ state: ServiceState = .ok, at span: Duration
    ) -> ScheduledResult? {
        scheduler.submit(backup, output(state, "fine"), at: at(span))?.scheduled
    }

    private func office() throws -> TimePeriod {
        var period = TimePeriod(name: "office")
        period.lines = [
            TimePeriod.Line(
                days: try DayRange("monday - friday"), times: try ClockRange.all("9:00-17:00"))
        ]
        return period
    }

    // MARK: - The rule

    @Test func `what is submitted in time is never stale`() {
        var scheduler = scheduler([plan()])
        for round in 1...100 {
            let now = Duration.seconds(round * 329)
            #expect(run(&scheduler, until: now).isEmpty)
            let taken = submit(&scheduler, at: now)
            #expect(taken?.result.nextCheck == at(now + limit).wall, "the ttl is made of it")
        }
    }

    @Test func `once an interval it is told, as a check would, until a result comes`() throws {
        var scheduler = scheduler([plan()])
        _ = submit(&scheduler, at: .seconds(10))
        let told = run(&scheduler, until: .seconds(1300))
        #expect(told.map(\.at) == [340, 640, 940, 1240].map { Duration.seconds($0) })
        let first = try #require(told.first?.result)
        #expect(first.result.state == .unknown && first.significance == .change)
        #expect(first.result.output.contains(" was submitted since that of 2027-05-1"))
        #expect(first.result.nextCheck == at(.seconds(640)).wall)
        #expect(Set(told.map(\.text)).count == 1, "since the last submission")
        #expect(first.schedule.lastOutput == "fine")
        #expect(first.schedule.lastEnd == at(.seconds(10)).wall)
        #expect(scheduler.status(of: backup, at: at(.seconds(1300)))?.isStale == true)
        let back = submit(&scheduler, at: .seconds(1301))
        #expect(back?.significance == .change)
        let status = try #require(scheduler.status(of: backup, at: at(.seconds(1301))))
        #expect(!status.isStale && status.staleAt == at(.seconds(1301) + limit).wall)
        #expect(run(&scheduler, until: .seconds(1301) + limit - .milliseconds(1)).isEmpty)
    }

    @Test func `while soft it is told each retry interval, and then is hard`() {
        var scheduler = scheduler([plan(attempts: 3)])
        _ = submit(&scheduler, at: .zero)
        let told = run(&scheduler, until: .seconds(800))
        #expect(told.map(\.at) == [330, 390, 450, 750].map { Duration.seconds($0) })
        #expect(told.map(\.result.schedule.checkState?.type) == [.soft, .soft, .hard, .hard])
    }

    @Test func `a soft problem that is submitted has its whole time all the same`() {
        var scheduler = scheduler([plan(attempts: 3)])
        _ = submit(&scheduler, .critical, at: .zero)
        #expect(run(&scheduler, until: limit - .milliseconds(1)).isEmpty)
    }

    @Test func `of what nobody ever submits it is told as well, a host too`() throws {
        var plan = plan()
        plan.object = router
        var scheduler = scheduler([plan])
        let told = run(&scheduler, until: limit)
        #expect(told.count == 1)
        let first = try #require(told.first?.result)
        #expect(first.result.output.hasPrefix("STALE: no result was submitted yet"))
        #expect(first.result.state.asHostState == .down)
    }

    @Test func `without a rule nothing is ever told, and nothing is due`() {
        var scheduler = scheduler([CheckPlan(object: backup, isActive: false)])
        _ = submit(&scheduler, at: .zero)
        #expect(scheduler.earliestDue() == nil)
        let status = scheduler.status(of: backup, at: at(.zero))
        #expect(status?.expectsResults == false && status?.staleAt == nil)
    }

    @Test func `a clock that steps makes nothing stale`() {
        var scheduler = scheduler([plan()])
        _ = submit(&scheduler, at: .zero)
        for step in [-86_400, 86_400] {
            #expect(scheduler.takeDue(at: at(.seconds(329), step: .seconds(step))).isEmpty)
        }
        #expect(scheduler.takeDue(at: at(limit, step: .seconds(-86_400))).count == 1)
    }

    @Test func `a check that somebody asks for is a result`() {
        var scheduler = scheduler([plan()])
        #expect(scheduler.requestNow(backup, at: at(.seconds(300))) == .queued)
        let told = run(&scheduler, until: .seconds(300) + limit - .milliseconds(1))
        #expect(told.map(\.text) == ["a plugin ran"])
        #expect(run(&scheduler, until: .seconds(300) + limit).count == 1)
    }

    // MARK: - Results with times of their own

    @Test func `a run's times are its own as far as they can be true`() throws {
        var scheduler = scheduler([plan()])
        func span(_ start: Double, _ end: Double, at now: Double) throws -> [Double] {
            let execution = ExecutionSpan(
                start: at(.seconds(start)).wall, end: at(.seconds(end)).wall)
            let taken = scheduler.submit(
                backup, output(.ok), execution: execution, at: at(.seconds(now)))
            let result = try #require(taken?.scheduled.result)
            return [result.executionStart, result.executionEnd].map {
                ($0 - Self.midnight).inSeconds
            }
        }
        #expect(try span(10, 20, at: 21) == [10, 20])
        #expect(try span(5, 30, at: 31) == [10.000_001, 30], "after the result before it")
        #expect(try span(90, 100, at: 40) == [40, 40], "not in the future")
        #expect(try span(60, 50, at: 70) == [50, 50], "not before its start")
        #expect(try span(-99_999, 80, at: 80) == [50.000_001, 80])
        _ = run(&scheduler, until: .seconds(80) + limit)
        let told = 80 + limit.inSeconds
        #expect(try span(100, told + 1, at: told + 2) == [told + 0.000_001, told + 1])
    }

    // MARK: - Restarts and reloads

    @Test func `a restart keeps the time, so that many of them hide nothing`() {
        var scheduler = scheduler([plan(every: .seconds(86_400))])
        _ = submit(&scheduler, at: .zero)
        var told = 0
        for hour in 1...26 {
            let now = Duration.seconds(hour * 3600)
            told += run(&scheduler, until: now).count
            let states = scheduler.states(at: at(now))
            scheduler = self.scheduler(
                [plan(every: .seconds(86_400))], states, at: at(now + .seconds(60)))
        }
        #expect(told == 1)
    }

    @Test func `what was missed while the daemon was down has its whole time, without a burst`() {
        var scheduler = scheduler([plan()])
        _ = submit(&scheduler, at: .zero)
        let states = scheduler.states(at: at(.seconds(1)))
        let start = Duration.seconds(86_400)
        scheduler = self.scheduler([plan()], states, at: at(start))
        #expect(run(&scheduler, until: start + limit - .milliseconds(1)).isEmpty)
        let told = run(&scheduler, until: start + limit)
        #expect(told.count == 1)
        #expect(told.first?.result.result.output.contains("since that of 2027-05-1") == true)
    }

    @Test func `what would be stale right after a start has a moment`() {
        var scheduler = scheduler([plan()])
        _ = submit(&scheduler, at: .zero)
        let states = scheduler.states(at: at(.seconds(1)))
        scheduler = self.scheduler([plan()], states, at: at(.seconds(329)))
        #expect(run(&scheduler, until: .seconds(343)).isEmpty)
        #expect(run(&scheduler, until: .seconds(344)).count == 1)
    }

    @Test func `a stored time that is too far away is not believed`() {
        let state = ScheduleState(
            object: backup, nextCheck: at(.seconds(86_400)).wall)
        var scheduler = scheduler([plan()], [state])
        #expect(run(&scheduler, until: limit).count == 1)
    }

    @Test func `a reload without a change keeps the time, a new interval begins anew`() {
        var scheduler = scheduler([plan()])
        scheduler.apply([plan()], at: at(.seconds(200)))
        #expect(run(&scheduler, until: limit).count == 1)
        scheduler.apply([plan(every: .seconds(600))], at: at(.seconds(400)))
        #expect(run(&scheduler, until: .seconds(1059)).isEmpty)
        #expect(run(&scheduler, until: .seconds(1060)).count == 1)
        scheduler.apply([CheckPlan(object: backup, isActive: false)], at: at(.seconds(1060)))
        #expect(scheduler.earliestDue() == nil)
        #expect(scheduler.status(of: backup, at: at(.seconds(1060)))?.isStale == false)
    }

    // MARK: - Pauses, periods, dependencies

    @Test func `a pause is told instead, and after it results have their whole time`() {
        var scheduler = scheduler([plan()])
        _ = submit(&scheduler, at: .zero)
        let pause = ObjectPause(
            reason: "tape is moved", author: "root", since: at(.zero).wall,
            until: at(.seconds(2000)).wall)
        scheduler.pause([backup: pause], at: at(.seconds(1)))
        let told = run(&scheduler, until: .seconds(2000))
        #expect(told.first?.at == .seconds(1))
        #expect(told.count == 7)
        #expect(
            told.allSatisfy {
                $0.result.result.output.hasPrefix("PAUSED") && $0.result.result.state == .ok
            })
        scheduler.pause([:], at: at(.seconds(2000)))
        #expect(run(&scheduler, until: .seconds(2000) + limit - .milliseconds(1)).isEmpty)
        let after = run(&scheduler, until: .seconds(2000) + limit)
        #expect(after.first?.result.result.output.contains("since that of 2027-05-1") == true)
    }

    @Test func `outside its period nothing is stale, and when it begins the whole time counts`()
        throws
    {
        var scheduler = scheduler([plan(period: try office())], at: at(.seconds(16 * 3600)))
        _ = submit(&scheduler, at: .seconds(16 * 3600))
        let day = try #require(run(&scheduler, until: .seconds(17 * 3600)).last)
        #expect(day.at < .seconds(17 * 3600))
        let morning = Duration.seconds(33 * 3600)
        #expect(run(&scheduler, until: morning + limit - .milliseconds(1)).isEmpty)
        #expect(run(&scheduler, until: morning + limit).map(\.at) == [morning + limit])
    }

    @Test func `an interval longer than the period's time is told before that ends`() throws {
        var period = TimePeriod(name: "mondays")
        period.lines = [
            TimePeriod.Line(days: try DayRange("monday"), times: try ClockRange.all("9:00-17:00"))
        ]
        var scheduler = scheduler([plan(every: .seconds(86_400), period: period)])
        let told = run(&scheduler, until: .seconds(15 * 86_400))
        // a second before five in the afternoon
        #expect(told.map(\.at) == [Duration.seconds(665_999), .seconds(1_270_799)])
    }

    @Test func `an interval of days that ends at night ends in the morning after, not before`()
        throws
    {
        // 50 hours and the hour of tolerance, from four in the afternoon on
        let plan = plan(every: .seconds(50 * 3600), period: try office())
        var scheduler = scheduler([plan], at: at(.seconds(16 * 3600)))
        _ = submit(&scheduler, at: .seconds(16 * 3600))
        let told = run(&scheduler, until: .seconds(4 * 86_400))
        // Wednesday at seven in the evening; Thursday, a second before five
        #expect(told.map(\.at) == [Duration.seconds(3 * 86_400 + 61_199)])
    }

    @Test func `what lies behind a problem is not told, and has its whole time after it`() {
        let dependency = CheckDependency(parent: router, states: [.ok], ignoresSoftStates: false)
        let parent = CheckPlan(object: router, isActive: false)
        var scheduler = scheduler([plan(dependencies: [dependency]), parent])
        _ = submit(&scheduler, at: .zero)
        _ = scheduler.submit(router, output(.critical), at: at(.seconds(100)))
        #expect(run(&scheduler, until: .seconds(3600)).isEmpty)
        #expect(scheduler.status(of: backup, at: at(.seconds(3600)))?.suppressor == router)
        _ = scheduler.submit(router, output(.ok), at: at(.seconds(3600)))
        let told = run(&scheduler, until: .seconds(4200))
        let first = told.first?.at ?? .zero
        #expect(first >= .seconds(3600) + limit && first <= .seconds(3660) + limit)
    }
}
