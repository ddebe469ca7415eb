internal import Glibc
internal import NIOCore

/// Reads a connection at most once every ``interval``, and has the kernel acknowledge at once what
/// was read.
///
/// A busy master answers each request in a small packet of its own. Read one by one, each wakes
/// both processes up; read together, they share that. A master may also have so many small packets
/// and no more on their way, and the kernel here puts acknowledgements off by up to 40 ms in the
/// hope of something to send: without a wish against that a window of requests takes 40 to 60 ms.
///
/// What comes after a rest is read at once.
///
/// - Source: tcp(7), TCP_QUICKACK: the wish is not permanent, so each read renews it.
final class PacedReading: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// The time between two reads.
    ///
    /// 5 ms: some 30 answers of a master that works as fast as it can, on all connections together.
    static let interval = TimeAmount.milliseconds(5)
    private static let acknowledgement = ChannelOptions.Types.SocketOption(
        level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_QUICKACK))

    private var last: NIODeadline?

    func channelReadComplete(context: ChannelHandlerContext) {
        last = context.eventLoop.now
        // lost on purpose: it is a matter of speed alone
        try? context.channel.syncOptions?.setOption(Self.acknowledgement, value: 1)
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        guard let last, case let next = last + Self.interval, next > context.eventLoop.now else {
            return context.read()
        }
        context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { context.read() }
    }
}
