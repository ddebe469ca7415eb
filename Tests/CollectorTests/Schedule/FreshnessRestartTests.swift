import Monitoring
import Testing

@testable import Collector

/// What becomes of passive objects over restarts, reloads, pauses and a sleeping host.
@Suite struct FreshnessRestartTests {
    private static let object = PassiveScene.object
    private static let limit = PassiveScene.limit

    // MARK: - Restarts

    @Test func `a stale object is stale after a restart, until a result comes`() throws {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.submit()
        let told = scene.pass(until: 400)
        #expect(told.count == 1 && told.first?.result.schedule.isStale == true)
        scene.restart([PassiveScene.plan()], at: 410)
        #expect(scene.status()?.isStale == true)
        // as a check would come, and no sooner
        let again = try scene.first(until: 1000)
        #expect(again.at == Self.limit + 300)
        #expect(again.result.significance == .unchanged, "the master knows it")
        #expect(again.text == told.first?.text)
        let result = scene.submit()
        #expect(result?.scheduled.schedule.isStale == false)
        scene.restart([PassiveScene.plan()], at: 1010)
        #expect(scene.status()?.isStale == false)
    }

    @Test func `a result that was UNKNOWN itself is no staleness after a restart`() {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.submit(.unknown)
        scene.restart([PassiveScene.plan()], at: 10)
        #expect(scene.status()?.isStale == false)
    }

    @Test func `what is no longer expected is not stale after a restart`() {
        var scene = PassiveScene([PassiveScene.plan()])
        #expect(scene.pass(until: 400).count == 1)
        scene.restart([CheckPlan(object: Self.object, isActive: false)], at: 410)
        #expect(scene.status()?.isStale == false)
    }

    // MARK: - Reloads

    @Test func `an object that is checked from now on is due soon, and passive again it waits`() {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.submit()
        #expect(scene.pass(until: 400).count == 1)
        scene.scheduler.apply([CheckPlan(object: Self.object)], at: scene.moment)
        #expect(scene.status()?.isStale == false && scene.status()?.expectsResults == false)
        let checked = scene.pass(until: 700)
        #expect(checked.first?.text == "a plugin ran")
        scene.scheduler.apply([PassiveScene.plan()], at: scene.moment)
        let told = scene.pass(until: 700 + Self.limit)
        #expect(told.map(\.at) == [700 + Self.limit])
        #expect(told.first?.text.hasPrefix("STALE") == true)
    }

    @Test func `an object that is about to be told can change in any way`() {
        let others = (0..<50).map { PassiveScene.plan(ObjectName(host: "a\($0)")) }
        for changed in [
            CheckPlan(object: Self.object), CheckPlan(object: Self.object, isActive: false),
            PassiveScene.plan(every: 600), PassiveScene.plan(), nil,
        ] {
            var scene = PassiveScene(others + [PassiveScene.plan()])
            // all are stale at once; the first was told
            #expect(scene.pass(until: Self.limit).count == 1)
            scene.scheduler.apply(others + [changed].compactMap(\.self), at: scene.moment)
            let told = scene.pass(until: Self.limit + 30).filter { $0.object == Self.object }
            let staleCount = told.count { $0.text.hasPrefix("STALE") }
            #expect(staleCount == (changed == PassiveScene.plan() ? 1 : 0), "\(staleCount)")
        }
    }

    @Test func `an object that is taken out and put in again begins anew`() {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.submit()
        _ = scene.pass(until: 300)
        scene.scheduler.apply([], at: scene.moment)
        #expect(scene.scheduler.earliestDue() == nil)
        scene.scheduler.apply([PassiveScene.plan()], at: scene.moment)
        #expect(scene.pass(until: 1000).first?.at == 300 + Self.limit)
    }

    // MARK: - Pauses

    @Test func `while it is paused nobody says when it is stale, and it stays stale`() {
        var scene = PassiveScene([PassiveScene.plan()])
        #expect(scene.pass(until: 400).count == 1)
        let pause = ObjectPause(
            reason: "tape is moved", author: "root", since: scene.moment.wall,
            until: scene.moment.wall + .seconds(1000))
        scene.scheduler.pause([Self.object: pause], at: scene.moment)
        #expect(scene.pass(until: 500).allSatisfy { $0.text.hasPrefix("PAUSED") })
        #expect(scene.status()?.staleAt == nil && scene.status()?.isStale == true)
        scene.scheduler.pause([:], at: scene.moment)
        #expect(scene.status()?.staleAt == PassiveScene.midnight + .seconds(500 + Self.limit))
    }

    // MARK: - A host that sleeps

    @Test func `what was missed while the host slept has its whole time`() {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.submit()
        _ = scene.pass(until: 100)
        scene.sleep(until: 30_000)
        #expect(scene.pass(until: 30_000 + Self.limit - 0.001).isEmpty)
        #expect(scene.pass(until: 30_000 + Self.limit).count == 1)
    }

    @Test func `what would be stale right after a sleep has a moment`() {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.submit()
        _ = scene.pass(until: 100)
        scene.sleep(until: 329)
        #expect(scene.pass(until: 343.9).isEmpty)
        #expect(scene.pass(until: 344).count == 1)
    }

    @Test func `sleep counts, so that a daily job is missed on a host that sleeps each night`() {
        var scene = PassiveScene([PassiveScene.plan(every: 86_400)])
        scene.submit(at: 36_000)
        #expect(scene.pass(until: 64_800).isEmpty)
        scene.sleep(until: 115_200)
        // a day and an hour after the result
        #expect(scene.pass(until: 130_000).map(\.at) == [126_000])
    }

    @Test func `a short sleep changes nothing`() {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.submit()
        _ = scene.pass(until: 325)
        scene.sleep(until: 334)
        #expect(scene.pass(until: 335).count == 1)
    }

    // MARK: - Intervals of any size

    @Test func `the shortest and the longest interval are within bounds`() throws {
        for interval in [0, -1, 0.000_001] {
            var scene = PassiveScene([PassiveScene.plan(every: interval)])
            let told = scene.pass(until: 16)
            #expect(told.first?.at == 15.1)
            #expect(told.count == 10, "every tenth of a second")
        }
        let period = try PassiveScene.period("monday", "9:00-9:01")
        for period in [nil, period] {
            let longest = CheckPlan(
                object: Self.object, checkInterval: .seconds(Int64.max / 2), isActive: false,
                expectsResults: true, period: period)
            var scene = PassiveScene([longest])
            scene.submit()
            #expect(scene.pass(until: 3 * 365 * 86_400).isEmpty)
            let stale = try #require(scene.status()?.staleAt)
            #expect(stale > PassiveScene.midnight + CheckPhase.longestInterval)
            scene.restart([longest], at: 4 * 365 * 86_400)
            #expect(scene.pass(until: 5 * 365 * 86_400).isEmpty)
        }
    }
}
