import Glibc
import Monitoring
import Synchronization
import TestSupport
import Testing
import UplinkMessages

@testable import Forwarder

/// What a daemon said last before it died.
struct DeadDaemonTests {
    @Test func `what is read when the daemon is gone is not submitted`() throws {
        let certificates = try Certificates.shared.get()
        let state = Mutex((isGone: true, isAsked: false))
        let master = try ScriptedMaster(
            certificates.material("icinga1", trusting: "ca"),
            script: { _, _ in .bytes(icingaAnswer("200 OK", processedBody)) })
        let session = try SessionUnderTest(
            identity: certificates.material("client"),
            hasHungUp: {
                state.withLock { state in
                    state.isAsked = true
                    return state.isGone
                }
            })
        try session.begin(port: master.port)
        try session.connect()
        session.send(.submit(.sample(1)))
        try eventually("it was read") { state.withLock(\.isAsked) }
        // alive again, so that it can be seen what is left
        state.withLock { $0.isGone = false }
        session.send(.probe(id: 3, node: NodeID(index: 0)))
        #expect(try session.nextOutcome().outcome == .processed)
        #expect(master.asked.map(\.connection) == [2])
        try session.stop()
        try master.stop()
    }

    @Test func `what waits for an answer's room is not submitted once the daemon is gone`() throws {
        let certificates = try Certificates.shared.get()
        let isGone = Mutex(false)
        let master = try ScriptedMaster(
            certificates.material("icinga1", trusting: "ca"),
            script: { _, _ in
                isGone.withLock { $0 = true }
                return .bytes(icingaAnswer("200 OK", processedBody))
            })
        let session = try SessionUnderTest(
            identity: certificates.material("client"),
            hasHungUp: { isGone.withLock { $0 } })
        try session.begin(port: master.port, window: 1)
        try session.connect()
        session.send(
            bytes: [.submit(.sample(1)), .submit(.sample(2))].flatMap { (one: DaemonMessage) in
                one.frame
            })
        #expect(try session.nextOutcome().id == 1)
        // alive again, so that it can be seen what is left
        isGone.withLock { $0 = false }
        session.send(.probe(id: 3, node: NodeID(index: 0)))
        let second = try session.nextOutcome()
        #expect(second.id == 2 && second.outcome == .processed)
        #expect(master.asked.map(\.connection) == [1, 2])
        try session.stop()
        try master.stop()
    }

    @Test func `a daemon is gone once its end is closed, whatever is left to read`() throws {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        defer { close(ends[1]) }
        #expect(!DaemonSocket.isHungUp(ends[1]))
        try #require(write(ends[0], "x", 1) == 1)
        #expect(!DaemonSocket.isHungUp(ends[1]))
        shutdown(ends[0], Int32(SHUT_WR))
        #expect(!DaemonSocket.isHungUp(ends[1]), "it still reads")
        close(ends[0])
        #expect(DaemonSocket.isHungUp(ends[1]))
    }
}
