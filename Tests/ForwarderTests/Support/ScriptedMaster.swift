import Dispatch
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

@testable import Forwarder

/// A TLS server on loopback that does to each request what the test says.
final class ScriptedMaster: Sendable {
    /// What to do with a request.
    enum Reply: Sendable {
        /// Write these bytes as they are.
        case bytes(String)
        /// Write these bytes and close with a goodbye.
        case bytesThenClose(String)
        /// Say nothing.
        case silence
    }

    struct Seen: Sendable {
        var connection: Int
        var uri: String
        var body: String
        var override: String?
    }

    typealias Script = @Sendable (_ connection: Int, _ request: Int) -> Reply

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let box = LogBox()
    private let channel: any Channel

    var port: UInt16 { UInt16(channel.localAddress?.port ?? 0) }
    var seen: [Seen] { box.requests.withLock { $0 } }

    init(_ material: KeyMaterial?, script: @escaping Script) throws {
        let box = self.box
        channel = try ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    guard let material else {
                        return try pipeline.addHandler(PlainGarbage())
                    }
                    let session = try TLSSession.accepting(
                        with: TLSContext(material, side: .server)
                    )
                    try pipeline.addHandler(TLSHandler(session, peer: "client"))
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(ScriptHandler(script, box: box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
    }

    /// The connections that the client reset, in order.
    var resets: [Int] { box.resets.withLock { $0 } }

    /// Waits for one more request; only a broken client lets it wait in vain.
    func awaitRequest() -> Bool { box.arrivals.wait(timeout: .now() + 20) == .success }

    func stop() throws { try group.syncShutdownGracefully() }
}

/// What the handlers of one master share.
final class LogBox: Sendable {
    let connections = Mutex(0)
    let requests = Mutex<[ScriptedMaster.Seen]>([])
    let resets = Mutex<[Int]>([])
    let arrivals = DispatchSemaphore(value: 0)
}

/// Answers a ClientHello with something that is not TLS.
private final class PlainGarbage: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = ByteBuffer(string: "220 mail.example.com ESMTP\r\n")
        context.writeAndFlush(wrapOutboundOut(text), promise: nil)
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = IOData

    private let script: ScriptedMaster.Script
    private let box: LogBox
    private let connection: Int
    private var count = 0
    private var head: HTTPRequestHead?
    private var body = ""

    init(_ script: @escaping ScriptedMaster.Script, box: LogBox) {
        self.script = script
        self.box = box
        self.connection = box.connections.withLock {
            $0 += 1
            return $0
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ""
        case .body(let bytes): body += String(buffer: bytes)
        case .end:
            guard let head else { return }
            count += 1
            let seen = ScriptedMaster.Seen(
                connection: connection,
                uri: head.uri,
                body: body,
                override: head.headers.first(name: "X-HTTP-Method-Override")
            )
            box.requests.withLock { $0.append(seen) }
            box.arrivals.signal()
            reply(script(connection, count), context)
        }
    }

    private func reply(_ reply: ScriptedMaster.Reply, _ context: ChannelHandlerContext) {
        switch reply {
        case .bytes(let text), .bytesThenClose(let text):
            let bytes = wrapOutboundOut(.byteBuffer(ByteBuffer(string: text)))
            context.writeAndFlush(bytes, promise: nil)
        case .silence: break
        }
        if case .bytesThenClose = reply { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, error.errnoCode == ECONNRESET {
            box.resets.withLock { $0.append(connection) }
        }
        context.close(promise: nil)
    }
}
