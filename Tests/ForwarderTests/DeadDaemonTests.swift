import Glibc
import Monitoring
import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UplinkMessages

@testable import Forwarder

/// What a daemon said last before it died.
struct DeadDaemonTests {
    @Test(arguments: [true, false])
    func `what is read when the daemon is gone is not acted on`(isGone: Bool) throws {
        var isEnded = false
        var isAsked = false
        let channel = EmbeddedChannel()
        let session = UplinkSession(
            identities: [:], time: FakeTime(),
            hasHungUp: {
                isAsked = true
                return isGone
            }, whenEnded: { _ in isEnded = true })
        try channel.pipeline.syncOperations.addHandler(session)
        let node = NodeSettings(
            name: "icinga1", identity: "client", addresses: ["127.0.0.1"], port: 1,
            connections: 1, window: 1)
        let said: [DaemonMessage] = [
            .settings(UplinkSettings(nodes: [node])), .submit(.sample(1)),
        ]
        channel.pipeline.fireChannelRead(ByteBuffer(bytes: said.flatMap(\.frame)))
        #expect(!isEnded && !isAsked, "nothing is sent before all was read that is there")
        channel.pipeline.fireChannelReadComplete()
        #expect(isAsked && isEnded == isGone)
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
