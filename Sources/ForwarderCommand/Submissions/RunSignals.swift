import Foundation
import Synchronization

/// Notes the first signal that asks this process to end, instead of ending it, until ``end()``.
///
/// SIGHUP, SIGINT and SIGTERM; one that whoever started this process had ignored, as `nohup` does,
/// stays ignored.
struct RunSignals {
    private final class Noted: Sendable {
        let first = Mutex<Int32?>(nil)
    }

    private let noted = Noted()
    private let sources: [(number: Int32, source: any DispatchSourceSignal)]

    /// Starts to watch.
    ///
    /// - Parameter wake: called on another thread once a signal is noted.
    init(waking wake: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "run signals")
        let wanted = [SIGHUP, SIGINT, SIGTERM].filter { !Self.isIgnored($0) }
        sources = wanted.map { [noted] number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                noted.first.withLock { $0 = $0 ?? number }
                wake()
            }
            source.resume()
            return (number, source)
        }
    }

    /// The number of the first one; nil while none came.
    var first: Int32? { noted.first.withLock { $0 } }

    /// Lets signals end this process again.
    func end() {
        for (number, source) in sources {
            source.cancel()
            signal(number, SIG_DFL)
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var (present, ignoring) = (sigaction(), sigaction())
        guard sigaction(number, nil, &present) == 0 else { return false }
        ignoring.__sigaction_handler.sa_handler = SIG_IGN
        // functions cannot be compared, their addresses can
        return withUnsafeBytes(of: present.__sigaction_handler) { present in
            withUnsafeBytes(of: ignoring.__sigaction_handler) { present.elementsEqual($0) }
        }
    }
}
