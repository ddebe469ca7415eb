import Monitoring
import TestSupport
import Testing
import UplinkMessages

@testable import Forwarder

/// Every node is met with its own settings, whatever those of the others are.
@Suite(.serialized) struct NodeSettingsTests {
    private static func node(_ name: String, _ master: ScriptedMaster) -> NodeSettings {
        NodeSettings(
            name: name, identity: "client", addresses: ["127.0.0.1"], port: master.port,
            connections: 1)
    }

    @Test func `window and answer timeout of one node are not those of the other`() throws {
        let certificates = try Certificates.shared.get()
        let first = try ScriptedMaster(certificates.material("icinga1")) { _, _ in .silence }
        let second = try ScriptedMaster(certificates.material("icinga2")) { _, _ in .silence }
        let session = try SessionUnderTest(identity: certificates.material("client"))
        var narrow = Self.node("icinga1", first)
        narrow.window = 1
        narrow.answerTimeout = .milliseconds(120)
        var wide = Self.node("icinga2", second)
        wide.window = 2
        wide.answerTimeout = .milliseconds(240)
        try session.begin([narrow, wide])
        for (index, patience) in [(UInt16(0), 120), (1, 240)] {
            let node = NodeID(index: index)
            try session.connect(node)
            session.send(.submit(.sample(1, to: node)))
            session.send(.submit(.sample(2, to: node, of: "web1!load")))
            let outcomes = [try session.nextOutcome(), try session.nextOutcome()]
            #expect(outcomes.map(\.outcome) == [.lost, index == 0 ? .notSent : .lost])
            let text = try #require(outcomes.first?.text)
            #expect(text.contains("\(patience) ms"), "\(text)")
        }
        try session.stop()
        try first.stop()
        try second.stop()
    }

    @Test func `the time to connect of one node is not that of the other`() throws {
        let certificates = try Certificates.shared.get()
        let master = try ScriptedMaster(certificates.material("icinga1"), handshakes: 0) { _, _ in
            .silence
        }
        let session = try SessionUnderTest(identity: certificates.material("client"))
        let nodes = [130, 260].map { patience in
            var node = Self.node("icinga1", master)
            node.connectTimeout = .milliseconds(patience)
            return node
        }
        try session.begin(nodes)
        for (index, patience) in [(UInt16(0), 130), (1, 260)] {
            session.send(.probe(id: 1, node: NodeID(index: index)))
            let answer = try session.nextProbeAnswer()
            guard case .failed(.timedOut, let text) = answer else {
                Issue.record("\(answer)")
                continue
            }
            // What is left of the time when the address is tried: all but a moment of it.
            let words = text.split(separator: " ")
            let within = try #require(words.firstIndex(of: "within"))
            let spent = try #require(Int(words[within + 1]))
            #expect(spent <= patience && spent > patience - 130, "\(text)")
        }
        try session.stop()
        try master.stop()
    }

    @Test func `a host that takes no connection cannot be reached, and is not called slow`() throws
    {
        let certificates = try Certificates.shared.get()
        let gone = try FullBacklog()
        let session = try SessionUnderTest(identity: certificates.material("client"))
        var node = NodeSettings(
            name: "icinga1", identity: "client", addresses: ["127.0.0.1"], port: gone.port,
            connections: 1)
        node.connectTimeout = .milliseconds(200)
        try session.begin([node])
        session.send(.probe(id: 1, node: NodeID(index: 0)))
        guard case .failed(.unreachable, let text) = try session.nextProbeAnswer() else {
            Issue.record("it was called something else")
            return
        }
        #expect(text.contains("took no connection within"), "\(text)")
        try session.stop()
        withExtendedLifetime(gone) {}
    }
}
