package import NIOCore
internal import UplinkMessages

/// Turns a channel's bytes into TLS and back.
///
/// Outbound bytes are gathered until a flush and leave in records of at most 16 KiB, since one
/// record a request costs four times as much. After a failure it fires the ``LinkFailure`` once
/// and closes the channel.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = IOData
    package typealias OutboundOut = ByteBuffer

    /// What the handlers behind it hear of.
    package enum Event: Sendable {
        /// The handshake is done and the peer is who it should be.
        case established
    }

    /// What its owner may tell it.
    package enum Command: Sendable {
        /// Say no goodbye: the connection is about to be reset.
        case abandon
    }

    private enum State { case idle, shakingHands, open, ended }

    private let session: TLSSession
    private let peer: String
    private var state = State.idle
    private var plaintext = ByteBuffer()
    private var gathered: EventLoopPromise<Void>?

    /// A handler around a session that has not begun.
    package init(_ session: TLSSession, peer: String) {
        self.session = session
        self.peer = peer
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .ended else { return }
        session.feed(unwrapInboundIn(data))
        if state == .shakingHands { shakeHands(context) }
        if state == .open { readPlaintext(context) }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        if state != .ended {
            state = .ended
            context.fireErrorCaught(
                LinkFailure(.closed, "\(peer) ended the connection without a goodbye")
            )
        }
        failGathered()
        context.fireChannelInactive()
    }

    package func write(
        context: ChannelHandlerContext,
        data: NIOAny,
        promise: EventLoopPromise<Void>?
    ) {
        guard state != .ended, case .byteBuffer(var bytes) = unwrapOutboundIn(data) else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        plaintext.writeBuffer(&bytes)
        gathered.setOrCascade(to: promise)
    }

    package func flush(context: ChannelHandlerContext) {
        guard state == .open else { return }  // what came early leaves after the handshake
        encrypt(context)
    }

    package func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        if state == .open, mode != .input {
            session.sayGoodbye()
            sendCiphertext(context, promise: nil)
        }
        state = .ended
        failGathered()
        context.close(mode: mode, promise: promise)
    }

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard case Command.abandon = event else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        state = .ended
        failGathered()
        promise?.succeed()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard state == .idle else { return }
        state = .shakingHands
        shakeHands(context)
    }

    private func shakeHands(_ context: ChannelHandlerContext) {
        let step = session.handshake()
        sendCiphertext(context, promise: nil)  // also the alert that tells the peer why not
        switch step {
        case .done:
            state = .open
            context.fireUserInboundEventTriggered(Event.established)
            if state == .open, plaintext.readableBytes > 0 { encrypt(context) }
        case .needsMore: break
        case .ended:
            fail(context, LinkFailure(.tlsFailed, "\(peer) ended TLS before it began"))
        case .failed(let failure): fail(context, failure)
        }
    }

    private func readPlaintext(_ context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: TLSSession.recordByteLimit)
        let step = session.read(into: &buffer)
        sendCiphertext(context, promise: nil)
        if buffer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(buffer)) }
        guard state == .open else { return }
        switch step {
        case .done, .needsMore: break
        case .ended:
            state = .ended
            context.close(promise: nil)
        case .failed(let failure): fail(context, failure)
        }
    }

    private func encrypt(_ context: ChannelHandlerContext) {
        let promise = gathered
        gathered = nil
        guard plaintext.readableBytes > 0 else {
            promise?.succeed()
            return
        }
        let step = session.write(plaintext)
        plaintext.clear()
        guard case .done = step else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            if case .failed(let failure) = step { return fail(context, failure) }
            return fail(context, LinkFailure(.tlsFailed, "TLS with \(peer) takes no more bytes"))
        }
        sendCiphertext(context, promise: promise)
    }

    private func sendCiphertext(
        _ context: ChannelHandlerContext,
        promise: EventLoopPromise<Void>?
    ) {
        var buffer = context.channel.allocator.buffer(capacity: 0)
        session.moveCiphertext(to: &buffer)
        guard buffer.readableBytes > 0 else {
            promise?.succeed()
            return
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: promise)
    }

    private func fail(_ context: ChannelHandlerContext, _ failure: LinkFailure) {
        state = .ended
        failGathered()
        context.fireErrorCaught(failure)
        context.close(promise: nil)
    }

    private func failGathered() {
        gathered?.fail(ChannelError.ioOnClosedChannel)
        gathered = nil
    }
}
