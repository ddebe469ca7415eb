import Monitoring
import Testing
import UplinkMessages

@testable import Forwarder

/// Only a probe opens a node's first connection.
@Suite(.serialized) struct FirstConnectionTests {
    private let node = NodeID(index: 0)
    private let object = ObjectName(host: "web1")

    private func withSession(
        handshakes: Int = .max,
        script: @escaping ScriptedMaster.Script,
        _ body: (SessionUnderTest, ScriptedMaster) throws -> Void
    ) throws {
        let certificates = try Certificates.shared.get()
        let keys = try certificates.material("icinga1", trusting: "ca")
        let master = try ScriptedMaster(keys, handshakes: handshakes, script: script)
        let session = try SessionUnderTest(identity: certificates.material("client"))
        try body(session, master)
        try session.stop()
        try master.stop()
    }

    /// Asks both questions and expects both to be turned away for want of a connection.
    private func expectRefusals(_ session: SessionUnderTest) throws {
        session.send(.submit(.sample(1)))
        let report = try session.nextOutcome()
        #expect(report.outcome == .notSent && report.sentAt == report.answeredAt)
        #expect(report.text == "there is no connection to icinga1; probe first")
        session.send(.readBack(id: 2, node: node, objects: [object]))
        let answer = try session.nextReadBack()
        #expect(answer == .failed(.closed, text: report.text))
    }

    @Test func `a submission and a read-back without a connection are answered and open none`()
        throws
    {
        try withSession(script: { _, _ in .bytes(icingaAnswer("200 OK", processedBody)) }) {
            session, master in
            try session.begin(port: master.port)
            try expectRefusals(session)
            // Loopback accepts in order: a connection of theirs would come before the probe's.
            try session.connect()
            #expect(master.connectionCount == 1)
            #expect(master.seen.map(\.uri) == ["/v1"])
            session.send(.submit(.sample(3)))
            #expect(try session.nextOutcome().outcome == .processed)
        }
    }

    @Test func `after the last connection's end everything is refused until the next probe`()
        throws
    {
        let answer = icingaAnswer("200 OK", processedBody)
        let script: ScriptedMaster.Script = { connection, _ in
            connection == 1 ? .bytesThenClose(answer) : .bytes(answer)
        }
        try withSession(script: script) { session, master in
            try session.begin(port: master.port)
            try session.connect()
            session.send(.submit(.sample(3)))
            #expect(try session.nextOutcome().outcome == .processed)
            #expect(try session.next { $0 == .link(node: node, isUp: false) ? true : nil })
            try expectRefusals(session)
            try session.connect()
            session.send(.submit(.sample(4)))
            #expect(try session.nextOutcome().outcome == .processed)
            #expect(master.seen.map(\.connection) == [1, 1, 2, 2])
            #expect(master.connectionCount == 2)
        }
    }

    @Test func `a further connection under way does not outlive the last one`() throws {
        try withSession(handshakes: 1, script: { _, _ in .silence }) { session, master in
            try session.begin(port: master.port, window: 1, connections: 2)
            try session.connect()
            session.send(.submit(.sample(3)))
            session.send(.submit(.sample(4)))
            #expect(master.awaitRequest() && master.awaitStall())
            master.close(connection: 1)
            let lost = try session.nextOutcome()
            #expect(lost.id == 3 && lost.outcome == .lost)
            let refused = try session.nextOutcome()
            #expect(refused.id == 4 && refused.outcome == .notSent)
            #expect(refused.text.contains("probe first"))
            try expectRefusals(session)
        }
    }
}
