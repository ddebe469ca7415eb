import Collector
import Delivery
import Logging
import Monitoring
import Policy
import Spool
import TestSupport
import Testing

@testable import ForwarderCommand

private let backup = ObjectName(host: "web1", service: "backup")
private let disk = ObjectName(host: "web1", service: "disk")

/// A submitted result is on disk before its submitter hears so, or nowhere.
@Suite(.timeLimit(.minutes(5))) struct SubmissionDeskTests {
    private final class Definitions: CheckPreparing {
        func prepare(_ object: ObjectName) -> PreparedCheck {
            var snapshot = ObjectSnapshot(name: object.fullName)
            snapshot.commandLine = ["/bin/false"]
            return PreparedCheck(
                action: .immediate(exitStatus: 0, output: "checked"), snapshot: snapshot)
        }
    }

    private struct Scene {
        let folder: TemporaryDirectory
        let spools = SpoolDesk()
        let runner: CheckRunner
        let desk: SubmissionDesk
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

        init() throws {
            folder = try TemporaryDirectory("submissions")
            let time = SystemTime()
            runner = try CheckRunner(
                settings: RunnerSettings(environment: PluginEnvironment(inheriting: [:])),
                time: time, health: { HealthReport(state: .ok, text: "") })
            runner.start(
                with: [
                    CheckPlan(object: backup, maxCheckAttempts: 3, isActive: false),
                    CheckPlan(object: disk),
                ], states: [], preparing: Definitions())
            desk = SubmissionDesk(
                desk: spools, runner: runner, board: RuntimeBoard(time: time),
                alarms: AlarmBoard(), time: time, log: log)
        }

        func openSpool() async throws -> SpoolQueue {
            let time = SystemTime()
            let spool = try SpoolQueue.open(
                SpoolSettings(path: folder.path("spool.db")), time: time)
            _ = try await spool.register(destinations: ["m"])
            let driver = DeliveryDriver(
                spool: spool, settings: [], policy: PolicyInForce(.none), time: time,
                wantHealth: {})
            spools.begin(SpoolSession(spool: spool, driver: driver))
            return spool
        }

        func submit(
            _ object: ObjectName, _ status: Int32, _ text: String = "text|a=1"
        ) async throws -> CheckState {
            try await desk.submit(
                object, PluginOutput(bytes: Array(text.utf8), ending: .exited(status)),
                by: "cron")
        }
    }

    @Test func `what is taken is spooled in order, with its state and attempts`() async throws {
        let scene = try Scene()
        let spool = try await scene.openSpool()
        #expect(try await scene.submit(backup, 2).type == .soft)
        let second = try await scene.submit(backup, 2, "still|b=2")
        #expect(second.type == .hard && second.state == .critical)
        let entries = try await spool.entries(QueueFilter(), after: nil).entries
        #expect(entries.map(\.result.output) == ["text", "still"])
        #expect(entries.map(\.result.performanceData) == [["a=1"], ["b=2"]])
        let stamps = entries.map(\.result.executionStart)
        #expect(stamps == stamps.sorted())
        _ = await scene.runner.stop(patience: .zero)
    }

    @Test func `many at a time are each taken once, in the order of their answers`() async throws {
        let scene = try Scene()
        let spool = try await scene.openSpool()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { _ = try await scene.submit(backup, 0, "n\(number)") }
            }
            try await group.waitForAll()
        }
        let entries = try await spool.entries(QueueFilter(), after: nil).entries
        #expect(entries.count == 50)
        #expect(Set(entries.map(\.result.output)).count == 50)
        let stamps = entries.map(\.result.executionStart)
        #expect(stamps == stamps.sorted())
        _ = await scene.runner.stop(patience: .zero)
    }

    @Test func `what this host checks itself, and what it does not know, is refused`()
        async throws
    {
        let scene = try Scene()
        let spool = try await scene.openSpool()
        for object in [disk, ObjectName(host: "other")] {
            await #expect(throws: ControlFault.self) { try await scene.submit(object, 2) }
        }
        #expect(try await spool.entries(QueueFilter(), after: nil).entries.isEmpty)
        #expect(await scene.runner.status(of: disk)?.schedule.checkState?.state != .critical)
        _ = await scene.runner.stop(patience: .zero)
    }

    @Test func `without a spool nothing is taken, and the next result counts as a change`()
        async throws
    {
        let scene = try Scene()
        await #expect(throws: ControlFault.self) { try await scene.submit(backup, 2) }
        let spool = try await scene.openSpool()
        _ = try await scene.submit(backup, 0)
        try spool.close()
        await #expect(throws: ControlFault.self) { try await scene.submit(backup, 2) }
        #expect(await scene.runner.status(of: backup)?.schedule.checkState == nil)
        _ = await scene.runner.stop(patience: .zero)
        await #expect(throws: ControlFault.self) { try await scene.submit(backup, 2) }
    }
}
