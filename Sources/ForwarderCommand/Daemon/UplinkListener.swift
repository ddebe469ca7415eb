import Foundation
import Logging
import Synchronization

/// Waits on a local socket for an uplink that somebody else starts, such as systemd.
///
/// - Who may: one user, by the credentials that the kernel gives; everybody else is hung up on
///   without a word.
/// - Bounds: one uplink waits while another is served; the newest takes the place of an older one.
final class UplinkListener: Sendable {
    private struct State {
        var waiting: Descriptor?
        var taker: CheckedContinuation<Descriptor?, Never>?
        var isStrangerKnown = false
    }

    let path: String
    private let listener: Descriptor
    private let user: uid_t
    private let log: Logger
    private let state = Mutex(State())

    /// Binds the socket; everybody can connect, and ``user`` alone is heard.
    init(path: String, user: uid_t, log: Logger) throws(ControlFault) {
        self.path = path
        self.user = user
        self.log = log
        try ControlSocket.prepareFolder(of: path)
        try ControlSocket.removeAbandoned(path: path)
        listener = try ControlSocket.listen(path: path, mode: 0o666)
        Thread { [self] in ControlSocket.acceptAll(on: listener) { take($0) } }.start()
    }

    /// The next uplink; nil when the task is cancelled.
    func next() async -> Descriptor? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { taker in
                let (isOver, waiting) = state.withLock { state in
                    // Asked under the lock: a cancel that comes later finds the taker.
                    let isOver = Task.isCancelled
                    if !isOver, state.waiting == nil { state.taker = taker }
                    defer { state.waiting = nil }
                    return (isOver, state.waiting)
                }
                if isOver || waiting != nil { taker.resume(returning: waiting) }
            }
        } onCancel: {
            state.withLock { state in
                defer { state.taker = nil }
                return state.taker
            }?.resume(returning: nil)
        }
    }

    /// Ends listening.
    func stop() {
        shutdown(listener.number, Int32(SHUT_RDWR))
        unlink(path)
    }

    private func take(_ connection: Descriptor) {
        let peer = ControlSocket.peerUser(of: connection.number)
        guard peer == user else { return refuse(peer) }
        state.withLock { state in
            defer { state.taker = nil }
            if state.taker == nil { state.waiting = connection }
            return state.taker
        }?.resume(returning: connection)
    }

    /// Said once: who is turned away may come again without end.
    private func refuse(_ peer: uid_t?) {
        let isNews = state.withLock { state in
            defer { state.isStrangerKnown = true }
            return !state.isStrangerKnown
        }
        guard isNews else { return }
        let who = peer.map { "\($0)" } ?? "unknown"
        log.warning(
            "a stranger at the uplink's socket was turned away",
            metadata: ["uid": "\(who)", "expected": "\(user)"])
    }
}
