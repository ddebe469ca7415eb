import Monitoring
import Testing
import UplinkMessages

@testable import Forwarder

/// The session against scripted masters over real TLS on loopback.
@Suite(.serialized) struct UplinkSessionTests {
    let certificates: Certificates

    init() throws { certificates = try Certificates.shared.get() }

    /// Runs a session against a master, then takes both down.
    private func withSession(
        master leaf: String? = "icinga1",
        trusting authority: String = "ca",
        client: String = "client",
        handshakes: Int = .max,
        script: @escaping ScriptedMaster.Script = { _, _ in
            .bytes(icingaAnswer("200 OK", processedBody))
        },
        _ body: (SessionUnderTest, ScriptedMaster) throws -> Void
    ) throws {
        let master = try ScriptedMaster(
            leaf.map { try certificates.material($0, trusting: authority) },
            handshakes: handshakes,
            script: script
        )
        let session = try SessionUnderTest(identity: certificates.material(client))
        try body(session, master)
        try session.stop()
        try master.stop()
    }

    /// What the session says when it is asked to probe and to submit.
    private func failures(
        _ session: SessionUnderTest
    ) throws -> (probe: LinkFault, text: String, submission: SubmissionOutcome) {
        session.send(.probe(id: 1, node: NodeID(index: 0)))
        guard case .failed(let fault, let text) = try session.nextProbeAnswer() else {
            throw SessionUnderTest.Silent()
        }
        session.send(.submit(.sample(2)))
        return (fault, text, try session.nextOutcome().outcome)
    }

    @Test func `submissions are answered once each, in order, on one connection`() throws {
        try withSession { session, master in
            try session.begin(port: master.port, window: 4)
            try session.connect()
            for id in 0..<50 { session.send(.submit(.sample(UInt64(id), of: "web1!s\(id)"))) }
            let ids = try (0..<50).map { _ in try session.nextOutcome().id }
            #expect(ids == Array(0..<50))
            #expect(master.asked.map(\.connection) == Array(repeating: 1, count: 50))
            #expect(master.seen.last?.uri == "/v1/actions/process-check-result")
        }
    }

    @Test func `a master of another CA gets nothing`() throws {
        try withSession(master: "stranger") { session, master in
            try session.begin(port: master.port)
            let said = try failures(session)
            #expect(said.probe == .untrusted && said.submission == .notSent)
            #expect(said.text.contains("another CA"))
            #expect(master.seen.isEmpty)
        }
    }

    @Test func `a master of another name gets nothing`() throws {
        try withSession(master: "icinga2") { session, master in
            try session.begin(port: master.port)
            let said = try failures(session)
            #expect(said.probe == .untrusted && said.submission == .notSent)
            #expect(said.text.contains("not for the name icinga1"))
            #expect(master.seen.isEmpty)
        }
    }

    @Test func `a master whose certificate has expired gets nothing`() throws {
        try withSession(master: "expired") { session, master in
            try session.begin(port: master.port)
            let said = try failures(session)
            #expect(said.probe == .untrusted && said.submission == .notSent)
            #expect(said.text.contains("expired"))
        }
    }

    @Test func `a port that speaks no TLS is named as such`() throws {
        try withSession(master: nil) { session, master in
            try session.begin(port: master.port)
            let said = try failures(session)
            #expect(said.probe == .tlsFailed && said.submission == .notSent)
            #expect(said.text.contains("Is this the API port"))
        }
    }

    @Test func `a master that refuses our certificate is quoted`() throws {
        try withSession(client: "strangeclient") { session, master in
            try session.begin(port: master.port)
            session.send(.probe(id: 1, node: NodeID(index: 0)))
            guard case .failed(let fault, let text) = try session.nextProbeAnswer() else {
                Issue.record("answered")
                return
            }
            #expect(fault == .tlsFailed)
            #expect(text.contains("have it signed by the master's CA"))
        }
    }

    @Test func `a name that no certificate can be checked against is refused`() throws {
        for name in ["", ".example"] {
            try withSession { session, master in
                try session.begin(node: name, port: master.port)
                #expect(try failures(session).probe == .untrusted)
                #expect(master.seen.isEmpty)
            }
        }
    }

    @Test func `a probe of a master that is down says so and asks for its address`() throws {
        let session = try SessionUnderTest(identity: certificates.material("client"))
        try session.begin(port: 1)
        session.send(.probe(id: 1, node: NodeID(index: 0)))
        guard case .failed(let fault, let text) = try session.nextProbeAnswer() else {
            throw SessionUnderTest.Silent()
        }
        #expect(fault == .refused && text.contains("cannot be reached"))
        #expect(try session.next { $0 == .addressWanted(node: NodeID(index: 0)) ? true : nil })
        try session.stop()
    }

