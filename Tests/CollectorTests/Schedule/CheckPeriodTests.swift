import ConfigLanguage
import Monitoring
import Testing

@testable import Collector

private let disk = ObjectName(host: "h", service: "disk")
private let router = ObjectName(host: "router")

/// Checks come within their `check_period`, and not while what they depend on has a problem.
@Suite struct CheckPeriodTests {
    /// Monday, 17 May 2027, midnight at Greenwich.
    private static let midnight = Timestamp(microseconds: 1_810_512_000_000_000)

    private func at(_ hours: Double, step: Duration = .zero) -> Moment {
        Moment(
            monotonic: .seconds(1000 + hours * 3600),
            wall: Self.midnight + .seconds(hours * 3600) + step)
    }

    private func office() throws -> TimePeriod {
        var period = TimePeriod(name: "office")
        period.lines = [
            TimePeriod.Line(
                days: try DayRange("monday - friday"), times: try ClockRange.all("9:00-17:00"))
        ]
        return period
    }

    private func scheduler(
        _ plans: [CheckPlan], _ states: [ScheduleState] = [], at now: Moment
    ) -> CheckScheduler {
        var scheduler = CheckScheduler(calendar: TestCalendar(), random: Dice(seed: 1))
        scheduler.apply(plans, states: states, at: now)
        return scheduler
    }

    private func output(_ state: ServiceState) -> PluginOutput {
        PluginOutput(bytes: Array("text".utf8), ending: .exited(Int32(state.rawValue)))
    }

    /// Runs what is due until `end` hours, each check without taking time; returns when checks
    /// began, in hours.
    private func run(
        _ scheduler: inout CheckScheduler, until end: Double,
        _ state: (ObjectName) -> ServiceState = { _ in .ok }
    ) -> [ObjectName: [Double]] {
        var starts: [ObjectName: [Double]] = [:]
        while let due = scheduler.earliestDue(), due <= at(end).monotonic {
            let span = due - .seconds(1000)
            let hours = span.inSeconds / 3600
            let now = Moment(monotonic: due, wall: Self.midnight + span)
            for check in scheduler.takeDue(at: now) {
                starts[check.object, default: []].append(hours)
                _ = scheduler.finish(
                    check, output: output(state(check.object)), start: now.wall, end: now.wall,
                    at: now)
            }
        }
        return starts
    }

    @Test func `checks come within the period, the first of each day within its first minute`()
        throws
    {
        var scheduler = scheduler(
            [CheckPlan(object: disk, checkInterval: .seconds(1800), period: try office())],
            at: at(0))
        let starts = run(&scheduler, until: 7 * 24)[disk] ?? []
        for hours in starts {
            let (day, hour) = (Int(hours) / 24, hours.truncatingRemainder(dividingBy: 24))
            #expect(day < 5 && hour >= 9 && hour < 17, "\(hours)")
        }
        for day in 0..<5 {
            let first = starts.first { $0 >= Double(day * 24) } ?? 0
            let intoPeriod = first - Double(day * 24 + 9)
            #expect(intoPeriod >= 0 && intoPeriod <= 1 / 60.0, "day \(day): \(first)")
        }
        #expect((80...95).contains(starts.count))
    }

    @Test func `the next check is told as it will be, over night too`() throws {
        var scheduler = scheduler(
            [CheckPlan(object: disk, checkInterval: .seconds(300), period: try office())],
            at: at(9))
        _ = run(&scheduler, until: 16.99)
        _ = scheduler.requestNow(disk, at: at(16.999))
        let taken = scheduler.takeDue(at: at(16.999))
        let due = try #require(taken.first)
        let finished = scheduler.finish(
            due, output: output(.ok), start: at(16.999).wall, end: at(16.999).wall, at: at(16.999))
        let next = try #require(finished?.result.nextCheck)
        #expect(next >= at(33).wall && next <= at(33.02).wall)
        #expect(scheduler.status(of: disk, at: at(16.999))?.closedPeriod == nil)
        #expect(scheduler.status(of: disk, at: at(17))?.closedPeriod == "office")
        // A restart in the night keeps it.
        let states = scheduler.states(at: at(20))
        var restarted = self.scheduler(
            [CheckPlan(object: disk, checkInterval: .seconds(300), period: try office())], states,
            at: at(20))
        #expect(restarted.takeDue(at: at(32.9)).isEmpty)
        #expect(restarted.states(at: at(20)).first?.nextCheck == next)
    }

