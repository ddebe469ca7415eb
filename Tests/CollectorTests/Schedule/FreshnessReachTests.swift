import Monitoring
import Testing

@testable import Collector

/// Who could not submit because of what an object depends on has the whole time afterwards.
@Suite struct FreshnessReachTests {
    private static let object = PassiveScene.object
    private static let router = PassiveScene.router
    private static let limit = PassiveScene.limit

    private func dependency(
        on parent: ObjectName = router, ignoresSoftStates: Bool = false,
        period: TimePeriod? = nil, group: String = "", disablesChecks: Bool = true
    ) -> CheckDependency {
        CheckDependency(
            parent: parent, states: [.ok], ignoresSoftStates: ignoresSoftStates,
            period: period, redundancyGroup: group, disablesChecks: disablesChecks)
    }

    private func passive(
        _ name: ObjectName, attempts: Int = 1, behind: [CheckDependency] = []
    ) -> CheckPlan {
        CheckPlan(
            object: name, maxCheckAttempts: attempts, isActive: false, dependencies: behind)
    }

    private func scene(_ dependency: CheckDependency, _ others: [CheckPlan]) -> PassiveScene {
        var scene = PassiveScene([PassiveScene.plan(behind: [dependency])] + others)
        scene.submit()
        return scene
    }

    @Test func `a parent that was down for a moment gives the whole time from its return`() {
        var scene = scene(dependency(), [passive(Self.router)])
        scene.submit(.critical, of: Self.router, at: 100)
        #expect(scene.status()?.suppressor == Self.router)
        scene.submit(.ok, of: Self.router, at: 130)
        #expect(scene.status()?.suppressor == nil)
        #expect(scene.status()?.staleAt == PassiveScene.midnight + .seconds(130 + Self.limit))
        #expect(scene.pass(until: 130 + Self.limit - 0.001).isEmpty)
        #expect(scene.pass(until: 130 + Self.limit).map(\.object) == [Self.object])
    }

    @Test func `it is seen from checks of the parent as well`() {
        let parent = CheckPlan(object: Self.router, checkInterval: .seconds(10))
        var scene = scene(
            dependency(), [CheckPlan(object: Self.router, checkInterval: .seconds(10))])
        scene.scheduler.apply(
            [PassiveScene.plan(behind: [dependency()]), parent], at: scene.moment)
        _ = scene.pass(until: 100)
        _ = scene.pass(until: 160) { $0 == Self.router ? .critical : .ok }
        #expect(scene.status()?.suppressor == Self.router)
        let told = scene.pass(until: 1000).filter { $0.object == Self.object }
        let first = told.first?.at ?? 0
        #expect((160 + Self.limit...171 + Self.limit).contains(first), "\(first)")
    }

    @Test func `a soft problem of a parent counts where it is said to`() {
        for (ignored, stale) in [(true, Self.limit), (false, 130 + Self.limit)] {
            var scene = scene(
                dependency(ignoresSoftStates: ignored), [passive(Self.router, attempts: 3)])
            scene.submit(.critical, of: Self.router, at: 100)
            scene.submit(.ok, of: Self.router, at: 130)
            #expect(scene.pass(until: 1000).first?.at == stale)
        }
    }

    @Test func `parents of parents count`() {
        let core = ObjectName(host: "core")
        var scene = scene(
            dependency(), [passive(Self.router, behind: [dependency(on: core)]), passive(core)])
        scene.submit(.critical, of: core, at: 100)
        #expect(scene.status()?.suppressor == core)
        scene.submit(.ok, of: core, at: 150)
        #expect(scene.pass(until: 1000).first?.at == 150 + Self.limit)
    }

    @Test func `parents of parents count, whatever the dependencies between say`() {
        let core = ObjectName(host: "core")
        let between = [
            dependency(disablesChecks: false), dependency(period: TimePeriod(name: "never")),
        ]
        for dependency in between {
            var scene = scene(
                dependency,
                [passive(Self.router, behind: [self.dependency(on: core)]), passive(core)])
            scene.submit(.critical, of: core, at: 100)
            #expect(scene.status()?.suppressor == core)
            #expect(scene.pass(until: 1000).isEmpty)
            scene.submit(.ok, of: core, at: 1000)
            #expect(scene.status()?.suppressor == nil)
            // what stands between says nothing itself
            scene.submit(.critical, of: Self.router, at: 1100)
            #expect(scene.status()?.suppressor == nil)
            #expect(scene.pass(until: 2000).first?.at == 1000 + Self.limit)
        }
    }

