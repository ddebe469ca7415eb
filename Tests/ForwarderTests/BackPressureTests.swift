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
        let session = try SessionUnderTest(identity: nil, sendBuffer: 1)
        // The name makes an answer twice as long as its question: 600 questions fit into the
        // socket, their answers neither into it nor below the channel's high-water mark (64 KiB).
        try session.begin(node: String(repeating: "n", count: 200), port: 1)
        let ids = Array<UInt64>(0..<600)
        session.send(bytes: ids.flatMap { DaemonMessage.submit(.sample($0)).frame })
        #expect(session.awaitPressure())
        let reports = try ids.map { _ in try session.nextOutcome() }
        #expect(reports.map(\.id) == ids)
        #expect(reports.allSatisfy { $0.outcome == .notSent })
        session.send(.submit(.sample(600)))
        #expect(try session.nextOutcome().id == 600)
        try session.stop()
    }
}
