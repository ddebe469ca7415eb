package import Monitoring

/// One execution of a plugin, from its start to the result or, where it cannot be killed, to its
/// end.
final class PluginRun {
    /// What is to happen at ``PluginRun/deadline``.
    enum Phase {
        /// Runs; then SIGTERM.
        case running
        /// Was told to end; then SIGKILL.
        case terminating
        /// Was killed; then it is given up.
        case killed
        /// Has ended but somebody holds its output open; then reading stops.
        case ended(PluginEnding)
        /// Was given up: its result is out, the process waits in the kernel. No deadline.
        case lingering
    }

    let id: RunID
    let process: StartedProcess
    let start: Moment
    let timeout: Duration
    /// The reading end; nil after the last byte.
    var output: Descriptor?
    /// The kept beginning of what it printed.
    var head: [UInt8] = []
    /// How much came after that.
    var discardedByteCount = 0
    var phase = Phase.running
    /// True from SIGTERM on: however it ends, it ran out of time.
    var isTimedOut = false
    /// On the monotonic clock; nil when only an event can change the phase.
    var deadline: Duration?

    init(
        id: RunID,
        process: StartedProcess,
        output: Descriptor,
        start: Moment,
        timeout: Duration
    ) {
        self.id = id
        self.process = process
        self.output = output
        self.start = start
        self.timeout = timeout
        deadline = start.monotonic + timeout
    }

    /// Keeps what fits, counts the rest.
    func take(_ bytes: UnsafeRawBufferPointer) {
        let kept = bytes.prefix(CheckResult.outputByteLimit - head.count)
        head += kept
        discardedByteCount &+= bytes.count - kept.count
    }
}

/// Names one execution; the caller never uses a number twice.
package struct RunID: Hashable, Comparable, Sendable {
    /// Any number below 2^62.
    package let number: UInt64

    /// The execution with this number.
    package init(number: UInt64) { self.number = number }

    package static func < (a: RunID, b: RunID) -> Bool { a.number < b.number }
}

/// One execution that has come to a result.
package struct FinishedPlugin: Sendable {
    /// Which.
    package var id: RunID
    /// What it said.
    package var output: PluginOutput
    /// What it printed, as far as it is kept; nothing for what never ran.
    package var printed: [UInt8]
    /// How it ended; nil for what was no process.
    package var ending: PluginEnding?
    /// When it was started.
    package var start: Timestamp
    /// When it ended or was given up: the start plus the time that really passed.
    package var end: Timestamp
}