    @Test func `what somebody wants now runs now, and the schedule goes on`() throws {
        var scheduler = scheduler([CheckPlan(object: disk, period: try office())], at: at(1))
        #expect(scheduler.takeDue(at: at(2)).isEmpty)
        #expect(scheduler.requestNow(disk, at: at(2)) == .queued)
        let taken = scheduler.takeDue(at: at(2))
        let due = try #require(taken.first)
        let finished = scheduler.finish(
            due, output: output(.ok), start: at(2).wall, end: at(2).wall, at: at(2))
        #expect(try #require(finished?.result.nextCheck) >= at(9).wall)
        #expect(scheduler.takeDue(at: at(8.99)).isEmpty)
    }

    @Test func `what is due after closing time does not come before it`() throws {
        let plan = CheckPlan(object: disk, checkInterval: .seconds(36_000), period: try office())
        var scheduler = scheduler([plan], at: at(9.99))
        let starts = run(&scheduler, until: 5 * 24)[disk] ?? []
        // at ten, and then within the first minute of each day
        #expect(starts.count == 5, "\(starts)")
        for (day, hours) in starts.enumerated() {
            #expect(abs(hours - Double(day * 24) - (day == 0 ? 10 : 9)) < 0.02, "\(hours)")
        }
    }

    @Test func `a clock that is set while it waits is followed within the hour`() throws {
        var scheduler = scheduler([CheckPlan(object: disk, period: try office())], at: at(1))
        let eight = Duration.seconds(8 * 3600)
        // The clock on the wall jumps from two to ten.
        #expect(scheduler.takeDue(at: at(2.05, step: eight)).count == 1)
        var other = self.scheduler([CheckPlan(object: disk, period: try office())], at: at(8.5))
        // It is set back by eight hours: nine has not come.
        #expect(other.takeDue(at: at(9.1, step: .seconds(-8 * 3600))).isEmpty)
        #expect(other.takeDue(at: at(17.1, step: .seconds(-8 * 3600))).count == 1)
    }

    @Test func `a period that never is leaves everything else running`() throws {
        var scheduler = scheduler(
            [
                CheckPlan(object: disk, period: TimePeriod(name: "never")),
                CheckPlan(object: router),
            ],
            at: at(0))
        let starts = run(&scheduler, until: 24 * 40)
        #expect(starts[disk] == nil)
        #expect(starts[router]?.count ?? 0 > 10_000)
    }

    @Test func `a new period counts at a reload, and one that is taken out does not`() throws {
        var scheduler = scheduler([CheckPlan(object: disk)], at: at(1))
        scheduler.apply([CheckPlan(object: disk, period: try office())], at: at(1))
        #expect(scheduler.takeDue(at: at(8.9)).isEmpty)
        scheduler.apply([CheckPlan(object: disk)], at: at(8.9))
        #expect(scheduler.takeDue(at: at(8.92)).count == 1)
    }

    @Test func `an end of a pause in the night waits for the morning`() throws {
        var scheduler = scheduler([CheckPlan(object: disk, period: try office())], at: at(1))
        let pause = ObjectPause(
            reason: "why", author: "root", since: at(2).wall, until: at(3).wall)
        scheduler.pause([disk: pause], at: at(2))
        let told = scheduler.takeDue(at: at(2))
        #expect(told.first?.told != nil)
        for due in told {
            _ = scheduler.finish(
                due, output: output(.ok), start: at(2).wall, end: at(2).wall, at: at(2))
        }
        scheduler.pause([:], at: at(3))
        #expect(scheduler.takeDue(at: at(8.9)).isEmpty)
        #expect(scheduler.takeDue(at: at(9.1)).count == 1)
    }

    // MARK: - Dependencies

    private func dependency(
        on parent: ObjectName = router, group: String = "", soft: Bool = true,
        period: TimePeriod? = nil
    ) -> CheckDependency {
        CheckDependency(
            parent: parent, states: [.ok], ignoresSoftStates: soft, period: period,
            redundancyGroup: group)
    }

    /// One without `disable_checks`.
    private func passing(on parent: ObjectName = router, group: String = "") -> CheckDependency {
        CheckDependency(
            parent: parent, states: [.ok], redundancyGroup: group, disablesChecks: false)
    }

    private func starts(
        _ dependencies: [CheckDependency], attempts: Int = 1, hours: Double = 6,
        others: [CheckPlan] = [], _ state: @escaping (ObjectName) -> ServiceState
    ) -> Int {
        var scheduler = scheduler(
            [
                CheckPlan(object: router, maxCheckAttempts: attempts),
                CheckPlan(object: disk, dependencies: dependencies),
            ] + others, at: at(0))
        // What depends on nothing is seen first.
        for object in [router] + others.map(\.object) {
            _ = scheduler.requestNow(object, at: at(0))
        }
        for due in scheduler.takeDue(at: at(0)) {
            _ = scheduler.finish(
                due, output: output(state(due.object)), start: at(0).wall, end: at(0).wall,
                at: at(0))
        }
        return run(&scheduler, until: hours, state)[disk]?.count ?? 0
    }

