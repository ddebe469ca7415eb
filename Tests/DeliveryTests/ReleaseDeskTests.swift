import Monitoring
import Policy
import Spool
import TestSupport
import Testing
import UplinkMessages

@testable import Delivery

/// What of queued results is handed over, by the policy of the moment and their own snapshots.
@Suite struct ReleaseDeskTests {
    private static let web = ObjectName(host: "web1", service: "web")
    private static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    /// A spool with one destination, and the desk that judges for it.
    private struct Stage {
        let folder: TemporaryDirectory
        let spool: SpoolQueue
        let destination: DestinationID
        let policy: PolicyInForce
        let desk: ReleaseDesk
        var count = 0

        init(_ lines: String) async throws {
            folder = try TemporaryDirectory("release")
            spool = try SpoolQueue.open(
                SpoolSettings(path: folder.path("spool.db")), time: FakeTime())
            destination = try await spool.register(destinations: ["production"])[0]
            policy = PolicyInForce(try rules(lines))
            desk = ReleaseDesk(policy, destination: "production", time: FakeTime())
        }

        mutating func accept(
            _ output: String, of object: ObjectName = web, variables: String = "{}",
            performanceData: [String] = [], command: [String] = [], origins: [WordOrigin]? = nil
        ) async throws {
            count += 1
            let time = start + .seconds(count)
            _ = try await spool.append([
                CheckRecord(
                    result: CheckResult(
                        object: object, state: .warning, exitStatus: 1, output: output,
                        performanceData: performanceData, executionStart: time,
                        executionEnd: time),
                    significance: .unchanged,
                    snapshot: ObjectSnapshot(
                        name: object.fullName, serviceVariables: variables, commandLine: command,
                        wordOrigins: origins))
            ])
        }

        /// Leases what is next of an object and has it delivered.
        func handOver(_ object: ObjectName = web) async throws -> LeasedResult? {
            var batch = DeliveryBatch(
                destination: destination, leases: [LeaseRequest(object: object, node: "m")],
                stamp: { .lease(baseStamp: $0.result.executionStart) })
            batch.release = desk.release
            guard let leased = try await spool.exchange(batch).leased.first else { return nil }
            _ = try await spool.exchange(
                DeliveryBatch(
                    destination: destination,
                    settlements: [
                        Settlement(
                            object: object, sequence: leased.sequence, kind: .deliveredUnconfirmed)
                    ]))
            return leased
        }
    }

    private static func rules(_ lines: String) throws -> PolicyRules {
        try PolicyReader.read(
            Array("[all]\nmasters = production\n\(lines)\n".utf8), file: "policy.ini",
            destinations: ["production"], nodeName: "web1")
    }

    private static let submit = "permissions = icingadb/command/process-check-result"
    private static let everything = "permissions = *"

    @Test func `what was queued before the policy changed is judged by the new one`()
        async throws
    {
        var stage = try await Stage(Self.submit)
        for output in ["one", "two", "three"] { try await stage.accept(output) }
        #expect(try await stage.handOver()?.result.output == "one")
        stage.policy.replace(with: try Self.rules(Self.submit + "\nforwarder/output = state-only"))
        let silent = try await stage.handOver()
        #expect(silent?.result.output == ReleasedResult.withheldOutput)
        stage.policy.replace(with: try Self.rules("permissions = icingadb/object/show-source"))
        #expect(try await stage.handOver() == nil)
        let lane = try #require(try await stage.spool.lanes(of: stage.destination).first)
        #expect((lane.queued, lane.losses.withheld) == (0, 1))
        #expect(
            lane.withheldReason == "denied (no role allows icingadb/command/process-check-result)")
        stage.policy.replace(with: try Self.rules(Self.submit))
        try await stage.accept("four")
        #expect(try await stage.handOver()?.result.output == "four")
    }

    @Test func `each result is masked by the secret of its time`() async throws {
        var stage = try await Stage(Self.submit + "\nicingadb/protect/variables = *password*")
        try await stage.accept(
            "login with hunter2 failed", variables: #"{"password":"hunter2"}"#,
            performanceData: ["'try hunter2'=1;2;3", "b=2"])
        try await stage.accept(
            "login with correct-horse failed, was hunter2 before",
            variables: #"{"password":"correct-horse"}"#)
        let old = try #require(try await stage.handOver()).result
        #expect(old.output == "login with *** failed")
        #expect(old.performanceData == ["'try ***'=1;2;3", "b=2"])
        #expect(
            try await stage.handOver()?.result.output == "login with *** failed, was hunter2 before"
        )
    }

    @Test func `a renamed object's results are judged by its old name and groups`() async throws {
        let old = ObjectName(host: "web1", service: "intern")
        var stage = try await Stage(
            Self.submit + "\nicingadb/filter/objects = service.name!=intern*")
        try await stage.accept("before", of: old)
        try await stage.accept("after", of: Self.web)
        #expect(try await stage.handOver(old) == nil)
        #expect(try await stage.handOver(Self.web)?.result.output == "after")
    }

    @Test func `a command line leaves with the source, without what is denied or protected`()
        async throws
    {
        let command = ["/p", "-H", "web1", "-p", "42", "--token", "abc"]
        let origins = [
            WordOrigin(), WordOrigin(isKey: true), WordOrigin(),
            WordOrigin(isKey: true, variables: ["pin"]), WordOrigin(variables: ["pin"]),
            WordOrigin(isKey: true, variables: ["token"]), WordOrigin(variables: ["token"]),
        ]
        let lines = """
            icingadb/protect/variables = pin
            icingadb/denylist/variables = token

            """
        var stage = try await Stage(lines + Self.everything)
        try await stage.accept("x", command: command, origins: origins)
        #expect(try await stage.handOver()?.command == ["/p", "-H", "web1", "-p", "***"])
        try await stage.accept("an older spool's", command: command)
        #expect(try await stage.handOver()?.command == [])
        stage.policy.replace(with: try Self.rules(lines + Self.submit))
        try await stage.accept("x", command: command, origins: origins)
        #expect(try await stage.handOver()?.command == [])
    }

    @Test func `a command line that is too long for a message stays, its result does not`()
        async throws
    {
        var stage = try await Stage(Self.everything)
        let longest = String(repeating: "x", count: Submission.commandByteLimit)
        for words in [[longest], [longest, "y"]] {
            let origins = words.map { _ in WordOrigin() }
            try await stage.accept("x", command: words, origins: origins)
        }
        #expect(try await stage.handOver()?.command == [longest])
        let second = try #require(try await stage.handOver())
        #expect(second.command == [] && second.result.output == "x")
    }

    @Test func `what cannot be judged stays here and says why`() async throws {
        var stage = try await Stage(Self.everything)
        try await stage.accept("secret", variables: "no JSON")
        #expect(try await stage.handOver() == nil)
        let lane = try #require(try await stage.spool.lanes(of: stage.destination).first)
        #expect(lane.withheldReason?.contains("cannot be read") == true)
    }

    @Test func `own health goes by any policy, the own host by none`() async throws {
        var stage = try await Stage("refusals = *")
        let health = ObjectName.health(ofNode: "web1")
        try await stage.accept("fine", of: health)
        #expect(try await stage.handOver(health)?.result.output == "fine")
        stage.policy.replace(with: try Self.rules(Self.everything))
        try await stage.accept("up", of: ObjectName(host: "web1"))
        #expect(try await stage.handOver(ObjectName(host: "web1")) == nil)
    }
}
