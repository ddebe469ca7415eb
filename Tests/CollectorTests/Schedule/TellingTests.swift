import Monitoring
import Testing

@testable import Collector

/// Stale objects are told one after the other, and not before what was dropped was taken.
@Suite struct TellingTests {
    private static let object = PassiveScene.object
    private static let limit = PassiveScene.limit

    // MARK: - What was dropped comes first

    private func dropScene(takenBefore time: Double?) -> PassiveScene {
        var scene = PassiveScene([PassiveScene.plan()])
        scene.take(before: time)
        return scene
    }

    @Test func `nothing is told before the first look at what was dropped`() {
        var scene = dropScene(takenBefore: nil)
        #expect(scene.pass(until: Self.limit + 60).isEmpty)
        scene.take(before: Self.limit + 59)
        let told = scene.pass(until: Self.limit + 61)
        #expect(told.count == 1 && told.first?.text.contains("drop directory") == false)
    }

    @Test func `a look that began before it was stale does not count`() {
        var scene = dropScene(takenBefore: Self.limit - 0.1)
        #expect(scene.pass(until: Self.limit + 1).isEmpty)
        scene.take(before: Self.limit)
        #expect(scene.pass(until: Self.limit + 2).count == 1)
    }

    @Test func `a result that the look brings is in time`() {
        var scene = dropScene(takenBefore: 0)
        #expect(scene.pass(until: Self.limit + 5).isEmpty)
        scene.submit()
        scene.take(before: Self.limit + 5)
        #expect(scene.pass(until: 2 * Self.limit + 5 - 0.1).isEmpty)
        #expect(scene.status()?.isStale == false)
    }

    @Test func `what cannot be emptied hides nothing for more than ten minutes, and is told`() {
        var scene = dropScene(takenBefore: nil)
        let end = Self.limit + TellingQueue.longestHold.inSeconds
        #expect(scene.pass(until: end - 0.001).isEmpty)
        let told = scene.pass(until: end)
        #expect(told.count == 1)
        #expect(told.first?.text.contains("one may wait in the drop directory") == true)
    }

    @Test func `a pause and a check on request wait for nothing`() {
        var scene = dropScene(takenBefore: nil)
        _ = scene.pass(until: Self.limit + 1)
        #expect(scene.scheduler.requestNow(Self.object, at: scene.moment) == .queued)
        #expect(scene.pass(until: Self.limit + 2).map(\.text) == ["a plugin ran"])
        let pause = ObjectPause(
            reason: "tape", author: "root", since: scene.moment.wall,
            until: scene.moment.wall + .seconds(10_000))
        scene.scheduler.pause([Self.object: pause], at: scene.moment)
        #expect(scene.pass(until: 2000).count { $0.text.hasPrefix("PAUSED") } > 3)
    }

    @Test func `a parent that fails while it is held counts`() {
        let dependency = CheckDependency(
            parent: PassiveScene.router, states: [.ok], ignoresSoftStates: false)
        let parent = CheckPlan(object: PassiveScene.router, isActive: false)
        var scene = PassiveScene([PassiveScene.plan(behind: [dependency]), parent])
        scene.take(before: nil)
        _ = scene.pass(until: Self.limit + 1)
        scene.submit(.critical, of: PassiveScene.router)
        scene.take(before: 10_000)
        #expect(scene.pass(until: 5000).isEmpty)
    }

    // MARK: - Many at once

    private static let many = (0..<10_000).map { ObjectName(host: "h\($0)", service: "s") }

    @Test func `ten thousand at once are told one by one, within four minutes`() {
        var scene = PassiveScene(Self.many.map { PassiveScene.plan($0, every: 3600) })
        for object in Self.many { scene.submit(of: object) }
        let told = scene.pass(until: 3960 + 240)
        #expect(told.count == Self.many.count)
        #expect(Set(told.map(\.object)).count == Self.many.count)
        let gaps = zip(told.dropFirst(), told).map { $0.at - $1.at }
        #expect(gaps.allSatisfy { $0 >= 0.0199 })
        #expect(told.first?.at == 3960)
    }

    @Test func `between them checks start in time, and no turn takes long`() throws {
        let check = CheckPlan(object: PassiveScene.router, checkInterval: .seconds(1))
        var scene = PassiveScene(
            Self.many.map { PassiveScene.plan($0, every: 3600) } + [check])
        var starts: [Double] = []
        while let due = scene.scheduler.earliestDue(), due <= .seconds(1000 + 3990) {
            scene.advance(to: due)
            let told = scene.perform(atMost: 16)
            #expect(told.count <= 16)
            starts += told.filter { $0.object == PassiveScene.router }.map(\.at)
        }
        let late = zip(starts.dropFirst(), starts).map { $0 - $1 }.max() ?? 99
        #expect(starts.last ?? 0 > 3985 && late < 1.1, "\(late)")
    }

    @Test func `results that come while they wait are not told as stale`() {
        var scene = PassiveScene(Self.many.prefix(1000).map { PassiveScene.plan($0) })
        let first = scene.pass(until: Self.limit + 1)
        #expect(first.count == 51)
        for object in Self.many.prefix(1000) { scene.submit(of: object) }
        #expect(scene.pass(until: 2 * Self.limit + 0.9).isEmpty)
    }

    @Test func `the longest stale is told first`() {
        let objects = Self.many.prefix(100)
        var scene = PassiveScene(objects.map { PassiveScene.plan($0) })
        for (place, object) in objects.enumerated().reversed() {
            scene.submit(of: object, at: Double(100 - place) / 1000)
        }
        #expect(scene.pass(until: 400).map(\.object) == objects.reversed())
    }
}

extension PassiveScene {
    /// What was dropped before this time is taken; nil: nothing yet.
    mutating func take(before time: Double?) {
        scheduler.note(.before(time.map { .seconds(1000) + .seconds($0) }))
    }
}
