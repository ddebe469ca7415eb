import Monitoring
import Testing
import UplinkMessages

@testable import Forwarder

/// The session against the installed Icinga 2.
@Suite(.serialized, .enabled(if: PrivateMaster.binary != nil, "needs icinga2-bin"))
struct RealMasterAnswerTests {
    private func material(_ name: String, of master: PrivateMaster) throws -> KeyMaterial {
        try KeyMaterial(
            name: name,
            certificate: "\(master.folder)/\(name).crt",
            key: "\(master.folder)/\(name).key",
            authority: "\(master.folder)/lib/ca/ca.crt"
        )
    }

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
        let master = try PrivateMaster()
        let session = try SessionUnderTest(identity: material("client", of: master))
        try session.begin(port: master.port, connections: 4)
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
        try session.begin(port: master.port)
        try session.connect()
        let refused = try outcome(.sample(1, of: "web1!s1"), session)
        #expect(refused == .objectUnknown || refused == .permissionMissing)  // 2.13, and later
        let unread = try readBack(["web1!s1"], session)
        #expect(unread == .objectUnknown || unread == .permissionMissing)
        try session.stop()
    }
}
