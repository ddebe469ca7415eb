package import Monitoring
import Synchronization

/// Clocks that stand still until a test moves them.
package final class FakeTime: TimeSource {
    private struct Clocks {
        var wall: Timestamp
        var monotonic: Duration
    }

    private let clocks: Mutex<Clocks>

    /// Clocks that show `wall`, by default 2023-11-14 22:13:20 UTC, and `monotonic`.
    package init(
        wall: Timestamp = Timestamp(microseconds: 1_700_000_000_000_000),
        monotonic: Duration = .seconds(1000)
    ) {
        clocks = Mutex(Clocks(wall: wall, monotonic: monotonic))
    }

    package var wall: Timestamp { clocks.withLock(\.wall) }

    package var monotonic: Duration { clocks.withLock(\.monotonic) }

    /// Lets time pass on both clocks.
    package func advance(by span: Duration) {
        clocks.withLock { clocks in
            clocks.wall = clocks.wall + span
            clocks.monotonic += span
        }
    }

    /// Sets the wall clock forward, or back by a negative span; the monotonic clock goes on.
    package func step(by span: Duration) {
        clocks.withLock { $0.wall = $0.wall + span }
    }
}