    @Test func `what waits behind a probe of a master that is down costs no attempt`() throws {
        let session = try SessionUnderTest(identity: certificates.material("client"))
        try session.begin(port: 1)
        let both = [.probe(id: 1, node: NodeID(index: 0)), DaemonMessage.submit(.sample(2))]
        session.send(bytes: both.flatMap(\.frame))
        let report = try session.nextOutcome()
        #expect(report.outcome == .notSent)
        #expect(report.text.contains("cannot be reached"))
        try session.stop()
    }

    @Test func `a dead address does not hide a living one`() throws {
        try withSession { session, master in
            try session.begin(port: master.port, addresses: ["nonsense", "::1", "127.0.0.1"])
            try session.connect()
            session.send(.submit(.sample(1)))
            #expect(try session.nextOutcome().outcome == .processed)
        }
    }

    @Test func `without keys every question is answered with the reason`() throws {
        let session = try SessionUnderTest(identity: nil)
        try session.begin(port: 1)
        let said = try failures(session)
        #expect(said.probe == .keysUnusable && said.submission == .notSent)
        try session.stop()
    }

    @Test func `a connection that ends inside an answer loses what was in flight`() throws {
        let whole = icingaAnswer("200 OK", processedBody)
        let script: ScriptedMaster.Script = { _, request in
            request == 1 ? .bytes(whole) : .bytesThenClose(String(whole.dropLast(9)))
        }
        try withSession(script: script) { session, master in
            try session.begin(port: master.port)
            try session.connect()
            session.send(.submit(.sample(1)))
            #expect(try session.nextOutcome().outcome == .processed)
            session.send(.submit(.sample(2)))
            #expect(try session.nextOutcome().outcome == .lost)
            #expect(try session.next { if case .link(_, false) = $0 { true } else { nil } })
        }
    }

    @Test func `a probe resets the stalled connection and asks on a new one`() throws {
        let script: ScriptedMaster.Script = { connection, _ in
            connection == 1 ? .silence : .bytes(icingaAnswer("200 OK", processedBody))
        }
        try withSession(script: script) { session, master in
            try session.begin(port: master.port, window: 1)
            try session.connect()
            session.send(.submit(.sample(1)))
            session.send(.submit(.sample(2)))  // waits behind the window
            #expect(master.awaitRequest())
            session.send(.probe(id: 3, node: NodeID(index: 0)))
            let lost = try session.nextOutcome()
            #expect(lost.id == 1 && lost.outcome == .lost)
            let greeting = MasterGreeting(version: "r2.13.6-1", permissions: ["a", "b"])
            #expect(try session.nextProbeAnswer() == .answered(greeting))
            #expect(try session.nextOutcome().id == 2)
            #expect(master.seen.filter { $0.connection == 2 }.first?.uri == "/v1")
            #expect(try !master.isRemembered(connection: 1))
            #expect(try master.isRemembered(connection: 2))
        }
    }

    @Test func `of two probes the last one counts, and both are answered`() throws {
        try withSession { session, master in
            try session.begin(port: master.port)
            session.send(.probe(id: 1, node: NodeID(index: 0)))
            session.send(.probe(id: 2, node: NodeID(index: 0)))
            let answers = try (0..<2).map { _ in
                try session.next { message -> (UInt64, Bool)? in
                    guard case .probeAnswer(let id, let answer) = message else { return nil }
                    if case .answered = answer { return (id, true) }
                    return (id, false)
                }
            }
            #expect(answers.map(\.0) == [1, 2])
            #expect(answers.map(\.1).last == true)
        }
    }

    @Test func `full connections get company, up to the limit`() throws {
        let script: ScriptedMaster.Script = { _, _ in .silence }
        try withSession(script: script) { session, master in
            try session.begin(port: master.port, window: 1, connections: 2)
            try session.connect()
            for id in 0..<5 { session.send(.submit(.sample(UInt64(id)))) }
            #expect(master.awaitRequest() && master.awaitRequest())
            session.send(.probe(id: 9, node: NodeID(index: 0)))
            let lost = try (0..<2).map { _ in try session.nextOutcome() }
            #expect(lost.allSatisfy { $0.outcome == .lost })
            #expect(Set(lost.map(\.id)) == [0, 1])
            #expect(Set(master.asked.prefix(2).map(\.connection)) == [1, 2])
        }
    }

