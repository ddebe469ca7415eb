import Collector
import Foundation
import Monitoring
import TestSupport
import Testing

/// The whole way from plan to record, with real processes and the real clock, but no wait of ours.
@Suite struct CheckRunnerTests {
    /// Prepares by the service's name.
    ///
    /// A class, so that it is not sendable, as the real one.
    private final class Definitions: CheckPreparing {
        let actions: [String: CheckAction]

        init(_ actions: [String: CheckAction]) { self.actions = actions }

        func prepare(_ object: ObjectName) -> PreparedCheck {
            PreparedCheck(
                action: actions[object.service ?? ""] ?? .unbuildable("no such command"),
                snapshot: ObjectSnapshot(
                    name: object.fullName, commandLine: ["one"], wordOrigins: [WordOrigin()])
            )
        }
    }

    private func runner(
        time: any TimeSource = SystemTime(),
        records: RecordOutbox = RecordOutbox()
    ) throws -> CheckRunner {
        let settings = RunnerSettings(
            launcher: LauncherSettings(grace: .milliseconds(200)),
            environment: PluginEnvironment(inheriting: ["PATH": "/usr/bin:/bin"])
        )
        return try CheckRunner(settings: settings, time: time, records: records) {
            HealthReport(
                state: .warning, text: "queue is long", links: ["master": .connected])
        }
    }

    private func name(_ service: String) -> ObjectName { ObjectName(host: "h", service: service) }

    /// Plans whose first check is due within a tenth of a second.
    private func quick(_ services: [String]) -> [CheckPlan] {
        services.map { CheckPlan(object: name($0), checkInterval: .milliseconds(100)) }
    }

    private func collect(_ count: Int, from runner: CheckRunner) async -> [CheckRecord] {
        var records: [CheckRecord] = []
        while records.count < count {
            let batch = await runner.records.next()
            guard !batch.isEmpty else { break }
            records += batch
        }
        return records
    }

