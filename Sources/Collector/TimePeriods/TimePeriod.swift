package import Monitoring

/// When something is to be done, by the clock on this host's wall; Icinga's TimePeriod.
package struct TimePeriod: Sendable, Hashable {
    /// Days, and the times of each.
    struct Line: Sendable, Hashable {
        var days: DayRange
        var times: [ClockRange]
    }

    /// Its name.
    package var name: String
    var lines: [Line] = []
    /// True for every other minute, which Icinga has for trying things out.
    var isEvenMinutes = false
    /// Periods whose times belong to this one too.
    var includes: [TimePeriod] = []
    /// Periods whose times do not belong to this one.
    var excludes: [TimePeriod] = []
    /// What counts where both say something.
    var prefersIncludes = true
    /// Lines and periods in it, itself counted as one.
    var size = 1
    /// Periods within each other at most, itself counted.
    var depth = 1

    /// How far ahead an opening is looked for.
    ///
    /// Two years, so that a day that comes once a year is found in each.
    static let horizonInDays = 731

    init(name: String) { self.name = name }

    /// True when the moment belongs to the period.
    package func contains(_ time: Timestamp, _ calendar: any WallCalendar) -> Bool {
        !openings(in: time..<(time + .microseconds(1)), calendar).spans.isEmpty
    }

    /// The first stretch that belongs to the period and ends after this moment, not told as
    /// beginning before it; nil when there is none within two years.
    ///
    /// It may be told to end early, at the end of a day.
    package func next(
        from time: Timestamp, _ calendar: any WallCalendar
    ) -> Range<Timestamp>? {
        guard !isNever else { return nil }
        var start = time
        for _ in 0..<Self.horizonInDays {
            let end = start + .seconds(86_400)
            if let span = openings(in: start..<end, calendar).spans.first { return span }
            start = end
        }
        return nil
    }

    private var isNever: Bool {
        lines.isEmpty && !isEvenMinutes && includes.allSatisfy(\.isNever)
    }

    /// What of a window belongs to the period.
    func openings(in window: Range<Timestamp>, _ calendar: any WallCalendar) -> TimeSpans {
        var spans = ownOpenings(in: window, calendar)
        let more = includes.reduce(TimeSpans()) { $0.union($1.openings(in: window, calendar)) }
        let less = excludes.reduce(TimeSpans()) { $0.union($1.openings(in: window, calendar)) }
        spans =
            prefersIncludes
            ? spans.subtracting(less).union(more) : spans.union(more).subtracting(less)
        return spans.clamped(to: window)
    }

    private func ownOpenings(
        in window: Range<Timestamp>, _ calendar: any WallCalendar
    ) -> TimeSpans {
        guard !isEvenMinutes else { return Self.evenMinutes(in: window) }
        var spans: [Range<Timestamp>] = []
        // what began yesterday may last past midnight
        let first = calendar.dayNumber(at: window.lowerBound) - 1
        let last = calendar.dayNumber(at: window.upperBound)
        for number in first...max(first, last) {
            let day = CivilDate(dayNumber: number)
            for line in lines where line.days.contains(day) {
                for range in line.times {
                    let start = calendar.time(range.start, ofDay: number)
                    let end = calendar.time(range.end, ofDay: number)
                    if start < end { spans.append(start..<end) }
                }
            }
        }
        return TimeSpans(spans)
    }

    private static func evenMinutes(in window: Range<Timestamp>) -> TimeSpans {
        let minute: Int64 = 60_000_000
        let first = window.lowerBound.microseconds / minute - 1
        let last = window.upperBound.microseconds / minute
        return TimeSpans(
            (first...max(first, last)).filter { $0.isMultiple(of: 2) }.map {
                Timestamp(microseconds: $0 * minute)..<Timestamp(microseconds: ($0 + 1) * minute)
            })
    }
}
