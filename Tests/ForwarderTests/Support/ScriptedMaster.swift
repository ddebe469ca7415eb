import Dispatch
import Foundation
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

    /// True when the kernel remembers the client's end of a connection (from 1): every end but a
    /// reset leaves it behind for a minute.
    func isRemembered(connection: Int) throws -> Bool {
        let port = box.clientPorts.withLock { $0[connection - 1] }
        // By handle: a file of /proc has no length, and is cut when it is read as one that has.
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/net/tcp"))
        let table = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        let suffix = ":" + String(format: "%04X", port)
        return table.split(separator: "\n").contains { row in
            row.split(separator: " ").dropFirst().first?.hasSuffix(suffix) == true
        }
    }

    /// Waits for one more request; only a broken client lets it wait in vain.
    func awaitRequest() -> Bool { box.arrivals.wait(timeout: .now() + 20) == .success }

    func stop() throws { try group.syncShutdownGracefully() }
}

/// What the handlers of one master share.
final class LogBox: Sendable {
    let connections = Mutex(0)
    let requests = Mutex<[ScriptedMaster.Seen]>([])
    let clientPorts = Mutex<[Int]>([])
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

    func handlerAdded(context: ChannelHandlerContext) {
        box.clientPorts.withLock { $0.append(context.remoteAddress?.port ?? 0) }
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
        context.close(promise: nil)
    }
}
