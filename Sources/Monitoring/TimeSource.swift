#if canImport(Glibc)
    internal import Glibc
#endif

/// Where a part reads the time from; enters by `init`, so that tests decide what time it is.
package protocol TimeSource: Sendable {
    /// The host's wall clock; may step in either direction.
    var wall: Timestamp { get }
    /// Time since an arbitrary start; never steps, counts while the host sleeps. For waits.
    var monotonic: Duration { get }
    /// How much of the monotonic time the host slept through, with nobody there to do anything.
    var slept: Duration { get }
}

extension TimeSource {
    /// A host that never sleeps.
    package var slept: Duration { .zero }

    /// Both clocks, read within a millisecond of each other.
    ///
    /// A thread that is put aside between the readings reads again, since what it was away for
    /// would pass for a difference of the clocks; one that is each time, five times over, has the
    /// last.
    package var together: (wall: Timestamp, monotonic: Duration) {
        var reading = (monotonic: monotonic, wall: wall)
        var triesLeft = 5
        while triesLeft > 0, monotonic - reading.monotonic > .milliseconds(1) {
            reading = (monotonic, wall)
            triesLeft -= 1
        }
        return (reading.wall, reading.monotonic)
    }
}

/// The kernel's clocks.
package struct SystemTime: TimeSource {
    /// Reads CLOCK_REALTIME, CLOCK_BOOTTIME, and CLOCK_MONOTONIC, which rests as the host does.
    package init() {}

    package var wall: Timestamp {
        let now = Self.read(CLOCK_REALTIME)
        return Timestamp(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)
    }

    package var monotonic: Duration { Self.span(CLOCK_BOOTTIME) }

    /// What the second counted and the third did not.
    package var slept: Duration { Self.span(CLOCK_BOOTTIME) - Self.span(CLOCK_MONOTONIC) }

    private static func span(_ clock: clockid_t) -> Duration {
        let now = read(clock)
        return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var now = timespec()
        let status = unsafe clock_gettime(clock, &now)
        precondition(status == 0, "clock_gettime cannot fail for a clock the kernel has")
        return now
    }
}
