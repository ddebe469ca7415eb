internal import Glibc
internal import Monitoring
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import UplinkMessages

/// One attempt to reach a node: its addresses one after the other until one proves to be it.
///
/// The time allowed is shared out: each address gets an equal part of what is left.
final class Connector {
    /// What an attempt needs to know.
    struct Target {
        var name: String
        var addresses: [String]
        var port: UInt16
        var timeout: TimeAmount
        var limits: PipelinedClient.Limits
    }

    private let target: Target
    private let tls: TLSContext
    private let time: any TimeSource
    private let loop: any EventLoop
    private weak var owner: (any PipelinedClientOwner)?
    private let whenDone: (Connector, Result<PipelinedClient, LinkFailure>) -> Void

    private var isDone = false
    private var rest: ArraySlice<String>
    private var deadline: NIODeadline
    private var failure: LinkFailure?
    private var channel: (any Channel)?
    private var timer: Scheduled<Void>?
    private var attempt = 0
    /// True once the peer's host took the connection of this attempt.
    private var isAccepted = false

    init(
        to target: Target,
        tls: TLSContext,
        time: any TimeSource,
        on loop: any EventLoop,
        owner: any PipelinedClientOwner,
        whenDone: @escaping (Connector, Result<PipelinedClient, LinkFailure>) -> Void
    ) {
        self.target = target
        self.tls = tls
        self.time = time
        self.loop = loop
        self.owner = owner
        self.whenDone = whenDone
        self.rest = target.addresses[...]
        self.deadline = loop.now + target.timeout
    }

    /// Begins with the first address.
    func start() { tryNext() }

    /// Gives up without a word.
    func abort() {
        guard !isDone else { return }
        isDone = true
        timer?.cancel()
        channel?.close(promise: nil)
    }

    private func tryNext() {
        guard let address = rest.popFirst() else {
            let none = LinkFailure(
                .unreachable,
                "\(target.name) has no address; check its host attribute"
            )
            return finish(.failure(failure ?? none))
        }
        attempt += 1
        isAccepted = false
        guard
            let socketAddress = try? SocketAddress(  // lost on purpose: said in the next line
                ipAddress: address,
                port: Int(target.port)
            )
        else {
            return failed(LinkFailure(.unreachable, "\"\(address)\" is no numeric address"))
        }
        let remaining = deadline - loop.now
        let share = TimeAmount.nanoseconds(remaining.nanoseconds / Int64(rest.count + 1))
        connect(to: socketAddress, "\(address) port \(target.port)", within: share)
    }

    private func connect(
        to address: SocketAddress,
        _ place: String,
        within share: TimeAmount
    ) {
        guard let owner else { return abort() }
        let client = PipelinedClient(
            peer: target.name,
            limits: target.limits,
            time: time,
            owner: owner,
            on: loop
        )
        let isolated = loop.assumeIsolated()
        let thisAttempt = attempt
        timer = isolated.scheduleTask(in: share) {
            guard thisAttempt == self.attempt else { return }
            self.failed(self.tooLate(at: place, within: share))
        }
        client.established.futureResult.assumeIsolated().whenComplete { result in
            guard thisAttempt == self.attempt else { return }
            switch result {
            case .success: self.finish(.success(client))
            case .failure(let error): self.failed(self.explain(error, at: place))
            }
        }
        let parts = NIOLoopBound((connector: self, client: client), eventLoop: loop)
        ClientBootstrap(group: loop)
            .connectTimeout(share)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try parts.value.connector.fill(channel, with: parts.value.client)
                }
            }
            .connect(to: address)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success: self.isAccepted = thisAttempt == self.attempt
                case .failure(let error): client.established.fail(error)
                }
            }
    }

    /// A host that takes connections for a process which does not speak is another matter than one
    /// that is not there: the former may still hold what was sent to it.
    private func tooLate(at place: String, within share: TimeAmount) -> LinkFailure {
        let span = "\(share.nanoseconds / 1_000_000) ms"
        return isAccepted
            ? LinkFailure(
                .timedOut,
                "\(target.name) at \(place) took the connection and did not complete the TLS "
                    + "handshake within \(span)")
            : LinkFailure(
                .unreachable, "\(target.name) at \(place) took no connection within \(span)")
    }

    private func fill(_ channel: any Channel, with client: PipelinedClient) throws {
        guard !isDone else { throw ChannelError.ioOnClosedChannel }
        self.channel = channel
        let session = try TLSSession.connecting(to: target.name, with: tls)
        let decoder = HTTPResponseDecoder(
            leftOverBytesStrategy: .dropBytes,
            informationalResponseStrategy: .forward,
            limitConfiguration: AnswerReader.headLimits
        )
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(PacedReading())
        try pipeline.addHandler(TLSHandler(session, peer: target.name))
        try pipeline.addHandler(HTTPRequestEncoder())
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(client)
    }

    private func explain(_ error: any Error, at place: String) -> LinkFailure {
        switch error {
        case let failure as LinkFailure: failure
        case let error as IOError:
            LinkFailure(
                error.errnoCode == ECONNREFUSED ? .refused : .unreachable,
                "\(target.name) at \(place) cannot be reached: "
                    + String(cString: strerror(error.errnoCode))
                    + ". Is the master up, and the port open?"
            )
        default:
            LinkFailure(.unreachable, "\(target.name) at \(place) cannot be reached: \(error)")
        }
    }

    /// Keeps the failure that tells most and goes on to the next address.
    private func failed(_ failure: LinkFailure) {
        guard !isDone else { return }
        timer?.cancel()
        attempt += 1
        channel?.close(promise: nil)
        channel = nil
        let toldLess = [nil, .unreachable, .refused].contains(self.failure?.fault)
        if toldLess { self.failure = failure }
        tryNext()
    }

    private func finish(_ result: Result<PipelinedClient, LinkFailure>) {
        guard !isDone else { return }
        isDone = true
        timer?.cancel()
        whenDone(self, result)
    }
}
