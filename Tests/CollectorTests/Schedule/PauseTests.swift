import Collector
import Monitoring
import Testing

private let disk = ObjectName(host: "h", service: "disk")

/// A paused object is told of, and not checked.
@Suite struct PauseTests {
    private static let start = Moment(
        monotonic: .seconds(1000), wall: Timestamp(microseconds: 1_700_000_000_000_000))
    private let pause = ObjectPause(
        reason: "the disk is replaced", author: "root", since: start.wall,
        until: start.wall + .seconds(7200))

    private func later(_ span: Duration) -> Moment {
        Moment(monotonic: Self.start.monotonic + span, wall: Self.start.wall + span)
    }

    private func output(_ state: ServiceState, _ text: String) -> PluginOutput {
        PluginOutput(bytes: Array(text.utf8), ending: .exited(Int32(state.rawValue)))
    }

    /// A scheduler with one object that was found in this state.
    private func scheduler(
        _ state: ServiceState = .ok, attempts: Int = 1
    ) throws -> CheckScheduler {
        var scheduler = CheckScheduler(random: Dice(seed: 1))
        scheduler.apply(
            [CheckPlan(object: disk, maxCheckAttempts: attempts, isActive: true)], at: Self.start)
        _ = scheduler.requestNow(disk, at: Self.start)
        let taken = scheduler.takeDue(at: Self.start)
        let due = try #require(taken.first)
        _ = scheduler.finish(
            due, output: output(state, "99% used|used=99%"), start: Self.start.wall,
            end: Self.start.wall, at: Self.start)
        return scheduler
    }

    /// Takes what is due and ends it as a loop would.
    private func turn(_ scheduler: inout CheckScheduler, at now: Moment) throws -> ScheduledResult {
        let taken = scheduler.takeDue(at: now)
        let due = try #require(taken.first)
        let output = due.told ?? output(.critical, "a plugin ran")
        let finished = scheduler.finish(
            due, output: output, start: now.wall, end: now.wall, at: now)
        return try #require(finished)
    }

    @Test func `the pause is told at once, with reason, end and last state`() throws {
        var scheduler = try scheduler(.warning)
        scheduler.pause([disk: pause], at: later(.seconds(1)))
        let told = try turn(&scheduler, at: later(.seconds(1)))
        #expect(told.result.state == .warning)
        #expect(told.result.output.hasPrefix("PAUSED until 2023-11-1"))
        #expect(told.result.output.hasSuffix(": the disk is replaced - last state WARNING"))
        #expect(told.result.performanceData.isEmpty)
        #expect(told.significance == .unchanged)
        #expect(told.schedule.lastOutput == "99% used", "the next one says the same")
        #expect(scheduler.takeDue(at: later(.seconds(200))).isEmpty)
        let again = try turn(&scheduler, at: later(.seconds(302)))
        #expect(again.result.output == told.result.output)
        #expect(scheduler.status(of: disk, at: later(.seconds(302)))?.pause == pause)
    }

    @Test func `a soft problem that nobody looks at becomes hard`() throws {
        var scheduler = try scheduler(.critical, attempts: 4)
        scheduler.pause([disk: pause], at: Self.start)
        var told = try turn(&scheduler, at: Self.start)
        #expect(told.schedule.checkState?.type == .soft)
        told = try turn(&scheduler, at: later(.seconds(61)))
        #expect(told.schedule.checkState?.type == .hard)
        #expect(told.significance == .change)
    }

    @Test func `the end of a pause has the object checked at once`() throws {
        var scheduler = try scheduler()
        scheduler.pause([disk: pause], at: Self.start)
        _ = try turn(&scheduler, at: Self.start)
        scheduler.pause([:], at: later(.seconds(5)))
        let checked = try turn(&scheduler, at: later(.seconds(5)))
        #expect(checked.result.output == "a plugin ran")
        #expect(scheduler.status(of: disk, at: Self.start)?.pause == nil)
    }

    @Test func `a check that runs when its object is paused counts, and then the pause is told`()
        throws
    {
        var scheduler = try scheduler()
        _ = scheduler.requestNow(disk, at: Self.start)
        let taken = scheduler.takeDue(at: Self.start)
        let due = try #require(taken.first)
        scheduler.pause([disk: pause], at: Self.start)
        let finished = scheduler.finish(
            due, output: output(.critical, "ran on"), start: Self.start.wall,
            end: later(.seconds(2)).wall, at: later(.seconds(2)))
        let result = try #require(finished)
        #expect(result.result.output == "ran on")
        let told = try turn(&scheduler, at: later(.seconds(2)))
        #expect(told.result.output.hasSuffix("last state CRITICAL"))
    }

    @Test func `what was never checked is unknown, and a pipe in a reason is no performance data`()
        throws
    {
        var scheduler = CheckScheduler(random: Dice(seed: 1))
        var odd = pause
        odd.reason = "a|b=1"
        scheduler.pause([disk: odd], at: Self.start)
        scheduler.apply([CheckPlan(object: disk)], at: Self.start)
        _ = scheduler.requestNow(disk, at: Self.start)
        let told = try turn(&scheduler, at: Self.start).result
        #expect(told.state == .unknown)
        #expect(told.output.hasSuffix(": a/b=1 - never checked"))
        #expect(told.performanceData.isEmpty)
        let again = try turn(&scheduler, at: later(.seconds(61))).result
        #expect(again.output.hasSuffix(": a/b=1 - last state UNKNOWN"))
    }

    @Test func `a pause outlives a reload, also one without the object`() throws {
        var scheduler = try scheduler()
        scheduler.pause([disk: pause], at: Self.start)
        scheduler.apply([], at: Self.start)
        scheduler.apply([CheckPlan(object: disk)], at: Self.start)
        _ = scheduler.requestNow(disk, at: Self.start)
        let told = try turn(&scheduler, at: Self.start)
        #expect(told.result.output.hasPrefix("PAUSED"))
    }
}
