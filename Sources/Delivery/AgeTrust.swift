internal import Monitoring

/// Says which stored wall-clock times can be told the age of.
///
/// A step of this host's clock makes what was stored before it look older than it is; so does a
/// step while no process ran. For a whole period after a start or a step nothing is taken to be
/// that old.
struct AgeTrust: Sendable {
    /// Steps up to this are drift and slewing.
    private static let tolerance = Duration.seconds(1)

    private let period: Duration
    private var difference: Duration?
    /// When the two clocks were last seen to part, by the monotonic one; nil when never.
    private(set) var partedAt: Duration?
    private var trustedFrom = Duration.zero

    init(period: Duration) { self.period = period }

    /// Looks at both clocks; has to be told of every event.
    mutating func observe(_ now: Moment) {
        let seen = now.wall - Timestamp(microseconds: now.monotonic.wholeMicroseconds)
        defer { difference = seen }
        if let difference {
            if abs(seen.wholeMicroseconds - difference.wholeMicroseconds)
                > Self.tolerance.wholeMicroseconds
            {
                partedAt = now.monotonic
            }
            if seen - difference <= Self.tolerance { return }
        }
        trustedFrom = now.monotonic + period
    }

    /// What was stored with a time before this is certainly older than the period; nil when nothing
    /// is.
    func before(_ now: Moment) -> Timestamp? {
        now.monotonic >= trustedFrom ? now.wall - period : nil
    }
}
