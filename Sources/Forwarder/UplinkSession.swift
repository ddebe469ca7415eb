internal import Logging
package import Monitoring
package import NIOCore
package import UplinkMessages

/// The conversation with the daemon: its messages in, exactly one answer out for each question.
///
/// Lives on one event loop, at the end of the channel to the daemon. Answers that the daemon does
/// not take in stop the reading of new messages; what can be pending is bounded by the queues.
package final class UplinkSession: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State { case awaitingSettings, serving, ended }

    private let identities: [String: Result<TLSContext, LinkFailure>]
    private let sandbox: SandboxReport
    private var early: UplinkSettings?
    private let time: any TimeSource
    private let hasHungUp: () -> Bool
    private let whenEnded: (ForwarderFault?) -> Void
    private let log = Logger(label: "uplink")
    private var state = State.awaitingSettings
    private var frames = FrameAccumulator()
    private var links: [NodeLink] = []
    private var touched: Set<Int> = []
    private var lastFailures: [Int: LinkFailure] = [:]  // logged once, not once a try
    private var context: ChannelHandlerContext?
    private var hasUnflushed = false
    private var isReading = false
    private var isRenewalWanted = false

    /// A session with the identities that were read at the start, usable or not.
    ///
    /// Begins by itself with `settings` that were read before, otherwise with those that come.
    /// `whenEnded` is called once: nil when the daemon is done with us. `hasHungUp` tells whether
    /// nobody is at the other end any more.
    package init(
        identities: [String: Result<TLSContext, LinkFailure>],
        settings: UplinkSettings? = nil,
        sandbox: SandboxReport = .unconfined,
        time: any TimeSource,
        hasHungUp: @escaping () -> Bool = { false },
        whenEnded: @escaping (ForwarderFault?) -> Void
    ) {
        self.identities = identities
        self.early = settings
        self.sandbox = sandbox
        self.time = time
        self.hasHungUp = hasHungUp
        self.whenEnded = whenEnded
    }

    package func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    package func handlerRemoved(context: ChannelHandlerContext) {
        end(nil)
        self.context = nil
    }

    package func channelActive(context: ChannelHandlerContext) {
        guard let settings = early, state == .awaitingSettings else { return }
        early = nil
        begin(settings)
        finishTurn()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .ended else { return }
        isReading = true
        frames.append(unwrapInboundIn(data).readableBytesView)
        do throws(MessageFault) {
            while state != .ended, let frame = try frames.next() {
                receive(try DaemonMessage(frame: frame))
            }
        } catch {
            end(.conversation("\(error)"))
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        for index in touched { links[index].pump() }
        touched = []
        finishTurn()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        // Lost on purpose: on a channel that is gone there is nothing to stop.
        _ = context.channel.setOption(.autoRead, value: isWritable)
        context.fireChannelWritabilityChanged()
    }

    package func channelInactive(context: ChannelHandlerContext) { end(nil) }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.conversation("nothing that can be read: \(error)"))
    }

    /// Tells the daemon that new keys want a new process; once.
    func wantRenewal() {
        guard state == .serving, !isRenewalWanted else { return }
        isRenewalWanted = true
        log.notice("new keys, waiting for the daemon to hang up")
        send(.renewalWanted)
    }

    private func receive(_ message: DaemonMessage) {
        switch (state, message) {
        case (.awaitingSettings, .settings(let settings)): begin(settings)
        case (.awaitingSettings, _): end(.conversation("something before its settings"))
        case (_, .settings): end(.conversation("settings twice"))
        case (_, .addresses(let node, let addresses)):
            link(node)?.replaceAddresses(addresses)
        case (_, .submit(let submission)): submit(submission)
        case (_, .probe(let id, let node)): probe(id, node)
        case (_, .readBack(let id, let node, let objects)):
            query(node, objects, IcingaRequest.readBack, IcingaAnswer.readBack) { [weak self] in
                self?.send(.readBackAnswer(id: id, $0))
            }
        case (_, .readSchedule(let id, let node, let objects)):
            query(node, objects, IcingaRequest.schedule, IcingaAnswer.schedule) { [weak self] in
                self?.send(.scheduleAnswer(id: id, $0))
            }
        }
    }

    private func begin(_ settings: UplinkSettings) {
        guard let loop = context?.eventLoop else { return }
        links = settings.nodes.enumerated().map { index, node in
            let unknown = LinkFailure(
                .keysUnusable,
                "the uplink was started without the identity \(node.identity)"
            )
            return NodeLink(
                node,
                tls: identities[node.identity] ?? .failure(unknown),
                time: time,
                on: loop,
                hasHungUp: hasHungUp,
                tell: { [weak self] in self?.heard($0, of: index, name: node.name) }
            )
        }
        state = .serving
        send(.ready(sandbox))
    }

    /// The link of a node; one that the settings do not have ends the session.
    private func link(_ node: NodeID) -> NodeLink? {
        guard links.indices.contains(Int(node.index)) else {
            end(.conversation("a message for node \(node.index) of \(links.count)"))
            return nil
        }
        touched.insert(Int(node.index))
        return links[Int(node.index)]
    }

    private func heard(_ event: LinkEvent, of index: Int, name: String) {
        let node = NodeID(index: UInt16(truncatingIfNeeded: index))
        switch event {
        case .link(let isUp):
            if isUp { lastFailures[index] = nil }
            log.info("link changed", metadata: ["node": "\(name)", "up": "\(isUp)"])
            send(.link(node: node, isUp: isUp))
        case .addressWanted: send(.addressWanted(node: node))
        case .failed(let failure):
            guard lastFailures.updateValue(failure, forKey: index) != failure else { return }
            log.notice("connection failed", metadata: ["node": "\(name)", "why": "\(failure)"])
        }
    }

    private func end(_ fault: ForwarderFault?) {
        guard state != .ended else { return }
        state = .ended
        for link in links { link.close() }
        whenEnded(fault)
        context?.close(promise: nil)
    }
}

