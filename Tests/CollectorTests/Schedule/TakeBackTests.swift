import Monitoring
import Testing

@testable import Collector

/// What could not be stored never was: the next result is judged from what is stored.
@Suite struct TakeBackTests {
    private static let object = PassiveScene.object
    private static let limit = PassiveScene.limit

    @Test func `an object stands where it stood before a result that was not stored`() throws {
        var scene = PassiveScene([PassiveScene.plan(attempts: 3)])
        scene.submit(.critical, at: 10)
        scene.submit(.critical, at: 20)
        let before = try #require(scene.status())
        let unstored = try scene.counted(.ok, at: 30)
        #expect(scene.status() != before)
        scene.scheduler.takeBack(unstored.counted, at: scene.moment)
        #expect(scene.status() == before, "state, attempt, times, output and when it is stale")
        let next = try scene.counted(.critical, at: 40)
        #expect(next.state == CheckState(state: .critical, type: .hard, attempt: 1))
    }

    @Test func `of several the last one is taken back first`() throws {
        var scene = PassiveScene([PassiveScene.plan(attempts: 9)])
        scene.submit(.warning, at: 10)
        let stored = try scene.counted(.critical, at: 20)
        var unstored: [CheckScheduler.Submission] = []
        for step in 0..<3 { unstored.append(try scene.counted(.critical, at: 30 + Double(step))) }
        for one in unstored.reversed() {
            scene.scheduler.takeBack(one.counted, at: scene.moment)
        }
        let state = try #require(scene.status()?.schedule)
        #expect(state.checkState == stored.state)
        #expect(state.lastEnd == PassiveScene.midnight + .seconds(20))
    }

    @Test func `a stale object is still stale, since the last stored result, after a moment`()
        throws
    {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.submit(at: 10)
        let text = try scene.first(until: 400).text
        let unstored = try scene.counted(at: 639)
        #expect(scene.status()?.isStale == false)
        scene.scheduler.takeBack(unstored.counted, at: scene.moment)
        #expect(scene.status()?.isStale == true)
        #expect(scene.pass(until: 653.9).isEmpty, "who submits once more has a moment")
        let told = scene.pass(until: 654)
        #expect(told.map(\.text) == [text], "since the result that is stored")
        #expect(told.first?.result.significance == .unchanged)
    }

    @Test func `where a check was counted since, the next result counts as a change`() throws {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.submit(at: 10)
        let unstored = try scene.counted(.critical, at: 20)
        _ = scene.scheduler.requestNow(Self.object, at: scene.moment)
        #expect(scene.pass(until: 20).map(\.text) == ["a plugin ran"])
        scene.scheduler.takeBack(unstored.counted, at: scene.moment)
        #expect(scene.status()?.schedule.checkState == nil)
        #expect(scene.submit(at: 30)?.scheduled.significance == .change)
    }

    @Test func `what depends on the object hears of it`() throws {
        let dependency = CheckDependency(
            parent: PassiveScene.router, states: [.ok], ignoresSoftStates: false)
        var scene = PassiveScene([
            PassiveScene.plan(behind: [dependency]),
            CheckPlan(object: PassiveScene.router, isActive: false),
        ])
        scene.submit(of: PassiveScene.router)
        let unstored = try scene.counted(.critical, of: PassiveScene.router, at: 10)
        #expect(scene.status()?.suppressor == PassiveScene.router)
        scene.scheduler.takeBack(unstored.counted, at: scene.moment)
        #expect(scene.status()?.suppressor == nil)
    }

    @Test func `an object that was taken out or replaced meanwhile is left alone`() throws {
        var scene = PassiveScene([PassiveScene.plan()])
        let unstored = try scene.counted(.critical, at: 10)
        scene.scheduler.apply([], at: scene.moment)
        scene.scheduler.takeBack(unstored.counted, at: scene.moment)
        #expect(scene.status() == nil)
        scene.scheduler.apply([PassiveScene.plan()], at: scene.moment)
        scene.scheduler.takeBack(unstored.counted, at: scene.moment)
        #expect(scene.status()?.schedule.checkState == nil)
    }
}
