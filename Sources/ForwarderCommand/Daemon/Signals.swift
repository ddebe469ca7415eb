import Foundation

/// What the operator or the supervisor wants of the daemon.
enum DaemonSignal: Sendable {
    case reload
    case stop
}

/// SIGHUP, SIGTERM and SIGINT as a stream.
struct Signals {
    let stream: AsyncStream<DaemonSignal>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (stream, inbox) = AsyncStream.makeStream(of: DaemonSignal.self)
        self.stream = stream
        let wanted: [(Int32, DaemonSignal)] = [
            (SIGHUP, .reload), (SIGTERM, .stop), (SIGINT, .stop),
        ]
        let queue = DispatchQueue(label: "signals")
        sources = wanted.map { number, meaning in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { inbox.yield(meaning) }
            source.resume()
            return source
        }
    }
}