    @Test func `more than the queue holds is answered at once`() throws {
        let script: ScriptedMaster.Script = { _, _ in .silence }
        try withSession(script: script) { session, master in
            try session.begin(port: master.port, window: 1)
            try session.connect()
            session.send(.submit(.sample(0)))
            #expect(master.awaitRequest())
            for id in 1...(NodeLink.queueLimit + 1) { session.send(.submit(.sample(UInt64(id)))) }
            let refused = try session.nextOutcome()
            #expect(refused.id == UInt64(NodeLink.queueLimit + 1) && refused.outcome == .notSent)
        }
    }

    @Test func `hosts and services are read back in one query each and one answer`() throws {
        let script: ScriptedMaster.Script = { _, request in
            let name = request == 1 ? "web1" : "web1!disk"
            return .bytes(
                icingaAnswer(
                    "200 OK",
                    #"{"results":[{"name":"\#(name)","attrs":{"last_check":5.5,"#
                        + #""last_check_result":{"execution_start":1700000000.000001}}}]}"#
                )
            )
        }
        try withSession(script: script) { session, master in
            try session.begin(port: master.port)
            try session.connect()
            let objects = ["web1!disk", "web1"].compactMap(ObjectName.init(fullName:))
            session.send(.readBack(id: 1, node: NodeID(index: 0), objects: objects))
            guard case .readings(let readings) = try session.nextReadBack() else {
                Issue.record("no readings")
                return
            }
            #expect(readings.map(\.object.fullName).sorted() == ["web1", "web1!disk"])
            #expect(
                readings.allSatisfy { $0.executionStart?.microseconds == 1_700_000_000_000_001 }
            )
            #expect(master.asked.map(\.override) == ["GET", "GET"])
        }
    }

    @Test func `as many objects as are asked for at once fit into an answer, however long`() throws
    {
        let names = (0..<Wire.objectLimit).map { "web1!service\($0)" }
        // Text and performance data are bounded together; every byte of them comes as six.
        let longest = String(repeating: #"\u0001"#, count: CheckResult.outputByteLimit)
        let results = names.map { name in
            #"{"attrs":{"last_check":5.5,"last_check_result":{"command":["/bin/true"],"#
                + #""execution_start":1700000000.000001,"output":"\#(longest)","#
                + #""performance_data":[],"vars_after":{"attempt":1.0}}},"#
                + #""joins":{},"meta":{},"name":"\#(name)","type":"Service"}"#
        }
        let body = #"{"results":[\#(results.joined(separator: ","))]}"#
        #expect(body.utf8.count > Wire.objectLimit * CheckResult.outputByteLimit * 6)
        let script: ScriptedMaster.Script = { _, _ in .bytes(icingaAnswer("200 OK", body)) }
        try withSession(script: script) { session, master in
            try session.begin(port: master.port)
            try session.connect()
            let objects = names.compactMap(ObjectName.init(fullName:))
            session.send(.readBack(id: 1, node: NodeID(index: 0), objects: objects))
            guard case .readings(let readings) = try session.nextReadBack() else {
                Issue.record("no readings")
                return
            }
            #expect(Set(readings.map(\.object)) == Set(objects))
            #expect(readings.allSatisfy { $0.executionStart != nil })
        }
    }

    @Test func `a result too long for Icinga is rejected here`() throws {
        try withSession { session, master in
            try session.begin(port: master.port)
            try session.connect()
            var submission = Submission.sample(1)
            let noise = String(repeating: "\u{01}", count: 60_000)
            submission.output = noise
            submission.performanceData = [noise, noise]
            session.send(.submit(submission))
            #expect(try session.nextOutcome().outcome == .rejected)
            #expect(master.asked.isEmpty)
        }
    }

    @Test func `the daemon's end closing ends the session without complaint`() throws {
        let session = try SessionUnderTest(identity: nil)
        try session.begin(port: 1)
        session.hangUp()
        #expect(try session.end() == "done")
        try session.stop()
    }

    @Test func `a malformed message ends the session with its reason`() throws {
        let probe = DaemonMessage.probe(id: 1, node: NodeID(index: 0)).frame
        let floods: [UInt8] = [255, 255, 255, 255, 1]
        for bytes in [[0, 0, 0, 1, 99], floods, probe] {
            let session = try SessionUnderTest(identity: nil)
            session.send(bytes: bytes)
            #expect(try session.end()?.contains("the daemon sent") == true)
            try session.stop()
        }
    }
}
