import Collector
import Delivery
import Logging
import Monitoring
import Policy
import Spool
import TestSupport
import Testing

@testable import ForwarderCommand

private let disk = ObjectName(host: "web1", service: "disk")
private let health = ObjectName(host: "web1", service: "forwarder")

/// What operators want of objects is kept first, and done then.
@Suite(.timeLimit(.minutes(10))) struct PauseDeskTests {
    /// Every check is OK at once.
    private final class Definitions: CheckPreparing {
        func prepare(_ object: ObjectName) -> PreparedCheck {
            PreparedCheck(
                action: .immediate(exitStatus: 0, output: "checked"),
                snapshot: ObjectSnapshot(name: object.fullName))
        }
    }

    private struct Scene {
        let folder: TemporaryDirectory
        let spools = SpoolDesk()
        let runner: CheckRunner
        let pauses: PauseDesk
        let wishes: ObjectWishes
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

        init() throws {
            folder = try TemporaryDirectory("pauses")
            let time = SystemTime()
            runner = try CheckRunner(
                settings: RunnerSettings(environment: PluginEnvironment(inheriting: [:])),
                time: time, health: { HealthReport(state: .ok, text: "") })
            runner.start(
                with: [
                    CheckPlan(object: disk), CheckPlan(object: health),
                    CheckPlan(object: ObjectName(host: "web1", service: "backup"), isActive: false),
                ], states: [],
                preparing: Definitions())
            pauses = PauseDesk(
                desk: spools, runner: runner, healthObject: health, time: time, log: log)
            let arrivals = RecheckArrivals()
            let submissions = SubmissionDesk(
                desk: spools, runner: runner, board: RuntimeBoard(time: time),
                alarms: AlarmBoard(), rights: RightsBoard(), time: time, log: log)
            wishes = ObjectWishes(
                runner: runner, pauses: pauses,
                rechecks: RecheckDesk(
                    inbox: RecheckInbox(), desk: spools, policy: PolicyInForce(.none),
                    runner: runner, destinations: [], arrivals: arrivals, time: time, log: log),
                submissions: submissions,
                drops: DropCollector(
                    folder.path("drop"), desk: submissions, alarms: AlarmBoard(), time: time,
                    log: log),
                arrivals: arrivals, time: time, log: log)
        }

        func openSpool(_ name: String) async throws -> SpoolQueue {
            let time = SystemTime()
            let spool = try SpoolQueue.open(SpoolSettings(path: folder.path(name)), time: time)
            let driver = DeliveryDriver(
                spool: spool, settings: [], policy: PolicyInForce(.none), time: time,
                wantHealth: {})
            spools.begin(SpoolSession(spool: spool, driver: driver))
            await pauses.spoolBegan()
            return spool
        }

        func pause(_ name: String, _ reason: String, _ seconds: Int = 3600) async throws {
            _ = try await wishes.answer(
                .pause(reason: reason, seconds: seconds), of: name, by: "root")
        }

        var isPaused: Bool {
            get async { await runner.status(of: disk)?.pause != nil }
        }
    }

    @Test func `without a spool nothing is paused, since it would not outlive a restart`()
        async throws
    {
        let scene = try Scene()
        await #expect(throws: ControlFault.self) { try await scene.pause("web1!disk", "why") }
        #expect(await !scene.isPaused)
        #expect(await scene.pauses.standing.isEmpty)
        _ = await scene.runner.stop(patience: .zero)
    }

    @Test func `a pause is in the spool before it counts, and in the next one that is begun`()
        async throws
    {
        let scene = try Scene()
        let first = try await scene.openSpool("one.db")
        try await scene.pause("web1!disk", "the disk is replaced")
        #expect(await scene.isPaused)
        #expect(try await first.ledger().map(\.key) == ["pause\u{1F}web1!disk"])
        let second = try await scene.openSpool("two.db")
        #expect(try await second.ledger() == first.ledger(), "the old one was damaged")
        let reply = try await scene.wishes.answer(.resume, of: "web1!disk", by: "root")
        guard case .resumed(wasPaused: true) = reply else {
            Issue.record("\(reply)")
            return
        }
        #expect(try await second.ledger() == [])
        #expect(await !scene.isPaused)
        _ = await scene.runner.stop(patience: .zero)
    }

    @Test func `a pause that is over when it is read ends, and one that lasts goes on`()
        async throws
    {
        let scene = try Scene()
        let now = SystemTime().wall
        let other = ObjectName(host: "web1", service: "gone")
        let spool = try SpoolQueue.open(
            SpoolSettings(path: scene.folder.path("one.db")), time: SystemTime())
        try await spool.note([
            PauseLedger.entry(
                disk,
                ObjectPause(
                    reason: "over", author: "root", since: now - .seconds(60),
                    until: now - .seconds(1))),
            PauseLedger.entry(
                other,
                ObjectPause(
                    reason: "lasts", author: "root", since: now, until: now + .seconds(3600))),
        ])
        try spool.close()
        let again = try await scene.openSpool("one.db")
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await scene.pauses.run() }
            while await scene.pauses.standing.count > 1 { await Task.yield() }
            group.cancelAll()
        }
        #expect(await scene.pauses.standing.map(\.object) == [other])
        #expect(await !scene.isPaused)
        while try await again.ledger().count > 1 { await Task.yield() }
        _ = await scene.runner.stop(patience: .zero)
    }

    @Test(arguments: [
        ("web1!disk", "", 60), ("web1!disk", "two\nlines", 60), ("web1!disk", "\u{1B}[2J", 60),
        ("web1!disk", String(repeating: "x", count: 201), 60), ("web1!disk", "why", 0),
        ("web1!disk", "why", -1), ("web1!disk", "why", .max), ("web1!disk", "why", 366 * 86_401),
        ("web1!forwarder", "why", 60), ("web1!nothing", "why", 60), ("", "why", 60),
        ("web1!backup", "nobody checks it", 60),
        ("web1!\u{7}", "why", 60), ("../../etc/passwd", "why", 60),
    ])
    func `what is no pause is refused and changes nothing`(
        _ object: String, _ reason: String, _ seconds: Int
    ) async throws {
        let scene = try Scene()
        let spool = try await scene.openSpool("one.db")
        await #expect(throws: ControlFault.self) {
            try await scene.pause(object, reason, seconds)
        }
        #expect(try await spool.ledger() == [])
        #expect(await scene.pauses.standing.isEmpty)
        _ = await scene.runner.stop(patience: .zero)
    }

    @Test func `a check is made due on request, not one of a paused or unknown object`()
        async throws
    {
        let scene = try Scene()
        _ = try await scene.openSpool("one.db")
        let reply = try await scene.wishes.answer(.recheck, of: "web1!disk", by: "root")
        guard case .rechecked = reply else {
            Issue.record("\(reply)")
            return
        }
        #expect(scene.wishes.arrivals.take(disk) != nil)
        try await scene.pause("web1!disk", "rest")
        for object in ["web1!disk", "web1!nothing", "\u{1}"] {
            await #expect(throws: ControlFault.self) {
                try await scene.wishes.answer(.recheck, of: object, by: "root")
            }
        }
        #expect(scene.wishes.arrivals.take(disk) == nil)
        _ = await scene.runner.stop(patience: .zero)
    }
}
