import NIOCore
import NIOEmbedded
import Testing

@testable import Forwarder

/// What comes fast is read together, what comes after a rest at once.
@Suite struct PacedReadingTests {
    /// Counts the reads that are let through.
    private final class Reads: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }

    private let reads = Reads()
    private let channel: EmbeddedChannel

    init() throws {
        channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([reads, PacedReading()])
    }

    private func read() {
        channel.pipeline.fireChannelReadComplete()
        channel.pipeline.read()
    }

    @Test func `a second read waits for its time, and comes then`() {
        channel.pipeline.read()
        #expect(reads.count == 1)
        read()
        #expect(reads.count == 1)
        channel.embeddedEventLoop.advanceTime(by: PacedReading.interval - .microseconds(1))
        #expect(reads.count == 1)
        channel.embeddedEventLoop.advanceTime(by: .microseconds(1))
        #expect(reads.count == 2)
    }

    @Test func `after a rest nothing waits`() {
        read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        let before = reads.count
        channel.pipeline.read()
        #expect(reads.count == before + 1)
    }

    @Test func `a channel that closes while a read waits closes`() throws {
        read()
        read()
        _ = try channel.finish()
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }
}
