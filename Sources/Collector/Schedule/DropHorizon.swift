internal import Synchronization

/// Up to when everything that others dropped for passive objects was taken, between the one who
/// takes it and the schedule: before that is known nothing is told as stale.
///
/// - Isolation: safe from anywhere.
package final class DropHorizon: Sendable {
    private let state = Mutex(DropsTaken.notAwaited)

    /// Nothing is dropped here.
    init() {}

    /// Things may be dropped from now on, and nothing was taken yet.
    package func open() { state.withLock { $0 = .before(nil) } }

    /// All that was dropped before this time, on the monotonic clock, was taken or refused.
    package func reached(_ time: Duration) { state.withLock { $0 = .before(time) } }

    var taken: DropsTaken { state.withLock { $0 } }
}
