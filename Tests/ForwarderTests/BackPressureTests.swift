import Monitoring
import NIOCore
import NIOEmbedded
import Testing
import TestSupport
import UplinkMessages

@testable import Forwarder

/// A daemon that does not take its answers in.
struct BackPressureTests {
    @Test func `answers that are not taken in stop the reading until they are`() throws {
        let channel = EmbeddedChannel()
        let session = UplinkSession(identities: [:], time: FakeTime(), whenEnded: { _ in })
        try channel.pipeline.syncOperations.addHandler(session)
        func reads() -> Bool? {
            channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }?
                .value as? Bool
        }
        for isWritable in [false, true, false] {
            channel.isWritable = isWritable
            channel.pipeline.fireChannelWritabilityChanged()
            #expect(reads() == isWritable)
        }
    }

    @Test func `once they are taken in again, each question has had its answer, in order`() throws {
        let session = try SessionUnderTest(identity: nil)
        try session.begin(port: 1)
        // Far more than both socket buffers hold: it ends when the descriptor takes no more.
        var count: UInt64 = 0
        while count < 1_000_000, session.offer(.submit(.sample(count))) { count += 1 }
        for id in 0..<count {
            let report = try session.nextOutcome()
            guard report.id == id, report.outcome == .notSent else {
                Issue.record("\(id) was answered with \(report)")
                break
            }
        }
        session.send(.submit(.sample(count)))
        #expect(try session.nextOutcome().id == count)
        try session.stop()
    }
}
