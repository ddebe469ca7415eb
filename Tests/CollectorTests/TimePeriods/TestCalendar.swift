import Collector
import Monitoring

/// A clock at Greenwich, which may be put forward by an hour once.
struct TestCalendar: WallCalendar {
    /// From when on it shows an hour more.
    var summer: Timestamp?

    private static let hour = Duration.seconds(3600)

    func dayNumber(at time: Timestamp) -> Int {
        let isSummer = summer.map { time >= $0 } ?? false
        let shown = isSummer ? time + Self.hour : time
        let (day, rest) = shown.microseconds.quotientAndRemainder(dividingBy: 86_400_000_000)
        return Int(rest < 0 ? day - 1 : day)
    }

    func time(_ secondOfDay: Int, ofDay dayNumber: Int) -> Timestamp {
        let shown = Timestamp(microseconds: Int64(dayNumber * 86_400 + secondOfDay) * 1_000_000)
        let isSummer = summer.map { shown >= $0 + Self.hour } ?? false
        return isSummer ? shown - Self.hour : shown
    }
}
