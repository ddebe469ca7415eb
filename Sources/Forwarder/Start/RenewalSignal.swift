internal import Glibc
internal import NIOCore

/// SIGHUP: the files of the keys changed, and were found good by ``KeyRecord``.
///
/// The signal is held and looked for, not caught: what a handler could do safely, waking the event
/// loop, needs a descriptor that outlives the sandbox.
package enum RenewalSignal {
    /// How often it is looked for.
    ///
    /// 1 s: as long as systemd waits before it starts the next process.
    private static let interval = TimeAmount.seconds(1)

    /// Keeps the signal from ending the process; before anything else.
    package static func hold() {
        var signals = only
        // Cannot fail: the set and the way are valid.
        _ = pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Calls `body` on the loop in each interval in which the signal waits.
    static func look(on loop: any EventLoop, _ body: @escaping () -> Void) {
        let bound = NIOLoopBound(body, eventLoop: loop)
        _ = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            if isPending { bound.value() }
        }
    }

    private static var isPending: Bool {
        var pending = sigset_t()
        return sigpending(&pending) == 0 && sigismember(&pending, SIGHUP) == 1
    }

    private static var only: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGHUP)
        return signals
    }
}
