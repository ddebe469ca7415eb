#if canImport(Glibc)
    internal import Glibc
#endif

/// Where a part reads the time from; enters by `init`, so that tests decide what time it is.
package protocol TimeSource: Sendable {
    /// The host's wall clock; may step in either direction.
    var wall: Timestamp { get }
    /// Time since an arbitrary start; never steps, counts while the host sleeps. For waits.
    var monotonic: Duration { get }
}

/// The kernel's clocks.
package struct SystemTime: TimeSource {
    /// Reads CLOCK_REALTIME and CLOCK_BOOTTIME.
    package init() {}

    package var wall: Timestamp {
        let now = Self.read(CLOCK_REALTIME)
        return Timestamp(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)
    }

    package var monotonic: Duration {
        let now = Self.read(CLOCK_BOOTTIME)
        return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var now = timespec()
        let status = unsafe clock_gettime(clock, &now)
        precondition(status == 0, "clock_gettime cannot fail for a clock the kernel has")
        return now
    }
}