    @Test func `what hangs on a host that is down is not checked, and is when it is up`() {
        #expect(starts([dependency()]) { $0 == router ? .critical : .ok } == 0)
        #expect(starts([dependency()]) { _ in .ok } >= 70)
        // UP for hosts is OK and WARNING
        #expect(starts([dependency()]) { $0 == router ? .warning : .ok } >= 70)
    }

    @Test func `a problem that is not confirmed counts only where the definition says so`() {
        // 600 attempts take longer than the run
        #expect(starts([dependency()], attempts: 600) { $0 == router ? .critical : .ok } >= 70)
        #expect(
            starts([dependency(soft: false)], attempts: 600) { $0 == router ? .critical : .ok }
                == 0)
    }

    @Test func `one of a group is enough, and what lies behind what is down counts as down`() {
        let second = ObjectName(host: "second")
        let group = [dependency(group: "g"), dependency(on: second, group: "g")]
        let up = CheckPlan(object: second, maxCheckAttempts: 1)
        #expect(starts(group, others: [up]) { $0 == router ? .critical : .ok } >= 70)
        #expect(starts(group, others: [up]) { $0 == disk ? .ok : .critical } == 0)
        let apart = [dependency(), dependency(on: second)]
        #expect(starts(apart, others: [up]) { $0 == router ? .critical : .ok } == 0)
        let behind = CheckPlan(object: second, dependencies: [dependency()])
        #expect(
            starts([dependency(on: second)], others: [behind]) { $0 == router ? .critical : .ok }
                == 0)
    }

    @Test func `whatever stands between, what lies behind what is down counts as down`() {
        let (second, third) = (ObjectName(host: "second"), ObjectName(host: "third"))
        let never = TimePeriod(name: "never")
        let behind = CheckPlan(object: second, maxCheckAttempts: 1, dependencies: [dependency()])
        let downRouter = { (object: ObjectName) -> ServiceState in
            object == router ? .critical : .ok
        }
        #expect(starts([passing(on: second)], others: [behind], downRouter) == 0)
        #expect(starts([dependency(on: second, period: never)], others: [behind], downRouter) == 0)
        let far = CheckPlan(object: third, dependencies: [passing(on: second)])
        #expect(starts([passing(on: third)], others: [behind, far], downRouter) == 0)
        // the parent's own state counts for nothing then
        #expect(starts([passing()], downRouter) >= 70)
        #expect(starts([passing(on: second)], others: [behind]) { _ in .ok } >= 70)
        #expect(
            starts([passing(on: second)], others: [behind]) { $0 == second ? .critical : .ok }
                >= 70)
        // one of a group that can be reached is enough, and one that cannot be is none
        let group = [passing(on: second, group: "g"), passing(on: third, group: "g")]
        #expect(starts(group, others: [behind, CheckPlan(object: third)], downRouter) >= 70)
        #expect(starts(group, others: [behind, far], downRouter) == 0)
    }

    @Test func `what the own host and those of others depend on is handed on`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Host "router" { check_command = "dummy" }
            object Host "far" { check_command = "dummy"; zone = "elsewhere" }
            object Host NodeName { }
            object Service "s" { host_name = NodeName; check_command = "dummy" }
            object Dependency "a" {
              parent_host_name = "router"; child_host_name = "far"; disable_checks = true
            }
            object Dependency "b" { parent_host_name = "far"; child_host_name = NodeName }
            object Dependency "c" {
              parent_host_name = NodeName; child_host_name = NodeName; child_service_name = "s"
            }
            """)
        let own = ObjectName(host: "node1")
        #expect(Set(definitions.passages.keys) == [own, ObjectName(host: "far")])
        let service = definitions.plans.first { $0.object.service == "s" }
        #expect(service?.dependencies.map(\.parent) == [own])
        var scheduler = CheckScheduler(calendar: TestCalendar(), random: Dice(seed: 1))
        scheduler.apply(definitions.plans, passages: definitions.passages, at: at(0))
        let starts = run(&scheduler, until: 1) { $0 == router ? .critical : .ok }
        #expect(starts[router]?.count ?? 0 >= 10)
        #expect(starts[ObjectName(host: "node1", service: "s")]?.count ?? 0 <= 3)
    }

    /// Objects of which each depends on all others, and on the disk.
    private func ring(of count: Int) -> [CheckPlan] {
        let names = (0..<count).map { ObjectName(host: "ring\($0)") }
        return names.map { name in
            CheckPlan(
                object: name, maxCheckAttempts: 1,
                dependencies: names.filter { $0 != name }.map { passing(on: $0) }
                    + [passing(on: disk)])
        }
    }

    @Test func `a circle with more ways than can be looked at holds up nothing`() {
        let ring = ring(of: 40)
        let start = ContinuousClock.now
        #expect(starts([passing(on: ring[0].object)], hours: 1, others: ring) { _ in .ok } >= 10)
        #expect(ContinuousClock.now - start < .seconds(120))
    }

    @Test func `circles of dependencies that pass something on end, and keep nothing`() {
        let ring = ring(of: 5)
        let names = ring.map(\.object)
        let down = { (object: ObjectName) -> ServiceState in object == router ? .critical : .ok }
        #expect(starts([passing(on: names[0])], hours: 1, others: ring, down) >= 10)
        #expect(starts([passing(on: names[0]), dependency()], hours: 1, others: ring, down) == 0)
    }

    @Test func `nobody is kept by a circle, by what nobody checks, or outside the period`() {
        let circle = [dependency(on: disk)]
        #expect(starts(circle) { _ in .ok } >= 70)
        // two that depend on each other: a problem of one does not keep its end from being seen
        let other = ObjectName(host: "other")
        let there = CheckPlan(
            object: other, maxCheckAttempts: 1, dependencies: [dependency(on: disk)])
        let back = [dependency(on: other)]
        #expect(starts(back, others: [there]) { $0 == disk ? .critical : .ok } >= 70)
        #expect(starts(back, others: [there]) { $0 == other ? .critical : .ok } == 0)
        #expect(starts([dependency(on: ObjectName(host: "elsewhere"))]) { _ in .critical } >= 70)
        let never = [dependency(period: TimePeriod(name: "never"))]
        #expect(starts(never) { $0 == router ? .critical : .ok } >= 70)
    }

    @Test func `who keeps it from being checked is told, and a request is run all the same`()
        throws
    {
        var scheduler = scheduler(
            [
                CheckPlan(object: router, maxCheckAttempts: 1),
                CheckPlan(object: disk, dependencies: [dependency()]),
            ], at: at(0))
        _ = run(&scheduler, until: 1) { $0 == router ? .critical : .ok }
        #expect(scheduler.status(of: disk, at: at(1))?.suppressor == router)
        #expect(scheduler.requestNow(disk, at: at(1)) == .queued)
        #expect(scheduler.takeDue(at: at(1)).contains { $0.object == disk })
    }

    @Test func `dependencies of the definitions reach the plans`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Host "router" { check_command = "dummy" }
            object Host "web" { check_command = "dummy" }
            object Service "http" { host_name = "web"; check_command = "dummy" }
            object Service "free" { host_name = "web"; check_command = "dummy" }
            apply Dependency "uplink" to Host {
              parent_host_name = "router"
              disable_checks = true
              states = [ Up, Down ]
              redundancy_group = "g"
              ignore_soft_states = false
              assign where host.name == "web"
            }
            object Dependency "quiet" {
              parent_host_name = "web"; child_host_name = "web"; child_service_name = "http"
            }
            object Dependency "silent" {
              parent_host_name = "router"; child_host_name = "web"; child_service_name = "free"
            }
            """)
        let plans = Dictionary(
            definitions.plans.map { ($0.object.fullName, $0.dependencies) },
            uniquingKeysWith: { $1 })
        #expect(
            plans["web"] == [
                CheckDependency(
                    parent: router, states: [.ok, .critical], ignoresSoftStates: false,
                    redundancyGroup: "g")
            ])
        // web may not be reachable, whatever http's own dependency says of it
        #expect(
            plans["web!http"] == [
                CheckDependency(
                    parent: ObjectName(host: "web"), states: [.ok], disablesChecks: false)
            ])
        #expect(plans["web!free"] == [])
        #expect(definitions.ignored["Dependency"] == 2)
        let fault = #expect(throws: DefinitionsFault.self) {
            try DefinitionFixture.load(
                """
                object Host "a" { check_command = "dummy" }
                object Host "b" { check_command = "dummy" }
                object Dependency "d" {
                  parent_host_name = "a"; child_host_name = "b"; disable_checks = true
                  states = [ OK ]
                }
                """)
        }
        #expect(
            fault?.errors.contains { $0.message.contains("invalid for host dependency: 'OK'") }
                == true)
    }
}
