import Dispatch
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestSupport

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

    /// A request as it came.
    struct Seen: Sendable {
        var connection: Int
        var uri: String
        var body: String
        var override: String?
    }

    /// What to do with each request of each connection; both count from 1, and probes that the
    /// master answers by itself do not count.
    typealias Script = @Sendable (_ connection: Int, _ request: Int) -> Reply

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let box = LogBox()
    private let channel: any Channel

    var port: UInt16 { UInt16(channel.localAddress?.port ?? 0) }
    /// Everything that was asked.
    var seen: [Seen] { box.requests.withLock { $0 } }
    /// What was asked but probes.
    var asked: [Seen] { seen.filter { $0.uri != "/v1" } }
    /// Connections that were made, with or without a handshake.
    var connectionCount: Int { box.connections.withLock { $0.count } }

    /// A master with these keys; without any it speaks no TLS.
    ///
    /// It greets probes by itself unless `greets` is false. Connections after the first
    /// `handshakes` are accepted, and not a byte is said to them.
    init(
        _ material: KeyMaterial?,
        greets: Bool = true,
        handshakes: Int = .max,
        script: @escaping Script
    ) throws {
        let box = self.box
        channel = try ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let number = box.connections.withLock {
                        $0.append(channel)
                        return $0.count
                    }
                    guard number <= handshakes else {
                        box.stalls.signal()
                        return
                    }
                    guard let material else {
                        return try pipeline.addHandler(PlainGarbage())
                    }
                    let session = try TLSSession.accepting(
                        with: TLSContext(material, side: .server)
                    )
                    try pipeline.addHandler(TLSHandler(session, peer: "client"))
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(ScriptHandler(script, greets, number, box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
    }

    /// True when the kernel remembers the client's end of a connection (from 1): every end but a
    /// reset leaves it behind for a minute.
    func isRemembered(connection: Int) throws -> Bool {
        let client = box.connections.withLock { $0[connection - 1].remoteAddress?.port ?? 0 }
        let table = try KernelFile.text("/proc/net/tcp")
        // Both ends: another connection may have the client's port, to another place.
        let ends = [client, Int(port)].map { ":" + String(format: "%04X", $0) }
        return table.split(separator: "\n").contains { row in
            let places = row.split(separator: " ").dropFirst().prefix(2)
            return places.count == 2 && zip(places, ends).allSatisfy { $0.hasSuffix($1) }
        }
    }

    /// Waits for one more request that the script answers; only a broken client lets it wait in
    /// vain.
    func awaitRequest() -> Bool { box.arrivals.wait(timeout: .now() + 180) == .success }

    /// Waits for one more connection that gets no handshake.
    func awaitStall() -> Bool { box.stalls.wait(timeout: .now() + 180) == .success }

    /// Ends a connection with a goodbye.
    func close(connection: Int) {
        box.connections.withLock { $0[connection - 1] }.close(promise: nil)
    }

    func stop() throws { try group.syncShutdownGracefully() }
}

/// What the handlers of one master share.
final class LogBox: Sendable {
    let connections = Mutex<[any Channel]>([])
    let requests = Mutex<[ScriptedMaster.Seen]>([])
    let arrivals = DispatchSemaphore(value: 0)
    let stalls = DispatchSemaphore(value: 0)
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
    private let greets: Bool
    private let connection: Int
    private let box: LogBox
    private var count = 0
    private var head: HTTPRequestHead?
    private var body = ""

    init(
        _ script: @escaping ScriptedMaster.Script,
        _ greets: Bool,
        _ connection: Int,
        _ box: LogBox
    ) {
        self.script = script
        self.greets = greets
        self.connection = connection
        self.box = box
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ""
        case .body(let bytes): body += String(buffer: bytes)
        case .end:
            guard let head else { return }
            let seen = ScriptedMaster.Seen(
                connection: connection,
                uri: head.uri,
                body: body,
                override: head.headers.first(name: "X-HTTP-Method-Override")
            )
            box.requests.withLock { $0.append(seen) }
            if greets, head.uri == "/v1" {
                return reply(.bytes(icingaAnswer("200 OK", greetingBody)), context)
            }
            count += 1
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
