import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// What the proxy that other tests put before a master does to connections.
@Suite struct DelayingProxyTests {
    @Test func `what is held in one direction is counted and comes whole and in order`() throws {
        let echo = try Echo()
        let proxy = try DelayingProxy(to: echo.port)
        let client = try Client(to: proxy.port)
        proxy.hold(.toMaster)
        try client.send("one ")
        try client.send("two")
        try eventually("it is held") { proxy.waitingCount(.toMaster) == 7 }
        #expect(echo.byteCount == 0 && proxy.byteCount(.toMaster) == 0)
        proxy.release(.toMaster)
        #expect(try client.receive(7) == "one two")
        #expect(proxy.byteCount(.toMaster) == 7 && proxy.byteCount(.toClient) == 7)
        #expect(proxy.waitingCount(.toMaster) == 0 && proxy.waitingCount(.toClient) == 0)
    }

    @Test func `holding answers does not hold requests`() throws {
        let echo = try Echo()
        let proxy = try DelayingProxy(to: echo.port)
        let client = try Client(to: proxy.port)
        proxy.hold(.toClient)
        try client.send("request")
        try eventually("the answer is held") { proxy.waitingCount(.toClient) == 7 }
        #expect(echo.byteCount == 7 && proxy.byteCount(.toClient) == 0)
        proxy.release(.toClient)
        #expect(try client.receive(7) == "request")
    }

    @Test func `what present connections held arrives after their ends, and new ones pass`() throws
    {
        let echo = try Echo()
        let proxy = try DelayingProxy(to: echo.port)
        do {
            let client = try Client(to: proxy.port)
            try client.send("a")
            #expect(try client.receive(1) == "a")
            proxy.holdPresent(.toMaster, afterBytes: 3)
            try client.send("one two")
            #expect(try client.receive(3) == "one", "a request can be cut in two")
            try eventually("the rest is held") { proxy.waitingCount(.toMaster) == 4 }
        }
        let other = try Client(to: proxy.port)
        try other.send("new")
        #expect(try other.receive(3) == "new")
        #expect(echo.byteCount == 7)
        proxy.release(.toMaster)
        try eventually("what was held arrives") { echo.byteCount == 11 }
        #expect(proxy.waitingCount(.toMaster) == 0)
    }

    @Test func `what is lost takes its connection along, and no other`() throws {
        let echo = try Echo()
        let proxy = try DelayingProxy(to: echo.port)
        let clients = [try Client(to: proxy.port), try Client(to: proxy.port)]
        for client in clients {
            try client.send("a")
            #expect(try client.receive(1) == "a")
        }
        proxy.holdPresent(.toMaster)
        try clients[0].send("lost")
        try eventually("it is held") { proxy.waitingCount(.toMaster) == 4 }
        proxy.release(.toMaster, .lost)
        #expect(clients[0].hasEnded())
        try clients[1].send("b")
        #expect(try clients[1].receive(1) == "b")
        #expect(echo.byteCount == 3)
        #expect(proxy.waitingCount(.toMaster) == 0)
    }

    @Test func `bytes under way wait for their time`() throws {
        let echo = try Echo()
        let proxy = try DelayingProxy(to: echo.port)
        let client = try Client(to: proxy.port)
        proxy.delay(.toMaster, by: .seconds(3600))
        try client.send("late")
        try eventually("it is under way") { proxy.waitingCount(.toMaster) == 4 }
        #expect(echo.byteCount == 0)
        proxy.setRoundTrip(.milliseconds(2))
        let other = try Client(to: proxy.port)
        try other.send("soon")
        #expect(try other.receive(4) == "soon")
        #expect(proxy.waitingCount(.toMaster) == 4, "what is under way keeps its time")
    }

    @Test func `a cut resets every connection on both sides and loses what was held`() throws {
        let echo = try Echo()
        let proxy = try DelayingProxy(to: echo.port)
        let clients = [try Client(to: proxy.port), try Client(to: proxy.port)]
        for client in clients {
            try client.send("a")
            #expect(try client.receive(1) == "a")
        }
        #expect(proxy.connectionCount == 2)
        proxy.hold(.toMaster)
        try clients[0].send("lost")
        try eventually("it is held") { proxy.waitingCount(.toMaster) == 4 }
        proxy.cut()
        for client in clients { #expect(client.nextError() == ECONNRESET) }
        try eventually("the other side is reset too") { echo.resetCount == 2 }
        proxy.release(.toMaster)
        let client = try Client(to: proxy.port)
        try client.send("b")
        #expect(try client.receive(1) == "b")
        #expect(echo.byteCount == 3 && proxy.byteCount(.toMaster) == 3)
        #expect(proxy.waitingCount(.toMaster) == 0)
        #expect(proxy.connectionCount == 3)
    }
}

/// A server that says what it hears.
private final class Echo: Sendable {
    private final class Counts: Sendable {
        let bytes = Atomic(0)
        let resets = Atomic(0)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let counts: Counts

        init(_ counts: Counts) { self.counts = counts }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            counts.bytes.add(unwrapInboundIn(data).readableBytes, ordering: .relaxed)
            context.writeAndFlush(data, promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            let isReset = (error as? IOError)?.errnoCode == ECONNRESET
            counts.resets.add(isReset ? 1 : 0, ordering: .relaxed)
            context.close(promise: nil)
        }
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let counts = Counts()
    private let listener: any Channel

    init() throws {
        let counts = self.counts
        listener = try ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(counts))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
    }

    deinit { group.shutdownGracefully { _ in } }

    var port: Int { listener.localAddress?.port ?? 0 }
    /// Bytes that arrived.
    var byteCount: Int { counts.bytes.load(ordering: .relaxed) }
    /// Connections that ended by a reset.
    var resetCount: Int { counts.resets.load(ordering: .relaxed) }
}

/// A blocking connection; only a broken proxy uses up its patience.
private final class Client {
    private let descriptor: Int32

    init(to port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: 180, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw SupportFault("connect: \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        let count = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard count == bytes.count else { throw SupportFault("send: \(errno)") }
    }

    func receive(_ count: Int) throws -> String {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = recv(descriptor, &bytes, count, Int32(MSG_WAITALL))
        guard got == count else { throw SupportFault("received \(got) of \(count): \(errno)") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// True when no byte follows, once the other side has said so.
    func hasEnded() -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, 0) == 0
    }

    /// How the next read fails; nil when it does not.
    func nextError() -> Int32? {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, 0) < 0 ? errno : nil
    }
}
