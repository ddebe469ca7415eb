import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A TCP proxy on loopback that does to connections what a bad network does: delays their bytes,
/// holds them back, cuts them off.
///
/// Both directions are ruled by themselves, for all connections together. Ended when the last
/// reference goes.
package final class DelayingProxy: Sendable {
    /// A way through the proxy.
    package enum Direction: Int, Sendable, CaseIterable {
        case toMaster
        case toClient
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let rules: ProxyRules
    private let listener: any Channel

    /// The port to dial on 127.0.0.1.
    package var port: Int { listener.localAddress?.port ?? 0 }

    /// A proxy that passes everything on to `target` on 127.0.0.1.
    package init(to target: Int) throws {
        let rules = ProxyRules(target: target)
        self.rules = rules
        listener = try ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    rules.add(channel)
                    try channel.pipeline.syncOperations.addHandler(
                        ProxyPump(.toMaster, rules, partner: nil))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
    }

    deinit { group.shutdownGracefully { _ in } }

    /// How long each byte of a direction takes from now on.
    package func delay(_ direction: Direction, by span: Duration) {
        rules.change { $0[direction].delay = span }
    }

    /// A round trip of this length, half of it in each direction.
    package func setRoundTrip(_ span: Duration) {
        for direction in Direction.allCases { delay(direction, by: span / 2) }
    }

    /// Lets nothing through any more; what comes is kept.
    package func hold(_ direction: Direction) {
        rules.change { $0[direction].isHeld = true }
    }

    /// Lets what was held and what comes through again.
    package func release(_ direction: Direction) {
        rules.change { $0[direction].isHeld = false }
    }

    /// Resets all connections on both sides; what was held or delayed is gone.
    package func cut() {
        for channel in rules.takeAll() {
            guard let socket = channel as? any SocketOptionProvider else { continue }
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
                channel.close(promise: nil)
            }
        }
    }

    /// Bytes that were passed on in a direction so far.
    package func byteCount(_ direction: Direction) -> Int { rules.read(direction).byteCount }

    /// Bytes of a direction that are being held or delayed.
    package func waitingCount(_ direction: Direction) -> Int { rules.read(direction).waitingCount }

    /// Connections that were made so far.
    package var connectionCount: Int { rules.connectionCount }
}

/// What all connections of one proxy share.
private final class ProxyRules: Sendable {
    struct Way {
        var delay = Duration.zero
        var isHeld = false
        var byteCount = 0
        var waitingCount = 0
    }

    struct Table {
        var ways = [Way(), Way()]
        var channels: [any Channel] = []
        var connectionCount = 0

        subscript(_ direction: DelayingProxy.Direction) -> Way {
            get { ways[direction.rawValue] }
            set { ways[direction.rawValue] = newValue }
        }
    }

    /// Said to each connection when a rule changed.
    struct Changed {}

    let target: Int
    private let table = Mutex(Table())

    init(target: Int) { self.target = target }

    var connectionCount: Int { table.withLock { $0.connectionCount } }

    /// Adds a client's connection.
    func add(_ channel: any Channel) {
        table.withLock {
            $0.connectionCount += 1
            $0.channels.append(channel)
        }
    }

    /// Adds a connection to the target.
    func addFurther(_ channel: any Channel) { table.withLock { $0.channels.append(channel) } }

    func takeAll() -> [any Channel] {
        table.withLock { table in
            defer { table.channels = [] }
            return table.channels
        }
    }

    func read(_ direction: DelayingProxy.Direction) -> Way { table.withLock { $0[direction] } }

    func count(_ direction: DelayingProxy.Direction, passed: Int, waiting: Int) {
        table.withLock {
            $0[direction].byteCount += passed
            $0[direction].waitingCount += waiting
        }
    }

    func change(_ body: (inout sending Table) -> Void) {
        let channels = table.withLock { table in
            body(&table)
            return table.channels
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(Changed()) }
    }
}

/// Takes one direction's bytes from its own channel to the partner's, when they are due.
private final class ProxyPump: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private struct Piece {
        /// Nil for the end.
        var bytes: ByteBuffer?
        var due: NIODeadline
    }

    private let direction: DelayingProxy.Direction
    private let rules: ProxyRules
    private var partner: (any Channel)?
    private var pieces: [Piece] = []
    private var timer: Scheduled<Void>?

    init(_ direction: DelayingProxy.Direction, _ rules: ProxyRules, partner: (any Channel)?) {
        self.direction = direction
        self.rules = rules
        self.partner = partner
    }

    func channelActive(context: ChannelHandlerContext) {
        guard direction == .toMaster else { return }
        let client = context.channel
        let rules = self.rules
        let loop = context.eventLoop
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    rules.addFurther(channel)
                    try channel.pipeline.syncOperations.addHandler(
                        ProxyPump(.toClient, rules, partner: client))
                }
            }
            .connect(host: "127.0.0.1", port: rules.target)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    self.partner = channel
                    self.drain(on: loop)
                case .failure: client.close(promise: nil)
                }
            }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        rules.count(direction, passed: 0, waiting: bytes.readableBytes)
        add(bytes, context)
    }

    func channelInactive(context: ChannelHandlerContext) { add(nil, context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        drain(on: context.eventLoop)
    }

    private func add(_ bytes: ByteBuffer?, _ context: ChannelHandlerContext) {
        let delay = TimeAmount(rules.read(direction).delay)
        pieces.append(Piece(bytes: bytes, due: context.eventLoop.now + delay))
        drain(on: context.eventLoop)
    }

    private func drain(on loop: any EventLoop) {
        guard let partner, !rules.read(direction).isHeld else { return }
        while let piece = pieces.first {
            guard piece.due <= loop.now else { return wait(until: piece.due, on: loop) }
            pieces.removeFirst()
            if let bytes = piece.bytes {
                rules.count(
                    direction, passed: bytes.readableBytes, waiting: -bytes.readableBytes)
                partner.writeAndFlush(bytes, promise: nil)
            } else {
                partner.close(promise: nil)
            }
        }
    }

    private func wait(until due: NIODeadline, on loop: any EventLoop) {
        timer?.cancel()
        timer = loop.assumeIsolated().scheduleTask(deadline: due) { self.drain(on: loop) }
    }
}
