internal import DequeModule
internal import Monitoring
internal import NIOCore
internal import NIOHTTP1
internal import UplinkMessages

/// Whoever opened a connection and hears of its life; all calls come on the event loop.
protocol PipelinedClientOwner: AnyObject {
    /// An answer has made room, or the connection takes no more; called once a batch of answers.
    func clientHasRoom(_ client: PipelinedClient)
    /// The connection is gone and everything in flight has been ended; nil for a quiet end.
    func clientEnded(_ client: PipelinedClient, _ failure: LinkFailure?)
}

/// The C `struct linger` that turns a close into a reset.
///
/// - Source: socket(7), SO_LINGER.
private struct Linger: Sendable {
    var isOn: Int32 = 1
    var seconds: Int32 = 0
}

/// A connection that keeps a sliding window of requests in flight, answered in order.
///
/// A request handed to ``send(_:)`` has left as far as anybody can tell: if no complete answer
/// comes, whatever the reason, it ends as `.lost`. That includes what stands behind an answer with
/// `Connection: close`, of which only the peer knows how far it read.
///
/// - Source: RFC 9112 sections 9.3.2 (pipelining) and 9.6 (closing).
final class PipelinedClient: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// What bounds a connection.
    struct Limits {
        /// Requests in flight at most.
        var window: Int
        /// Longest wait for the answer at the head of the line; then the connection is reset.
        var answerTimeout: TimeAmount
        /// A connection without requests is closed after this.
        ///
        /// 9 s: the master closes after 10,
        /// and a request that crosses the master's close is lost for no reason.
        var idleLimit: TimeAmount = .seconds(9)
    }

    private enum State { case connecting, open, closing, ended }

    private struct InFlight {
        var exchange: HTTPExchange
        var sentAt: Timestamp
    }

    /// Done when the peer has proved who it is; fails with a ``LinkFailure``.
    let established: EventLoopPromise<Void>

    private let peer: String
    private let limits: Limits
    private let time: any TimeSource
    private weak var owner: (any PipelinedClientOwner)?
    private var state = State.connecting
    private var inFlight: Deque<InFlight> = []
    private var reader = AnswerReader()
    private var context: ChannelHandlerContext?
    private var hasUnflushed = false
    private var hasNews = false
    private var quietSince = NIODeadline.uptimeNanoseconds(0)
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?

    init(
        peer: String,
        limits: Limits,
        time: any TimeSource,
        owner: any PipelinedClientOwner,
        on loop: any EventLoop
    ) {
        self.peer = peer
        self.limits = limits
        self.time = time
        self.owner = owner
        self.established = loop.makePromise()
    }

    /// Requests that may be sent now.
    var room: Int { state == .open ? max(0, limits.window - inFlight.count) : 0 }

    /// True while requests wait for answers.
    var isBusy: Bool { !inFlight.isEmpty }

    /// Puts a request in line; it leaves with the next ``flush()``.
    ///
    /// Needs ``room``.
    func send(_ exchange: HTTPExchange) {
        guard let context, room > 0 else { preconditionFailure("sent without room") }
        if inFlight.isEmpty { quietSince = context.eventLoop.now }
        inFlight.append(InFlight(exchange: exchange, sentAt: time.wall))
        let request = exchange.request
        context.write(wrapOutboundOut(.head(head(of: request))), promise: nil)
        if request.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(request.body))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        hasUnflushed = true
        arm(context)
    }

    /// Sends what was put in line since the last time.
    func flush() {
        guard hasUnflushed else { return }
        hasUnflushed = false
        context?.flush()
    }

    /// Ends the connection with a reset, so that the peer drops what it has not read; everything
    /// in flight is lost.
    func reset(because failure: LinkFailure) {
        guard state != .ended else { return }
        if let channel = context?.channel {
            channel.triggerUserOutboundEvent(TLSHandler.Command.abandon, promise: nil)
            // Lost on purpose: a socket that takes no option any more is gone already.
            _ = (channel as? any SocketOptionProvider)?
                .unsafeSetSocketOption(level: .socket, name: .so_linger, value: Linger())
        }
        end(failure)
    }

    /// Ends the connection with a goodbye when nothing is in flight, otherwise after that.
    func closeWhenIdle() {
        guard state == .open else { return }
        state = .closing
        if inFlight.isEmpty { end(nil) }
    }

    private func head(of request: HTTPRequest) -> HTTPRequestHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(5)
        headers.add(name: "Host", value: Self.host(for: peer))
        headers.add(name: "Accept", value: "application/json")
        if request.method == .getWithBody {
            headers.add(name: "X-HTTP-Method-Override", value: "GET")
        }
        if request.method != .get {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: String(request.body.readableBytes))
        }
        return HTTPRequestHead(
            version: .http1_1,
            method: request.method == .get ? .GET : .POST,
            uri: request.path,
            headers: headers
        )
    }

    /// The name if it can stand in a header, otherwise a word that Icinga ignores just as well.
    static func host(for name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
        return isPlain && !name.isEmpty ? name : "icinga2"
    }
}

