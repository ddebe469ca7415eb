import Foundation
import Synchronization

/// What the operator or the supervisor wants of the daemon.
enum DaemonSignal: Sendable {
    case reload
    case stop
}

/// SIGHUP, SIGTERM and SIGINT as they come in.
final class Signals: Sendable {
    /// What is wanted now: at most one reload, however many were asked for, and a stop before it.
    let stream: AsyncStream<DaemonSignal>
    private let inbox: AsyncStream<DaemonSignal>.Continuation
    private let isStopped = Mutex(false)

    init() {
        (stream, inbox) = AsyncStream.makeStream(
            of: DaemonSignal.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// True once a stop came, whether the stream was read or not.
    var stopIsWanted: Bool { isStopped.withLock { $0 } }

    /// Notes a signal; after a stop nothing else counts.
    func take(_ signal: DaemonSignal) {
        isStopped.withLock { isStopped in
            if signal == .stop { isStopped = true }
            // The newest takes the place of what waits, and a stop must keep its own.
            if signal == .stop || !isStopped { inbox.yield(signal) }
        }
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