extension UplinkSession {
    private func submit(_ submission: Submission) {
        guard let link = link(submission.node) else { return }
        let request = IcingaRequest.submission(submission)
        let id = submission.id
        guard request.body.readableBytes <= HTTPRequest.bodyByteLimit else {
            let text = "\(request.body.readableBytes) bytes as JSON, over Icinga's limit of 1 MiB"
            return send(.outcome(report(id, .rejected, text, at: time.wall)))
        }
        let exchange = HTTPExchange(request: request) { [weak self] report in
            self?.send(.outcome(OutcomeReport(id: id, report)))
        }
        link.add(exchange)
    }

    private func report(
        _ id: UInt64,
        _ outcome: SubmissionOutcome,
        _ text: String,
        at now: Timestamp
    ) -> OutcomeReport {
        OutcomeReport(id: id, outcome: outcome, text: text, sentAt: now, answeredAt: now)
    }

    private func probe(_ id: UInt64, _ node: NodeID) {
        guard let link = link(node) else { return }
        let exchange = HTTPExchange(request: IcingaRequest.probe) { [weak self] report in
            let answer: ProbeAnswer =
                switch report.end {
                case .answered(let answer): IcingaAnswer.probe(answer)
                case .lost(let failure), .notSent(let failure):
                    .failed(failure.fault, text: failure.text)
                }
            self?.send(.probeAnswer(id: id, answer))
        }
        link.fence(exchange)
    }

    /// Asks about hosts and about services, and answers both as one.
    private func query<Reading>(
        _ node: NodeID,
        _ objects: [ObjectName],
        _ request: ([ObjectName], Bool) -> HTTPRequest,
        _ read: @escaping (HTTPAnswer, Set<ObjectName>) -> QueryAnswer<Reading>,
        whenDone: @escaping (QueryAnswer<Reading>) -> Void
    ) {
        guard let link = link(node) else { return }
        let queries = [true, false].compactMap { areHosts -> (HTTPRequest, Set<ObjectName>)? in
            let some = Set(objects.filter { $0.isHost == areHosts })
            return some.isEmpty ? nil : (request(some.sorted(), areHosts), some)
        }
        guard !queries.isEmpty else { return whenDone(.readings([])) }
        let joiner = AnswerJoiner(awaiting: queries.count, whenDone: whenDone)
        for (request, some) in queries {
            link.add(
                HTTPExchange(request: request) { report in
                    joiner.take(report) { read($0, some) }
                })
        }
    }

    private func send(_ message: UplinkMessage) {
        guard state != .ended, let context else { return }
        context.write(wrapOutboundOut(ByteBuffer(bytes: message.frame)), promise: nil)
        guard !hasUnflushed else { return }
        hasUnflushed = true
        guard !isReading else { return }  // the end of the turn flushes
        context.eventLoop.assumeIsolated().execute { self.finishTurn() }
    }

    /// Sends the answers of this turn in one go.
    private func finishTurn() {
        guard hasUnflushed else { return }
        hasUnflushed = false
        context?.flush()
    }
}

extension OutcomeReport {
    /// The report on a submission whose exchange ended so.
    init(id: UInt64, _ report: HTTPReport) {
        let verdict =
            switch report.end {
            case .answered(let answer): IcingaAnswer.submission(answer)
            case .lost(let failure): IcingaAnswer.Verdict(outcome: .lost, text: failure.text)
            case .notSent(let failure): IcingaAnswer.Verdict(outcome: .notSent, text: failure.text)
            }
        self.init(
            id: id,
            outcome: verdict.outcome,
            text: verdict.text,
            sentAt: report.sentAt,
            answeredAt: report.endedAt
        )
    }
}

/// Makes one answer of a question's queries once the last is answered.
private final class AnswerJoiner<Reading: Hashable & Sendable> {
    private var awaited: Int
    private var answer: QueryAnswer<Reading>?
    private let whenDone: (QueryAnswer<Reading>) -> Void

    init(awaiting count: Int, whenDone: @escaping (QueryAnswer<Reading>) -> Void) {
        self.awaited = count
        self.whenDone = whenDone
    }

    func take(_ report: HTTPReport, _ read: (HTTPAnswer) -> QueryAnswer<Reading>) {
        let part: QueryAnswer<Reading> =
            switch report.end {
            case .answered(let answer): read(answer)
            case .lost(let failure), .notSent(let failure):
                .failed(failure.fault, text: failure.text)
            }
        let joined = answer.map { IcingaAnswer.joined($0, part) } ?? part
        answer = joined
        awaited -= 1
        if awaited == 0 { whenDone(joined) }
    }
}