    @Test func `a dependency that counts at some hours is seen through one that asks nothing`()
        throws
    {
        let core = ObjectName(host: "core")
        let hours = try PassiveScene.period("monday", "1:00-1:10")
        let parent = passive(Self.router, behind: [dependency(on: core, period: hours)])
        var scene = PassiveScene(
            [
                PassiveScene.plan(every: 3600, behind: [dependency(disablesChecks: false)]),
                parent, passive(core),
            ])
        scene.submit(.critical, of: core)
        scene.submit(at: 3000)
        let end = 3600 + 600 + 3960.0
        let first = scene.pass(until: 20_000).first?.at ?? 0
        #expect((end...end + 60).contains(first), "\(first)")
    }

    @Test func `what is not checked here passes on what its parents are`() {
        let own = ObjectName(host: "own")
        let plans = [PassiveScene.plan(behind: [dependency(on: own)]), passive(Self.router)]
        var scene = PassiveScene(plans)
        scene.scheduler.apply(
            plans, passages: [own: [dependency(on: Self.router)]], at: scene.moment)
        scene.submit()
        scene.submit(.critical, of: Self.router, at: 100)
        #expect(scene.status()?.suppressor == Self.router)
        #expect(scene.pass(until: 1000).isEmpty)
        scene.submit(.ok, of: Self.router, at: 1000)
        #expect(scene.pass(until: 2000).first?.at == 1000 + Self.limit)
        scene.submit(.critical, of: Self.router, at: 2100)
        scene.scheduler.apply(plans, at: scene.moment)
        #expect(scene.status()?.suppressor == nil)
    }

    @Test func `one of a group that is well keeps the time, until none is`() {
        let other = ObjectName(host: "other")
        let group = [dependency(group: "g"), dependency(on: other, group: "g")]
        var scene = PassiveScene(
            [PassiveScene.plan(behind: group), passive(Self.router), passive(other)])
        scene.submit()
        scene.submit(.critical, of: Self.router, at: 50)
        scene.submit(.ok, of: Self.router, at: 60)
        #expect(scene.status()?.staleAt == PassiveScene.midnight + .seconds(Self.limit))
        scene.submit(.critical, of: Self.router, at: 70)
        scene.submit(.critical, of: other, at: 80)
        scene.submit(.ok, of: other, at: 90)
        #expect(scene.pass(until: 1000).first?.at == 90 + Self.limit)
    }

    @Test func `what is submitted meanwhile does not end the wait for the parent`() {
        var scene = scene(dependency(), [passive(Self.router)])
        scene.submit(.critical, of: Self.router, at: 100)
        scene.submit(at: 110)
        #expect(scene.status()?.suppressor == Self.router)
        scene.submit(.ok, of: Self.router, at: 400)
        #expect(scene.pass(until: 2000).first?.at == 400 + Self.limit)
    }

    @Test func `a restart while the parent is down keeps nothing from it`() {
        let plans = [PassiveScene.plan(behind: [dependency()]), passive(Self.router)]
        var scene = PassiveScene(plans)
        scene.submit()
        scene.submit(.critical, of: Self.router, at: 100)
        scene.restart(plans, at: 120)
        #expect(scene.status()?.suppressor == Self.router)
        scene.submit(.ok, of: Self.router, at: 125)
        #expect(scene.pass(until: 2000).first?.at == 125 + Self.limit)
    }

    @Test func `a reload that takes the dependency away gives the whole time`() {
        var scene = scene(dependency(), [passive(Self.router)])
        scene.submit(.critical, of: Self.router, at: 100)
        _ = scene.pass(until: 200)
        scene.scheduler.apply([PassiveScene.plan(), passive(Self.router)], at: scene.moment)
        #expect(scene.status()?.suppressor == nil)
        #expect(scene.pass(until: 2000).first?.at == 200 + Self.limit)
    }

    @Test func `a dependency that counts at some hours is seen to begin and to end`() throws {
        let hours = try PassiveScene.period("monday", "1:00-1:10")
        var scene = PassiveScene(
            [
                PassiveScene.plan(every: 3600, behind: [dependency(period: hours)]),
                passive(Self.router),
            ])
        scene.submit(.critical, of: Self.router)
        scene.submit(at: 3000)
        // ten minutes, seen to the minute; an hour and a tenth of it
        let end = 3600 + 600 + 3960.0
        let first = scene.pass(until: 20_000).first?.at ?? 0
        #expect((end...end + 60).contains(first), "\(first)")
    }
}
