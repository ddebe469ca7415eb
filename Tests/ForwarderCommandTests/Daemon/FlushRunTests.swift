import Delivery
import Monitoring
import Policy
import Spool
import Synchronization
import TestSupport
import Testing
import UplinkMessages

@testable import ForwarderCommand

/// A flush of results whose object was set aside before.
@Suite(.timeLimit(.minutes(10))) struct FlushRunTests {
    private static let disk = ObjectName(host: "web1", service: "disk")

    /// An uplink to a master that answers everything alike and lets nothing be read.
    private final class OneAnswerPort: UplinkPort {
        let driver: DeliveryDriver
        let answer: SubmissionOutcome
        private let count = Mutex(0)

        init(_ driver: DeliveryDriver, _ answer: SubmissionOutcome) {
            self.driver = driver
            self.answer = answer
        }

        var submissionCount: Int { count.withLock { $0 } }

        func send(_ messages: [DaemonMessage]) {
            for message in messages {
                switch message {
                case .probe(let id, _):
                    let greeting = MasterGreeting(
                        version: "r2.14.6-1", permissions: ["actions/process-check-result"])
                    driver.tell(.uplink([.probeAnswer(id: id, .answered(greeting))]))
                case .submit(let submission):
                    count.withLock { $0 += 1 }
                    let now = SystemTime().wall
                    let report = OutcomeReport(
                        id: submission.id, outcome: answer, text: "", sentAt: now,
                        answeredAt: now)
                    driver.tell(.uplink([.outcome(report)]))
                default: break
                }
            }
        }
    }

    private struct Scene {
        let folder: TemporaryDirectory
        let spool: SpoolQueue
        let driver: DeliveryDriver

        /// A result of `disk` waits, which is set aside for an hour.
        init() async throws {
            folder = try TemporaryDirectory("flush")
            let time = SystemTime()
            spool = try SpoolQueue.open(
                SpoolSettings(path: folder.path("spool.db")), time: time)
            let id = try #require(try await spool.register(destinations: ["m"]).first)
            let result = CheckResult(
                object: disk, state: .ok, exitStatus: 0, output: "fine",
                executionStart: time.wall, executionEnd: time.wall)
            _ = try await spool.append([
                CheckRecord(
                    result: result, significance: .change,
                    snapshot: ObjectSnapshot(name: disk.fullName))
            ])
            _ = try await spool.exchange(
                DeliveryBatch(
                    destination: id,
                    parkings: [
                        Parking(
                            object: disk, until: time.wall + .seconds(3600), reason: "of before")
                    ]))
            let settings = DeliverySettings(
                name: "m", number: 1,
                nodes: [DeliverySettings.Node(id: NodeID(index: 0), name: "m1")],
                healthObject: ObjectName.health(ofNode: "web1"), checkSource: "web1")
            let rules = try PolicyReader.read(
                Array("[all]\nmasters = m\npermissions = *\n".utf8), file: "policy.ini",
                destinations: ["m"], nodeName: "web1")
            driver = DeliveryDriver(
                spool: spool, settings: [settings], policy: PolicyInForce(rules), time: time,
                wantHealth: {})
            try await driver.prepare()
        }

        /// Flushes while the uplink comes some looks later.
        func flush(
            _ inflow: FlushCourse.Inflow, _ port: OneAnswerPort
        ) async throws -> FlushOutcome {
            async let running: Void = driver.run()
            // by its clock nothing takes long, however slow the machine is
            let run = FlushRun(
                spool: spool, driver: driver, inflow: inflow,
                patience: [
                    "m": FlushCourse.Patience(turns: .seconds(60), silent: .seconds(60))
                ], time: FakeTime())
            var looks = 0
            let outcome = try await run.run { _ in
                looks += 1
                if looks == 5 { driver.tell(.uplinkStarted(port)) }
            }
            driver.stop()
            await running
            try spool.close()
            return outcome
        }
    }

    @Test(arguments: [FlushCourse.Inflow.goesOn, .none])
    func `what the master does not take again is told with its fresh reason`(
        inflow: FlushCourse.Inflow
    ) async throws {
        let scene = try await Scene()
        let port = OneAnswerPort(scene.driver, .objectUnknown)
        let outcome = try await scene.flush(inflow, port)
        #expect(port.submissionCount == 1)
        #expect(outcome.delivered == 0)
        let left = try #require(outcome.left.first)
        #expect(left.count == 1)
        #expect(left.reason.contains("does not know the object"), "\(left.reason)")
    }

    @Test(arguments: [FlushCourse.Inflow.goesOn, .none])
    func `what the master takes by now is delivered`(inflow: FlushCourse.Inflow) async throws {
        let scene = try await Scene()
        let port = OneAnswerPort(scene.driver, .processed)
        let outcome = try await scene.flush(inflow, port)
        #expect(outcome == FlushOutcome(delivered: 1, left: []))
    }
}
