package import Monitoring

/// One moment on both clocks: waits count on the one that never steps, records tell the other.
package struct Moment: Hashable, Sendable {
    /// Time since an arbitrary start; never steps.
    package let monotonic: Duration
    /// The host's wall clock at that moment.
    package let wall: Timestamp
    /// How much of the monotonic time the host slept through.
    package let slept: Duration

    /// A moment with its readings.
    package init(monotonic: Duration, wall: Timestamp, slept: Duration = .zero) {
        self.monotonic = monotonic
        self.wall = wall
        self.slept = slept
    }

    /// What the wall clock says at another monotonic time, if it does not step until then.
    package func wall(at other: Duration) -> Timestamp { wall + (other - monotonic) }

    /// When the wall clock says that time, if it does not step until then.
    func monotonic(at other: Timestamp) -> Duration { monotonic + (other - wall) }
}

extension TimeSource {
    /// Now, on all clocks.
    package var moment: Moment {
        let (wall, monotonic) = together
        return Moment(monotonic: monotonic, wall: wall, slept: slept)
    }
}
