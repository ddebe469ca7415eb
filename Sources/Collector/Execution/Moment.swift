package import Monitoring

/// One moment on both clocks: waits count on the one that never steps, records tell the other.
package struct Moment: Hashable, Sendable {
    /// Time since an arbitrary start; never steps.
    package let monotonic: Duration
    /// The host's wall clock at that moment.
    package let wall: Timestamp

    /// A moment with both readings.
    package init(monotonic: Duration, wall: Timestamp) {
        self.monotonic = monotonic
        self.wall = wall
    }

    /// What the wall clock says at another monotonic time, if it does not step until then.
    package func wall(at other: Duration) -> Timestamp { wall + (other - monotonic) }
}

extension TimeSource {
    /// Now, on both clocks.
    package var moment: Moment { Moment(monotonic: monotonic, wall: wall) }
}
