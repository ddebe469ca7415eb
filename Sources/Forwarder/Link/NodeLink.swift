internal import DequeModule
internal import Monitoring
internal import NIOCore
internal import UplinkMessages

/// What a link tells the session.
enum LinkEvent {
    /// The first connection is up, or the last one is gone.
    case link(isUp: Bool)
    /// No address of the node led to it.
    case addressWanted
    /// A connection failed or could not be made.
    case failed(LinkFailure)
}

/// All connections to one node and the requests that wait for them.
///
/// Only a probe opens the first connection, so that nothing is submitted on one before the daemon
/// compared what the master holds; what is asked while there is none is answered `.notSent`.
/// Further ones come up one at a time, while all others are full. When none can be made,
/// everything that waits is answered `.notSent`; the daemon decides when to try again.
final class NodeLink {
    /// Most requests that wait.
    ///
    /// 4,096: eight times the default windows of all connections, which
    /// the daemon stays below; a further one is answered `.notSent` at once.
    static let queueLimit = 4_096
    /// Most bytes of bodies that wait.
    ///
    /// 8 MiB: 32 of the longest; more are answered `.notSent`.
    static let queueByteLimit = 8 << 20
    /// After a further connection failed, none is tried for this long while others work.
    static let furtherConnectionPause = TimeAmount.seconds(10)

    private let settings: NodeSettings
    private let limits: PipelinedClient.Limits
    private let connectionLimit: Int
    private let connectTimeout: TimeAmount
    private let tls: Result<TLSContext, LinkFailure>
    private let time: any TimeSource
    private let loop: any EventLoop
    private let hasHungUp: () -> Bool
    private let tell: (LinkEvent) -> Void

    private var addresses: [String]
    private var clients: [PipelinedClient] = []
    private var connector: Connector?
    private var queue: Deque<HTTPExchange> = []
    private var queuedBytes = 0
    private var probe: HTTPExchange?
    /// What is answered `.notSent` in this turn of the loop, or in its next one.
    private var refused: Deque<(exchange: HTTPExchange, failure: LinkFailure)> = []
    private var isRefusing = false
    private var wasAskedWhileRefusing = false
    private var noFurtherUntil = NIODeadline.uptimeNanoseconds(0)

    init(
        _ settings: NodeSettings,
        tls: Result<TLSContext, LinkFailure>,
        time: any TimeSource,
        on loop: any EventLoop,
        hasHungUp: @escaping () -> Bool = { false },
        tell: @escaping (LinkEvent) -> Void
    ) {
        self.hasHungUp = hasHungUp
        self.settings = settings
        self.limits = PipelinedClient.Limits(
            window: Int(settings.window),
            answerTimeout: TimeAmount(bounded: settings.answerTimeout)
        )
        self.connectionLimit = Int(settings.connections)
        self.connectTimeout = TimeAmount(bounded: settings.connectTimeout)
        self.addresses = settings.addresses
        self.tls = tls
        self.time = time
        self.loop = loop
        self.tell = tell
    }

    /// True when nothing waits for an answer.
    var isIdle: Bool {
        queue.isEmpty && probe == nil && refused.isEmpty && !isRefusing
            && !clients.contains(where: \.isBusy)
    }

    /// Takes over new addresses; connections that are up stay.
    func replaceAddresses(_ addresses: [String]) { self.addresses = addresses }

    /// Puts a request in line; ``pump()`` sends it.
    func add(_ exchange: HTTPExchange) {
        if isRefusing { wasAskedWhileRefusing = true }
        let size = exchange.request.body.readableBytes
        guard queue.count < Self.queueLimit, queuedBytes + size <= Self.queueByteLimit else {
            let full = LinkFailure(
                .unreachable,
                "too many requests wait for \(settings.name); offer it again later"
            )
            return refuse([exchange], because: full)
        }
        queuedBytes += size
        queue.append(exchange)
    }

    /// Resets every connection, so that nothing sent before can arrive after the answer, then asks
    /// on a new one.
    func fence(_ exchange: HTTPExchange) {
        let reset = LinkFailure(.closed, "the connection was reset for a probe")
        connector?.abort()
        connector = nil
        let replaced = probe
        probe = exchange
        let old = clients
        clients = []  // first, so that nothing that waits is sent on one of them
        if let replaced { refuse([replaced], because: reset) }
        if !old.isEmpty { tell(.link(isUp: false)) }
        for client in old { client.reset(because: reset) }
        pump()
    }

