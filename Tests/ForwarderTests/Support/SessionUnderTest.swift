import Dispatch
import Glibc
import Monitoring
import NIOCore
import NIOPosix
import Synchronization
import Testing
import UplinkMessages

@testable import Forwarder

/// A session on a loop of its own, and the daemon's end of its descriptor in the test's hand.
final class SessionUnderTest {
    struct Silent: Error {}

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let descriptor: Int32
    private var frames = FrameAccumulator()
    private var unclaimed: [UplinkMessage] = []
    private let endBox = EndBox()

    final class EndBox: Sendable {
        let end = Mutex<String?>(nil)
        let pressure = DispatchSemaphore(value: 0)
    }

    /// Sees the channel become full before the session does.
    private final class PressureWitness: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let box: EndBox

        init(_ box: EndBox) { self.box = box }

        func channelWritabilityChanged(context: ChannelHandlerContext) {
            if !context.channel.isWritable { box.pressure.signal() }
            context.fireChannelWritabilityChanged()
        }
    }

    /// Longest wait for a message; only a broken session reaches it.
    private static let patience: Int32 = 180_000

    /// A session with these keys; `sendBuffer` bounds what the kernel takes of its answers.
    ///
    /// - Parameter hasHungUp: whether it is to take the daemon for dead.
    init(
        identity material: KeyMaterial?, sendBuffer: Int32? = nil,
        hasHungUp: @escaping @Sendable () -> Bool = { false }
    ) throws {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        descriptor = ends[0]
        if var size = sendBuffer {
            let length = socklen_t(MemoryLayout<Int32>.size)
            try #require(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, length) == 0)
        }
        let box = endBox
        _ = try ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var identities: [String: Result<TLSContext, LinkFailure>] = [:]
                    if let material {
                        identities["client"] = .success(try TLSContext(material))
                    }
                    let session = UplinkSession(
                        identities: identities, time: SystemTime(), hasHungUp: hasHungUp
                    ) {
                        let text = $0.map { "\($0)" } ?? "done"
                        box.end.withLock { $0 = text }
                    }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandlers([PressureWitness(box), session])
                }
            }
            .withConnectedSocket(ends[1]).wait()
    }

    /// How the session ended, once the other end of the descriptor is closed.
    func end() throws -> String? {
        while try receive() != nil {}
        try group.syncShutdownGracefully()  // after it nothing happens any more
        return endBox.end.withLock { $0 }
    }

    func stop() throws {
        close(descriptor)
        try group.syncShutdownGracefully()
    }

    func send(_ message: DaemonMessage) { send(bytes: message.frame) }

    func send(bytes: [UInt8]) {
        let count = write(descriptor, bytes, bytes.count)
        #expect(count == bytes.count)
    }

    /// Says that no more messages will come.
    func hangUp() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Begins with one node on loopback, at these ports' addresses.
    func begin(
        node name: String = "icinga1",
        port: UInt16,
        window: UInt16 = 64,
        connections: UInt16 = 1,
        addresses: [String] = ["127.0.0.1"]
    ) throws {
        let node = NodeSettings(
            name: name,
            identity: "client",
            addresses: addresses,
            port: port,
            connections: connections,
            window: window
        )
        try begin([node])
    }

    /// Begins with these nodes.
    func begin(_ nodes: [NodeSettings]) throws {
        send(.settings(UplinkSettings(nodes: nodes)))
        #expect(try receive() == .ready(.unconfined))
    }

    /// Probes the node, which opens its first connection.
    func connect(_ node: NodeID = NodeID(index: 0)) throws {
        send(.probe(id: Self.connectID, node: node))
        guard case .answered = try nextProbeAnswer() else { throw Silent() }
    }

    /// The id of the probe of ``connect()``; no test uses it for anything else.
    private static let connectID: UInt64 = 1 << 40

    /// Waits until the session has more to say than the descriptor takes.
    func awaitPressure() -> Bool { endBox.pressure.wait(timeout: .now() + 180) == .success }

    private func receive() throws -> UplinkMessage? {
        while true {
            if let frame = try frames.next() { return try UplinkMessage(frame: frame) }
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&poller, 1, Self.patience) == 1 else { throw Silent() }
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { return nil }
            frames.append(bytes[..<count])
        }
    }

    /// The next message that this claims; others wait for their turn.
    func next<Claimed>(_ claim: (UplinkMessage) -> Claimed?) throws -> Claimed {
        for (index, message) in unclaimed.enumerated() {
            if let claimed = claim(message) {
                unclaimed.remove(at: index)
                return claimed
            }
        }
        while let message = try receive() {
            if let claimed = claim(message) { return claimed }
            unclaimed.append(message)
        }
        throw Silent()
    }

    func nextOutcome() throws -> OutcomeReport {
        try next { if case .outcome(let report) = $0 { report } else { nil } }
    }

    func nextProbeAnswer() throws -> ProbeAnswer {
        try next { if case .probeAnswer(_, let answer) = $0 { answer } else { nil } }
    }

    func nextReadBack() throws -> ReadBackAnswer {
        try next {
            if case .readBackAnswer(_, let answer) = $0 { answer } else { nil }
        }
    }
}

extension Submission {
    /// A submission whose particulars do not matter.
    static func sample(
        _ id: UInt64,
        to node: NodeID = NodeID(index: 0),
        of object: String = "web1!disk",
        exitStatus: UInt8 = 0,
        at microseconds: Int64 = 1_700_000_000_000_001,
        output: String = "OK"
    ) -> Submission {
        let name = ObjectName(fullName: object) ?? ObjectName(host: "unnamed")
        return Submission(
            id: id,
            node: node,
            object: name,
            exitStatus: exitStatus,
            output: output,
            performanceData: ["load=1;2;3", "b=2"],
            executionStart: Timestamp(microseconds: microseconds),
            executionEnd: Timestamp(microseconds: microseconds + 500_000),
            ttlSeconds: 360,
            checkSource: "client"
        )
    }
}

/// An answer as Icinga 2.13 words it.
func icingaAnswer(_ status: String, _ body: String, extra: String = "") -> String {
    "HTTP/1.1 \(status)\r\nServer: Icinga/r2.13.6-1\r\n\(extra)Content-Type: application/json\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

let processedBody =
    #"{"results":[{"code":200.0,"status":"Successfully processed check result for object 'a'."}]}"#
let greetingBody =
    #"{"results":[{"info":"","permissions":["a","b"],"user":"u","version":"r2.13.6-1"}]}"#
