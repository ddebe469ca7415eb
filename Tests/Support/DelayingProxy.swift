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

    /// What becomes of bytes that were held.
    package enum Fate: Sendable, CaseIterable {
        case handedOver
        /// They are gone, and so is their connection.
        case lost
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
                    let pump = ProxyPump(
                        .toMaster, rules, channel, number: rules.nextConnection())
                    try channel.pipeline.syncOperations.addHandler(pump)
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
    }

    deinit {
        _ = rules.takeAll()
        group.shutdownGracefully { _ in }
    }

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
        rules.change { $0[direction].hold = ProxyRules.Hold() }
    }

    /// Lets nothing through any more of the connections that there are, after so many bytes; what
    /// comes is kept, also when its sender goes.
    package func holdPresent(_ direction: Direction, afterBytes count: Int = 0) {
        rules.change { table in
            table[direction].hold = ProxyRules.Hold(
                newest: table.connectionCount, allowance: count)
        }
    }

    /// Lets what was held and what comes through again, or ends the connections that held some.
    package func release(_ direction: Direction, _ fate: Fate = .handedOver) {
        let rules = self.rules
        guard fate == .lost, let hold = rules.read(direction).hold else {
            return rules.change { $0[direction].hold = nil }
        }
        rules.tell(.lost(direction, upTo: hold.newest))
        // Behind that on the one loop: what arrives before would take what was held along.
        let released = listener.eventLoop.submit { rules.change { $0[direction].hold = nil } }
        // lost on purpose: a loop that has ended hands nothing over
        try? released.wait()
    }

    /// Resets all connections on both sides; what was held or delayed is gone.
    package func cut() {
        for side in rules.takeAll() {
            side.tell(.cut)
            guard let socket = side.channel as? any SocketOptionProvider else { continue }
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
                side.channel.close(promise: nil)
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
        /// Nil while everything passes.
        var hold: Hold?
        var byteCount = 0
        var waitingCount = 0
    }

    struct Hold {
        /// Connections that were made later pass.
        var newest = Int.max
        /// Bytes that still pass before the holding begins; cuts a request in two.
        var allowance = 0
    }

    struct Table {
        var ways = [Way(), Way()]
        var sides: [Side] = []
        var connectionCount = 0

        subscript(_ direction: DelayingProxy.Direction) -> Way {
            get { ways[direction.rawValue] }
            set { ways[direction.rawValue] = newValue }
        }
    }

    /// One end of a connection, and how its pump is told, whether the end is still open or not.
    struct Side: Sendable {
        let channel: any Channel
        let tell: @Sendable (Event) -> Void
    }

    enum Event {
        /// A rule changed.
        case changed
        /// The connection is about to be reset.
        case cut
        /// What is held of connections up to this one is lost.
        case lost(DelayingProxy.Direction, upTo: Int)
    }

    let target: Int
    private let table = Mutex(Table())

    init(target: Int) { self.target = target }

    var connectionCount: Int { table.withLock { $0.connectionCount } }

    /// Counts a client's connection.
    func nextConnection() -> Int {
        table.withLock { table in
            table.connectionCount += 1
            return table.connectionCount
        }
    }

    func add(_ side: Side) { table.withLock { $0.sides.append(side) } }

    func takeAll() -> [Side] {
        table.withLock { table in
            defer { table.sides = [] }
            return table.sides
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
        table.withLock { body(&$0) }
        tell(.changed)
    }

    func tell(_ event: Event) {
        for side in table.withLock({ $0.sides }) { side.tell(event) }
    }

    /// How much of so many bytes of a connection may pass now; nil when nothing is held.
    func takeAllowance(
        _ direction: DelayingProxy.Direction, _ connection: Int, of count: Int
    ) -> Int? {
        table.withLock { table in
            guard let hold = table[direction].hold, connection <= hold.newest else { return nil }
            let passing = min(hold.allowance, count)
            table[direction].hold?.allowance -= passing
            return passing
        }
    }
}

/// Takes one direction's bytes from its own channel to the partner's, when they are due.
///
/// Goes on after its own channel has ended, until what came is handed over.
private final class ProxyPump: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private struct Piece {
        /// Nil for the end.
        var bytes: ByteBuffer?
        var due: NIODeadline
    }

    private let direction: DelayingProxy.Direction
    private let rules: ProxyRules
    private let loop: any EventLoop
    private let number: Int
    private var partner: (any Channel)?
    private var pieces: [Piece] = []
    private var timer: Scheduled<Void>?
    private var isCut = false

    /// A pump behind `channel`, on its loop.
    init(
        _ direction: DelayingProxy.Direction, _ rules: ProxyRules, _ channel: any Channel,
        number: Int, partner: (any Channel)? = nil
    ) {
        self.direction = direction
        self.rules = rules
        self.loop = channel.eventLoop
        self.number = number
        self.partner = partner
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = self.loop
        rules.add(
            ProxyRules.Side(channel: channel) { event in loop.execute { bound.value.take(event) } })
    }

    func channelActive(context: ChannelHandlerContext) {
        guard direction == .toMaster else { return }
        let client = context.channel
        let (rules, number) = (self.rules, self.number)
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pump = ProxyPump(
                        .toClient, rules, channel, number: number, partner: client)
                    try channel.pipeline.syncOperations.addHandler(pump)
                }
            }
            .connect(host: "127.0.0.1", port: rules.target)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    self.partner = channel
                    self.drain()
                case .failure: client.close(promise: nil)
                }
            }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard !isCut else { return }
        rules.count(direction, passed: 0, waiting: bytes.readableBytes)
        add(bytes)
    }

    func channelInactive(context: ChannelHandlerContext) { add(nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func take(_ event: ProxyRules.Event) {
        switch event {
        case .changed: drain()
        case .cut: lose()
        case .lost(let way, let newest):
            guard way == direction, number <= newest, !pieces.isEmpty else { return }
            lose()
            partner?.close(promise: nil)
        }
    }

    /// What waits is gone, and nothing more is taken.
    private func lose() {
        isCut = true
        let lost = pieces.reduce(0) { $0 + ($1.bytes?.readableBytes ?? 0) }
        rules.count(direction, passed: 0, waiting: -lost)
        pieces = []
    }

    private func add(_ bytes: ByteBuffer?) {
        let delay = TimeAmount(rules.read(direction).delay)
        pieces.append(Piece(bytes: bytes, due: loop.now + delay))
        drain()
    }

    private func drain() {
        guard let partner else { return }
        while let piece = pieces.first {
            guard piece.due <= loop.now else { return wait(until: piece.due) }
            let count = piece.bytes?.readableBytes ?? 0
            let allowance = rules.takeAllowance(direction, number, of: count)
            guard let bytes = pieces[0].bytes?.readSlice(length: allowance ?? count) else {
                guard allowance == nil else { return }
                pieces.removeFirst()
                end(partner)
                continue
            }
            rules.count(direction, passed: bytes.readableBytes, waiting: -bytes.readableBytes)
            if bytes.readableBytes > 0 { partner.writeAndFlush(bytes, promise: nil) }
            guard bytes.readableBytes == count else { return }
            pieces.removeFirst()
        }
    }

    /// A master reads what came before the end, whether or not its answers find anybody.
    private func end(_ partner: any Channel) {
        partner.close(mode: direction == .toMaster ? .output : .all, promise: nil)
    }

    private func wait(until due: NIODeadline) {
        timer?.cancel()
        timer = loop.assumeIsolated().scheduleTask(deadline: due) { self.drain() }
    }
}
