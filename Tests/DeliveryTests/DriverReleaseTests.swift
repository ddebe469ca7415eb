import Monitoring
import Policy
import Spool
import Synchronization
import TestSupport
import Testing
import UplinkMessages

@testable import Delivery

/// That what the driver hands to the uplink went through the policy.
@Suite struct DriverReleaseTests {
    private static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    /// An uplink to a master that takes everything and lets nothing be read.
    private final class WillingPort: UplinkPort {
        let driver: DeliveryDriver
        let submissions: AsyncStream<Submission>
        private let inbox: AsyncStream<Submission>.Continuation

        init(_ driver: DeliveryDriver) {
            self.driver = driver
            (submissions, inbox) = AsyncStream.makeStream()
        }

        func send(_ messages: [DaemonMessage]) {
            for message in messages {
                switch message {
                case .probe(let id, _):
                    let greeting = MasterGreeting(
                        version: "r2.14.6-1", permissions: ["actions/process-check-result"])
                    driver.tell(.uplink([.probeAnswer(id: id, .answered(greeting))]))
                case .submit(let submission):
                    inbox.yield(submission)
                    let report = OutcomeReport(
                        id: submission.id, outcome: .processed, text: "", sentAt: start,
                        answeredAt: start)
                    driver.tell(.uplink([.outcome(report)]))
                default: break
                }
            }
        }
    }

    private static func record(_ service: String, _ number: Int) -> CheckRecord {
        let object = ObjectName(host: "web1", service: service)
        let time = start - .seconds(100 - number)
        return CheckRecord(
            result: CheckResult(
                object: object, state: .ok, exitStatus: 0, output: "\(service) with hunter2",
                executionStart: time, executionEnd: time),
            significance: .unchanged,
            snapshot: ObjectSnapshot(
                name: object.fullName, serviceVariables: #"{"password":"hunter2"}"#))
    }

    @Test func `the uplink gets what the policy of each destination lets out, and no more`()
        async throws
    {
        let folder = try TemporaryDirectory("driver")
        let time = FakeTime()
        let spool = try SpoolQueue.open(
            SpoolSettings(path: folder.path("spool.db")), time: time)
        let rules = try PolicyReader.read(
            Array(
                """
                [one]
                masters = one
                permissions = icingadb/command/process-check-result
                icingadb/filter/objects = service.name=shown
                icingadb/protect/variables = password
                [two]
                masters = two
                permissions = icingadb/command/process-check-result
                forwarder/output = state-only
                """.utf8), file: "policy.ini", destinations: ["one", "two"], nodeName: "web1")
        let settings = ["one", "two"].enumerated().map { place, name in
            DeliverySettings(
                name: name, number: UInt16(place + 1),
                nodes: [DeliverySettings.Node(id: NodeID(index: UInt16(place)), name: name)],
                healthObject: ObjectName.health(ofNode: "web1"), checkSource: "web1")
        }
        let standings = Mutex<[LinkStanding]>([])
        let driver = DeliveryDriver(
            spool: spool, settings: settings, policy: PolicyInForce(rules), time: time,
            linked: { standing in standings.withLock { $0.append(standing) } }, wantHealth: {})
        try await driver.prepare()
        _ = try await spool.append([Self.record("hidden", 1), Self.record("shown", 2)])
        let port = WillingPort(driver)
        driver.tell(.uplinkStarted(port))
        driver.tell(
            .accepted([
                ObjectName(host: "web1", service: "hidden"): 1,
                ObjectName(host: "web1", service: "shown"): 1,
            ]))
        async let running: Void = driver.run()
        var told: Set<String> = []
        for await submission in port.submissions {
            let name = submission.node.index == 0 ? "one" : "two"
            told.insert("\(name): \(submission.object.service ?? "") says \(submission.output)")
            if told.count == 3 { break }
        }
        await driver.windDown(patience: .seconds(60))
        driver.stop()
        await running
        for name in ["one", "two"] {
            let states = standings.withLock { $0.filter { $0.destination == name }.map(\.state) }
            #expect(states.last == .connected, "\(name): \(states)")
            #expect(zip(states, states.dropFirst()).allSatisfy { $0 != $1 }, "told once a change")
        }
        let reports = await driver.reports()
        #expect(reports.map(\.counts.submitted) == [1, 2])
        #expect(reports.map(\.counts.withheld) == [1, 0])
        try spool.close()
        let silent = ReleasedResult.withheldOutput
        #expect(
            told == [
                "one: shown says shown with ***", "two: shown says \(silent)",
                "two: hidden says \(silent)",
            ])
    }
}