    /// Sends what can be sent and sees to it that the rest will be.
    ///
    /// But nothing for a daemon that is dead: what it said last is in doubt for the next one, which
    /// asks the master and says it again. From a process that got no time until then it would come
    /// late.
    func pump() {
        guard queue.isEmpty || !hasHungUp() else { return }
        // While a probe waits for its connection, all connections are younger than the fence.
        while !queue.isEmpty, let client = clients.max(by: { $0.room < $1.room }), client.room > 0,
            let exchange = queue.popFirst()
        {
            queuedBytes -= exchange.request.body.readableBytes
            client.send(exchange)
        }
        for client in clients { client.flush() }
        if probe != nil || !queue.isEmpty { connectIfAllowed() }
    }

    /// Ends everything: with a goodbye where nothing is in flight.
    func close() {
        connector?.abort()
        connector = nil
        for client in clients { client.closeWhenIdle() }
    }

    private func connectIfAllowed() {
        guard connector == nil else { return }
        let isFirst = clients.isEmpty
        guard !isFirst || probe != nil else {
            return giveUp(
                LinkFailure(.closed, "there is no connection to \(settings.name); probe first")
            )
        }
        guard isFirst || (clients.count < connectionLimit && loop.now >= noFurtherUntil) else {
            return
        }
        switch tls {
        case .failure(let failure): giveUp(failure)
        case .success(let tls):
            let target = Connector.Target(
                name: settings.name,
                addresses: addresses,
                port: settings.port,
                timeout: connectTimeout,
                limits: limits
            )
            let connector = Connector(
                to: target,
                tls: tls,
                time: time,
                on: loop,
                owner: self,
                whenDone: { [weak self] in self?.connected($0, $1) }
            )
            self.connector = connector
            connector.start()
        }
    }

    private func connected(
        _ connector: Connector,
        _ result: Result<PipelinedClient, LinkFailure>
    ) {
        guard connector === self.connector else { return }
        self.connector = nil
        switch result {
        case .success(let client):
            guard client.room > 0 else { return pump() }  // it ended in the same breath
            clients.append(client)
            if clients.count == 1 { tell(.link(isUp: true)) }
            if let probe {
                self.probe = nil
                client.send(probe)
            }
            pump()
        case .failure(let failure):
            tell(.failed(failure))
            if clients.isEmpty {
                tell(.addressWanted)
                giveUp(failure)
            } else {
                noFurtherUntil = loop.now + Self.furtherConnectionPause
            }
        }
    }

    /// Answers everything that waits.
    private func giveUp(_ failure: LinkFailure) {
        let waiting = queue
        queue = []
        queuedBytes = 0
        let waitingProbe = probe
        probe = nil
        refuse([waitingProbe].compactMap(\.self) + waiting, because: failure)
    }

    /// Answers these `.notSent`, now.
    ///
    /// Whoever hears of it may ask again at once: that is answered in the loop's next turn, so
    /// that it neither nests nor keeps the loop from everything else.
    private func refuse(_ exchanges: [HTTPExchange], because failure: LinkFailure) {
        for var exchange in exchanges {
            exchange.request.body = ByteBuffer()  // nobody needs it any more
            refused.append((exchange, failure))
        }
        if !isRefusing { answerRefused() }
    }

    private func answerRefused() {
        let batch = refused
        refused = []
        isRefusing = true
        wasAskedWhileRefusing = false
        let now = time.wall
        for (exchange, failure) in batch { exchange.giveUp(failure, at: now) }
        isRefusing = false
        guard !refused.isEmpty || wasAskedWhileRefusing else { return }
        loop.assumeIsolated().execute {
            self.answerRefused()
            self.pump()
        }
    }
}

extension NodeLink: PipelinedClientOwner {
    func clientHasRoom(_ client: PipelinedClient) { pump() }

    func clientEnded(_ client: PipelinedClient, _ failure: LinkFailure?) {
        guard let index = clients.firstIndex(where: { $0 === client }) else { return }
        clients.remove(at: index)
        if let failure { tell(.failed(failure)) }
        if clients.isEmpty {
            // A further one that is under way would become a first one without a probe.
            connector?.abort()
            connector = nil
            tell(.link(isUp: false))
        }
        // What waits goes on; without a connection it is refused.
        pump()
    }
}

extension TimeAmount {
    /// A span of at least a millisecond and at most a day.
    init(bounded duration: Duration) {
        let microseconds = min(max(duration.wholeMicroseconds, 1_000), 86_400_000_000)
        self = .microseconds(microseconds)
    }
}
