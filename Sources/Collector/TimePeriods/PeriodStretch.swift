internal import Monitoring

/// A stretch of a period with all that adjoins it, whatever days it is told in.
struct PeriodStretch: Sendable, Hashable {
    /// When it begins; nil when that is further back than was looked.
    var start: Timestamp?
    /// When it ends, or up to when it was looked.
    var end: Timestamp
}

extension TimePeriod {
    /// The stretch that lasts at this moment, or the next one; nil when there is none within two
    /// years.
    ///
    /// - Parameter reach: how far it is followed back from the moment, and on from there or from
    ///   its beginning; two years at most.
    func stretch(
        at time: Timestamp, reach: Duration, _ calendar: any WallCalendar
    ) -> PeriodStretch? {
        guard let first = next(from: time, calendar) else { return nil }
        let reach = min(reach, Self.day * Self.horizonInDays)
        var end = first.upperBound
        while end - first.lowerBound <= reach,
            let more = openings(in: end..<(end + Self.day), calendar).spans.first,
            more.lowerBound == end
        {
            end = more.upperBound
        }
        guard first.lowerBound == time else {
            return PeriodStretch(start: first.lowerBound, end: end)
        }
        var start = time
        while time - start < reach {
            let from = start - Self.day
            guard let last = openings(in: from..<start, calendar).spans.last,
                last.upperBound == start
            else { return PeriodStretch(start: start, end: end) }
            start = last.lowerBound
            if start > from { return PeriodStretch(start: start, end: end) }
        }
        return PeriodStretch(start: nil, end: end)
    }

    private static let day = Duration.seconds(86_400)
}
