import Monitoring
import TestSupport
import Testing
import UplinkMessages

@testable import Forwarder

/// The session against the installed Icinga 2.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct RealMasterAnswerTests {
    private func material(_ name: String, of master: PrivateMaster) throws -> KeyMaterial {
        let identity = try master.client(name)
        return try withExtendedLifetime(identity) {
            try KeyMaterial(
                name: name,
                certificate: identity.certificate,
                key: identity.key,
                authority: master.authority.certificate
            )
        }
    }

    private func begin(
        _ session: SessionUnderTest,
        _ master: PrivateMaster,
        connections: UInt16
    ) throws {
        let port = try #require(UInt16(exactly: master.port))
        try session.begin(node: PrivateMaster.name, port: port, connections: connections)
    }

    private static let configuration = """
        object Zone "web1" { parent = "\(PrivateMaster.name)" }
        object ApiUser "web1" {
          client_cn = "client"
          permissions = [
            { permission = "actions/process-check-result", filter = {{ host.name == "web1" }} },
            { permission = "objects/query/Host", filter = {{ host.name == "web1" }} },
            { permission = "objects/query/Service", filter = {{ host.name == "web1" }} }
          ]
        }
        object ApiUser "poor" { client_cn = "poor"; permissions = [ "status/query" ] }
        template Host "passive" {
          zone = "web1"; check_command = "dummy"; enable_active_checks = false
        }
        template Service "passive" {
          zone = "web1"; check_command = "dummy"; enable_active_checks = false
        }
        object Host "web1" { import "passive" }
        object Host "web2" { import "passive" }
        object Service "parked" {
          import "passive"
          host_name = "web1"
          enable_passive_checks = false
        }
        for (i in range(100)) {
          object Service "s" + i { import "passive"; host_name = "web1" }
        }
        """

    private func readBack(
        _ names: [String],
        _ session: SessionUnderTest
    ) throws -> ReadBackAnswer {
        session.send(
            .readBack(
                id: 7,
                node: NodeID(index: 0),
                objects: names.compactMap(ObjectName.init(fullName:))
            )
        )
        return try session.nextReadBack()
    }

    private func outcome(
        _ submission: Submission,
        _ session: SessionUnderTest
    ) throws -> SubmissionOutcome {
        session.send(.submit(submission))
        return try session.nextOutcome().outcome
    }

    @Test func `what a real master answers is understood`() throws {
        let master = try PrivateMaster(configuration: Self.configuration)
        try master.start()
        let session = try SessionUnderTest(identity: material("client", of: master))
        try begin(session, master, connections: 4)
        try answersAProbe(session)
        try holdsWhatWasSubmitted(session)
        try refuses(session)
        try takesAWindowInOrder(session)
        try session.stop()
        try withoutPermission(master)
        try master.stop()
    }

    private func answersAProbe(_ session: SessionUnderTest) throws {
        session.send(.probe(id: 1, node: NodeID(index: 0)))
        guard case .answered(let greeting) = try session.nextProbeAnswer() else {
            Issue.record("the probe failed")
            return
        }
        #expect(greeting.version.hasPrefix("r2.") || greeting.version.hasPrefix("v2."))
        #expect(greeting.permissions.contains { $0.hasPrefix("actions/process-check-result") })
    }

    private func holdsWhatWasSubmitted(_ session: SessionUnderTest) throws {
        let stamp: Int64 = 1_700_000_000_123_457
        let output = "a \"quoted\" \\ line\nand a tab\t\u{0}é😀"
        #expect(
            try outcome(.sample(1, of: "web1!s1", at: stamp, output: output), session) == .processed
        )
        #expect(
            try outcome(.sample(2, of: "web1", exitStatus: 1, at: stamp), session) == .processed
        )
        guard case .readings(let readings) = try readBack(["web1", "web1!s1", "web1!s2"], session)
        else {
            Issue.record("no readings")
            return
        }
        let held = Dictionary(uniqueKeysWithValues: readings.map { ($0.object.fullName, $0) })
        #expect(held["web1"]?.executionStart?.microseconds == stamp)
        #expect(held["web1!s1"]?.executionStart?.microseconds == stamp)
        #expect(held["web1!s1"]?.lastCheck != nil)
        #expect(held["web1!s2"]?.executionStart == nil && held["web1!s2"]?.lastCheck == nil)
        let stale = try outcome(.sample(3, of: "web1!s1", at: stamp - 1), session)
        #expect(stale == .processed || stale == .discardedAsOlder)  // 2.13, and 2.14 and later
        let after = try readBack(["web1!s1"], session)
        guard case .readings(let still) = after else { return }
        #expect(still.first?.executionStart?.microseconds == stamp)
    }

    private func refuses(_ session: SessionUnderTest) throws {
        #expect(try outcome(.sample(4, of: "web1!nothing"), session) == .objectUnknown)
        #expect(try outcome(.sample(5, of: "web2"), session) == .objectUnknown)
        #expect(try outcome(.sample(6, of: "web1!parked"), session) == .passiveChecksDisabled)
        #expect(try readBack(["web1!s1", "web1!nothing"], session) == .objectUnknown)
    }

    private func takesAWindowInOrder(_ session: SessionUnderTest) throws {
        for id in 0..<100 {
            session.send(
                .submit(.sample(UInt64(100 + id), of: "web1!s\(id)", at: 1_700_000_100_000_000))
            )
        }
        let reports = try (0..<100).map { _ in try session.nextOutcome() }
        #expect(reports.allSatisfy { $0.outcome == .processed })
        #expect(Set(reports.map(\.id)) == Set(100..<200))
        guard
            case .readings(let readings) = try readBack(
                (0..<Wire.objectLimit).map { "web1!s\($0)" }, session)
        else {
            Issue.record("no readings")
            return
        }
        #expect(readings.count == Wire.objectLimit)
        #expect(readings.allSatisfy { $0.executionStart?.microseconds == 1_700_000_100_000_000 })
    }

    private func withoutPermission(_ master: PrivateMaster) throws {
        let session = try SessionUnderTest(identity: material("poor", of: master))
        try begin(session, master, connections: 1)
        try session.connect()
        let refused = try outcome(.sample(1, of: "web1!s1"), session)
        #expect(refused == .objectUnknown || refused == .permissionMissing)  // 2.13, and later
        let unread = try readBack(["web1!s1"], session)
        #expect(unread == .objectUnknown || unread == .permissionMissing)
        try session.stop()
    }
}
