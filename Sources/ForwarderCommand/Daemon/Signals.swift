import Foundation
import Synchronization

/// What the operator or the supervisor wants of the daemon.
enum DaemonSignal: Sendable {
    case reload
    case stop
}

/// SIGHUP, SIGTERM and SIGINT as they come in.
final class Signals: Sendable {
    /// Each signal, in order.
    let stream: AsyncStream<DaemonSignal>
    private let inbox: AsyncStream<DaemonSignal>.Continuation
    private let isStopped = Mutex(false)

    init() { (stream, inbox) = AsyncStream.makeStream(of: DaemonSignal.self) }

    /// True once a stop came, whether the stream was read or not.
    var stopIsWanted: Bool { isStopped.withLock { $0 } }

    fileprivate func take(_ signal: DaemonSignal) {
        if signal == .stop { isStopped.withLock { $0 = true } }
        inbox.yield(signal)
    }
}

/// Catches the process's signals for as long as it lives.
///
/// Made before anything else: a reload that is asked for during the start waits its turn.
struct SignalHandlers {
    let signals = Signals()
    private let sources: [any DispatchSourceSignal]

    init() {
        let wanted: [(Int32, DaemonSignal)] = [
            (SIGHUP, .reload), (SIGTERM, .stop), (SIGINT, .stop),
        ]
        let queue = DispatchQueue(label: "signals")
        sources = wanted.map { [signals] number, meaning in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { signals.take(meaning) }
            source.resume()
            return source
        }
    }
}
