import Collector
import Delivery
import Foundation
import Logging
import Monitoring
import Policy
import Spool
import TestSupport

@testable import ForwarderCommand

/// A desk with a runner that checks `web1!disk` itself and takes results of `web1!backup`,
/// `web1!other`, `web1!slow` and the hosts `many0` to `many99`, and with a spool once it is opened.
struct SubmissionScene {
    typealias Text = (ObjectName, Int32, String)

    private final class Definitions: CheckPreparing {
        func prepare(_ object: ObjectName) -> PreparedCheck {
            var snapshot = ObjectSnapshot(name: object.fullName)
            snapshot.commandLine = ["/bin/false"]
            let action =
                object == SubmissionScene.slow
                ? CheckAction.later(.seconds(86_400), exitStatus: 0, output: "checked")
                : .immediate(exitStatus: 0, output: "checked")
            return PreparedCheck(action: action, snapshot: snapshot)
        }
    }

    static let root = SubmissionDesk.Submitter(
        asker: ControlRights.Asker(user: 0, groups: [0]), name: "root")
    /// May submit results of `web1!backup` alone, as may the group ``operators``.
    static let cron = SubmissionDesk.Submitter(
        asker: ControlRights.Asker(user: 4_000_001, groups: []), name: "cron")

    /// A passive object whose check ends never, once somebody asked for one.
    static let slow = ObjectName(host: "web1", service: "slow")

    static let operators: gid_t = 4_000_002

    let folder: TemporaryDirectory
    let spools = SpoolDesk()
    let runner: CheckRunner
    let desk: SubmissionDesk
    let log: Logger

    /// - Parameter time: the desk's own time; the runner has the real one.
    init(
        in folder: TemporaryDirectory? = nil, time: any TimeSource = SystemTime(),
        rights board: RightsBoard? = nil,
        log: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        self.log = log
        self.folder = try folder ?? TemporaryDirectory("submissions")
        runner = try CheckRunner(
            settings: RunnerSettings(environment: PluginEnvironment(inheriting: [:])),
            time: SystemTime(), health: { HealthReport(state: .ok, text: "") })
        let passive = ["web1!backup", "web1!other", "web1!slow"] + (0..<100).map { "many\($0)" }
        runner.start(
            with: passive.compactMap(ObjectName.init(fullName:)).map {
                CheckPlan(object: $0, maxCheckAttempts: 3, isActive: false)
            } + [CheckPlan(object: ObjectName(host: "web1", service: "disk"))],
            states: [], preparing: Definitions())
        let rights = ControlRights(
            submission: SubmissionRights([
                .init(
                    users: [Self.cron.asker.user], groups: [Self.operators], hosts: ["*"],
                    services: ["backup"])
            ]))
        desk = SubmissionDesk(
            desk: spools, runner: runner, board: RuntimeBoard(time: SystemTime()),
            alarms: AlarmBoard(), rights: board ?? RightsBoard(rights), time: time, log: log)
    }

    func openSpool(
        named name: String = "spool.db", sizeLimit: Int = SpoolSettings.defaultSizeLimit
    ) async throws -> SpoolQueue {
        let time = SystemTime()
        let spool = try SpoolQueue.open(
            SpoolSettings(path: folder.path(name), sizeLimit: sizeLimit), time: time)
        _ = try await spool.register(destinations: ["m"])
        let driver = DeliveryDriver(
            spool: spool, settings: [], policy: PolicyInForce(.none), time: time,
            wantHealth: {})
        spools.begin(SpoolSession(spool: spool, driver: driver))
        return spool
    }

    static func batch(_ texts: [Text]) -> SubmissionBatch {
        var random = SystemRandomNumberGenerator()
        let now = SystemTime().wall.microseconds - Int64(texts.count)
        return SubmissionBatch(
            id: BatchID(random: &random),
            records: texts.enumerated().map { index, text in
                SubmissionBatch.Record(
                    object: text.0, exitStatus: text.1, output: Array(text.2.utf8),
                    time: Timestamp(microseconds: now + Int64(index)))
            })
    }

    func take(
        _ batch: SubmissionBatch, by submitter: SubmissionDesk.Submitter = Self.root,
        patience: Duration = SubmissionDesk.usualPatience
    ) async -> BatchOutcome {
        var batch = batch
        batch.daemonWasAsked = true
        return await desk.take(batch, by: submitter, patience: patience)
    }

    /// Submits all of it; throws when something stands in the way.
    func submit(
        _ texts: [Text], by submitter: SubmissionDesk.Submitter = Self.root
    ) async throws -> [SubmissionVerdict] {
        let outcome = await take(Self.batch(texts), by: submitter)
        if let obstacle = outcome.obstacle { throw ControlFault(description: obstacle) }
        return outcome.verdicts
    }

    /// The outputs of all results, in order.
    func outputs(_ spool: SpoolQueue) async throws -> [String] {
        var outputs: [String] = []
        var page = try await spool.entries(QueueFilter(), after: nil)
        outputs += page.entries.map(\.result.output)
        while let next = page.next {
            page = try await spool.entries(QueueFilter(), after: next)
            outputs += page.entries.map(\.result.output)
        }
        return outputs
    }

    /// The keys of the batches that a spool knows.
    func known(_ spool: SpoolQueue) async throws -> [String] {
        try await spool.ledger().map(\.key).filter { $0.hasPrefix(SubmissionLedger.prefix) }
    }

    func end() async { _ = await runner.stop(patience: .zero) }
}