extension PipelinedClient {
    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(LinkFailure(.closed, "the connection to \(peer) was given up"))
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if state == .connecting, case TLSHandler.Event.established = event {
            state = .open
            quietSince = context.eventLoop.now
            arm(context)
            established.succeed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state == .open || state == .closing else { return }
        do throws(LinkFailure) {
            let limit = inFlight.first?.exchange.request.answerByteLimit
            let finished = try reader.take(unwrapInboundIn(data), limit: limit, peer: peer)
            if let finished { answered(finished, context) }
        } catch {
            reset(because: error)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        tellNews()
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let failure as LinkFailure:
            end(failure.fault == .closed && isQuiet ? nil : failure)
        case is IOError, is ChannelError:
            end(isQuiet ? nil : LinkFailure(.closed, "the connection to \(peer) broke: \(error)"))
        default:  // from the decoder
            guard context.channel.isActive else { return channelInactive(context: context) }
            reset(because: .violation(peer, "something that is not HTTP/1.1 (\(error))"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(isQuiet ? nil : LinkFailure(.closed, "\(peer) closed before it had answered"))
        context.fireChannelInactive()
    }

    /// True when an end of the connection harms nobody.
    private var isQuiet: Bool { state != .connecting && inFlight.isEmpty }

    private func answered(_ finished: AnswerReader.Finished, _ context: ChannelHandlerContext) {
        guard let first = inFlight.popFirst() else { return }
        quietSince = context.eventLoop.now
        hasNews = true
        if finished.isLastOnConnection { state = .closing }
        first.exchange.whenEnded(
            HTTPReport(end: .answered(finished.answer), sentAt: first.sentAt, endedAt: time.wall)
        )
        if finished.isLastOnConnection {
            let failure = LinkFailure(
                .closed,
                "\(peer) closed the connection after answer \(finished.answer.status)"
            )
            return end(inFlight.isEmpty ? nil : failure)
        }
        if state == .closing, inFlight.isEmpty { return end(nil) }
        if inFlight.isEmpty { arm(context) }
    }

    private func tellNews() {
        guard hasNews else { return }
        hasNews = false
        owner?.clientHasRoom(self)
    }

    private func end(_ failure: LinkFailure?) {
        guard state != .ended else { return }
        let wasConnecting = state == .connecting
        state = .ended
        timer?.task.cancel()
        timer = nil
        let closed = failure ?? LinkFailure(.closed, "the connection to \(peer) was closed")
        let rest = inFlight
        inFlight = []
        let now = time.wall
        for one in rest {
            one.exchange.whenEnded(
                HTTPReport(end: .lost(closed), sentAt: one.sentAt, endedAt: now)
            )
        }
        if wasConnecting { established.fail(closed) }
        context?.close(promise: nil)
        if !wasConnecting { owner?.clientEnded(self, failure) }
    }

    /// Sees to it that the timer fires no later than the next deadline.
    private func arm(_ context: ChannelHandlerContext) {
        let deadline = quietSince + (inFlight.isEmpty ? limits.idleLimit : limits.answerTimeout)
        if let timer {
            guard deadline < timer.deadline else { return }  // it fires early and looks again
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timerFired(context)
        }
        timer = (task, deadline)
    }

    private func timerFired(_ context: ChannelHandlerContext) {
        timer = nil
        guard state == .open || state == .closing else { return }
        let now = context.eventLoop.now
        if inFlight.isEmpty {
            guard now - quietSince >= limits.idleLimit else { return arm(context) }
            return end(nil)
        }
        guard now - quietSince >= limits.answerTimeout else { return arm(context) }
        reset(
            because: LinkFailure(
                .timedOut,
                "\(peer) gave no answer within \(limits.answerTimeout.nanoseconds / 1_000_000) ms. "
                    + "The connection was reset"
            )
        )
    }
}