    @Test func `every kind of check becomes a record with its snapshot and schedule`() async throws
    {
        let runner = try runner()
        let plans = quick(["plugin", "dummy", "health", "broken"])
        runner.start(
            with: plans,
            states: [],
            preparing: Definitions([
                "plugin": .plugin(shell("echo 'said|a=1'; exit 2")),
                "dummy": .immediate(exitStatus: -1, output: "dummy|b=2"), "health": .health,
            ])
        )
        var newest: [String: CheckRecord] = [:]
        while newest.count < 4 {
            for record in await runner.records.next() {
                newest[record.result.object.service ?? ""] = record
            }
        }
        let texts = newest.mapValues { "\($0.result.output) \($0.result.state.name)" }
        #expect(
            texts == [
                "plugin": "said CRITICAL", "dummy": "dummy UNKNOWN",
                "health": "queue is long WARNING", "broken": "no such command UNKNOWN",
            ]
        )
        #expect(newest["dummy"]?.result.performanceData == ["b=2"])
        for record in newest.values {
            #expect(record.snapshot.name == record.result.object.fullName)
            #expect(record.schedule?.object == record.result.object)
            #expect(record.schedule?.lastEnd == record.result.executionEnd)
            #expect(record.result.nextCheck == record.schedule?.nextCheck)
        }
        _ = await runner.stop(patience: .zero)
    }

    @Test func `a check that waits holds nobody up, and tells when it comes`() async throws {
        let runner = try runner()
        runner.start(
            with: [],
            states: [],
            preparing: Definitions([
                "long": .later(.seconds(3600), exitStatus: 0, output: "never"),
                "short": .later(.milliseconds(150), exitStatus: 1, output: "slept|t=1"),
                "link": .link(zone: "master"),
            ])
        )
        async let long = runner.runOnce(name("long"))
        let short = try #require(await runner.runOnce(name("short"))).result
        #expect(short.output == "slept")
        #expect(short.performanceData == ["t=1"])
        #expect(short.state == .warning)
        #expect(short.executionEnd - short.executionStart >= .milliseconds(150))
        let link = try #require(await runner.runOnce(name("link"))).result
        #expect(link.output == "Zone 'master' is connected.")
        _ = await runner.stop(patience: .zero)
        #expect(await long == nil)
    }

    @Test func `a check is repeated at its interval, and the first record is a change`()
        async throws
    {
        let runner = try runner()
        runner.start(
            with: quick(["a"]),
            states: [],
            preparing: Definitions(["a": .plugin(shell("exit 0"))])
        )
        let records = await collect(3, from: runner)
        #expect(records.prefix(3).map(\.significance) == [.change, .unchanged, .unchanged])
        let starts = records.map(\.result.executionStart)
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(99) })
        _ = await runner.stop(patience: .zero)
    }

    @Test func `checking once puts nothing into the records`() async throws {
        let runner = try runner()
        #expect(await runner.runOnce(name("a")) == nil)
        runner.start(with: [], states: [], preparing: Definitions(["a": .plugin(shell("echo x"))]))
        let run = try #require(await runner.runOnce(name("a")))
        #expect(run.result.output == "x")
        #expect(run.command == shell("echo x"))
        _ = await runner.stop(patience: .zero)
        #expect(await runner.records.next().isEmpty)
    }

    @Test func `a paused object runs no plugin, and its record tells of no command`() async throws {
        let runner = try runner()
        let pause = ObjectPause(
            reason: "rest", author: "root", since: SystemTime().wall,
            until: SystemTime().wall + .seconds(3600))
        runner.pause([name("a"): pause])
        runner.start(
            with: quick(["a"]), states: [],
            preparing: Definitions(["a": .plugin(shell("echo ran"))]))
        let record = try #require(await collect(1, from: runner).first)
        #expect(record.result.output.hasSuffix(": rest - never checked"))
        #expect(record.result.state == .unknown)
        #expect(record.snapshot == ObjectSnapshot(name: "h!a"))
        #expect(await runner.status(of: name("a"))?.pause == pause)
        #expect(await runner.status(of: name("b")) == nil)
        runner.pause([:])
        var output = ""
        while output.hasPrefix("PAUSED") || output.isEmpty {
            output = await collect(1, from: runner).first?.result.output ?? "none"
        }
        #expect(output == "ran")
        _ = await runner.stop(patience: .zero)
    }

    @Test func `a request brings a check forward`() async throws {
        let runner = try runner()
        let plan = CheckPlan(object: name("a"), isActive: false)
        runner.start(
            with: [plan],
            states: [],
            preparing: Definitions(["a": .immediate(exitStatus: 0, output: "now")])
        )
        #expect(await runner.requestNow(name("b")) == .unknownObject)
        #expect(await runner.requestNow(name("a")) == .queued)
        #expect(await collect(1, from: runner).first?.result.output == "now")
        let status = try #require(await runner.statuses().first)
        #expect(status.schedule.lastOutput == "now")
        #expect(!status.isActive && !status.isRunning)
        _ = await runner.stop(patience: .zero)
    }

    @Test func `nothing is told as stale before what was dropped was taken`() async throws {
        let time = FakeTime(monotonic: SystemTime().monotonic)
        let runner = try runner(time: time)
        runner.drops.open()
        let plan = CheckPlan(object: name("passive"), isActive: false, expectsResults: true)
        runner.start(with: [plan], states: [], preparing: Definitions([:]))
        #expect(await runner.status(of: plan.object)?.isStale == false)
        // the runner's thread looks at the time once it was asked something
        func passes(_ span: Duration) async -> Bool? {
            time.advance(by: span)
            for _ in 0..<3 { _ = await runner.statuses() }
            return await runner.status(of: plan.object)?.isStale
        }
        #expect(await passes(.seconds(331)) == false)
        runner.drops.reached(time.monotonic - .seconds(10))
        #expect(await passes(.seconds(2)) == false, "that look began too early")
        runner.drops.reached(time.monotonic)
        #expect(await passes(.seconds(2)) == true)
        let record = try #require(await runner.records.next().first)
        #expect(record.result.output.hasPrefix("STALE") && record.schedule?.isStale == true)
        _ = await runner.stop(patience: .zero)
    }

    @Test func `the end lets finish what finishes in time and keeps the rest as interrupted`()
        async throws
    {
        let zoo = try PluginZoo()
        // The patience is over when the test says so; timers of the kernel need a true beginning.
        let time = FakeTime(monotonic: SystemTime().monotonic)
        let runner = try runner(time: time)
        let gate = zoo.path("gate")
        runner.start(
            with: ["fast", "slow"].map { CheckPlan(object: name($0), isActive: false) },
            states: [],
            preparing: Definitions([
                "fast": .plugin(shell("until [ -e '\(gate)' ]; do sleep 0.02; done; echo done")),
                "slow": .plugin(shell("trap '' TERM; while :; do sleep 60; done")),
            ])
        )
        #expect(await runner.requestNow(name("slow")) == .queued)
        #expect(await runner.requestNow(name("fast")) == .queued)
        while await runner.statuses().count(where: \.isRunning) < 2 {}
        async let ending = runner.stop(patience: .seconds(3600))
        while await runner.requestNow(name("fast")) != .unknownObject {}
        try Data().write(to: URL(filePath: gate))
        #expect(await runner.records.next().map(\.result.output) == ["done"])
        time.advance(by: .seconds(3600))
        _ = await runner.statuses()
        let states = await ending
        #expect(await runner.records.next().isEmpty)
        let slow = try #require(states.first { $0.object == name("slow") })
        #expect(slow.lastStart != nil && slow.lastEnd == nil)
        #expect(await runner.stop(patience: .zero).isEmpty)
        #expect(await runner.statuses().isEmpty)
        #expect(await runner.runOnce(name("fast")) == nil)
    }

    @Test func `a reload changes commands and goes on`() async throws {
        let runner = try runner()
        runner.start(
            with: quick(["a"]),
            states: [],
            preparing: Definitions(["a": .immediate(exitStatus: 0, output: "old")])
        )
        #expect(await collect(1, from: runner).first?.result.output == "old")
        runner.reload(
            quick(["a"]),
            preparing: Definitions(["a": .immediate(exitStatus: 0, output: "new")])
        )
        var output = "old"
        while output == "old" { output = await collect(1, from: runner).last?.result.output ?? "" }
        #expect(output == "new")
        _ = await runner.stop(patience: .zero)
    }

    @Test func `checks go on when nobody takes the records, and what is lost is counted`()
        async throws
    {
        let runner = try runner(records: RecordOutbox(byteLimit: 1200))
        runner.start(
            with: quick(["a"]),
            states: [],
            preparing: Definitions(["a": .immediate(exitStatus: 0, output: "x")])
        )
        while runner.records.lostCount < 3 { _ = await runner.statuses() }
        let records = await runner.records.next()
        #expect(records.map(\.significance) == [.change, .unchanged])
        _ = await runner.stop(patience: .zero)
    }
}
