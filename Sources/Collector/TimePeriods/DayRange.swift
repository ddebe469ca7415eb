/// Which days a line of a time period is about: `monday`, `day 1 - 15`, `2026-12-24 - 2027-01-02`.
///
/// - Source: Icinga 2 documentation, "Time Periods"; Nagios documentation, "Time Period
///   Definition", for the forms of a day.
struct DayRange: Sendable, Hashable {
    /// The first day, or the only one.
    var first: DayAnchor
    /// The last day, itself included; nil for one day.
    var last: DayAnchor?
    /// Only every so many days, counted from the first; at least 1.
    var stride = 1
    /// True for a date that begins something without an end: `2026-11-01 / 14`.
    var isOpenEnded = false

    /// True when the day is one of them.
    ///
    /// A range whose end lies before its beginning goes on into the next month (`day 25 - 5`), year
    /// (`december 24 - january 2`) or week (`saturday - monday`).
    func contains(_ day: CivilDate) -> Bool {
        let cycle = max(first.cycle, last?.cycle ?? first.cycle)
        // what began in the cycle before may still last
        return [cycle.before(day), day].contains { reference in
            guard let (start, end) = bounds(near: reference, cycle),
                start <= day, day <= end
            else { return false }
            return (day.dayNumber - start.dayNumber).isMultiple(of: stride)
        }
    }

    private func bounds(
        near day: CivilDate, _ cycle: DayCycle
    ) -> (start: CivilDate, end: CivilDate)? {
        guard let start = first.day(near: day) else { return nil }
        if isOpenEnded { return (start, CivilDate(dayNumber: .max)) }
        guard let last else { return (start, start) }
        let end = last.day(near: day) ?? last.nearest(near: day)
        guard end < start else { return (start, end) }
        guard cycle != .none else { return nil }
        let next = cycle.after(day)
        return (start, last.day(near: next) ?? last.nearest(near: next))
    }
}

/// What comes round again before a day without a year does; longer ones are greater.
enum DayCycle: Int, Sendable, Comparable {
    case none, week, month, year

    static func < (a: DayCycle, b: DayCycle) -> Bool { a.rawValue < b.rawValue }

    /// Some day in the cycle before.
    func before(_ day: CivilDate) -> CivilDate { moved(day, by: -1) }

    /// Some day in the cycle after.
    func after(_ day: CivilDate) -> CivilDate { moved(day, by: 1) }

    private func moved(_ day: CivilDate, by count: Int) -> CivilDate {
        switch self {
        case .none: return day
        case .week: return day.advanced(by: 7 * count)
        case .month:
            let months = day.year * 12 + day.month - 1 + count
            return CivilDate(year: months / 12, month: months % 12 + 1, day: 1) ?? day
        case .year:
            return CivilDate(year: day.year + count, month: day.month, day: 1) ?? day
        }
    }
}

/// One day by what people call it.
enum DayAnchor: Sendable, Hashable {
    /// A day of one year only.
    case date(CivilDate)
    /// That day of each week.
    case weekday(Weekday)
    /// `day 10`, `day -1`: of each month, counted from its beginning or its end.
    case dayOfMonth(Int)
    /// `monday 2`, `friday -1`: of each month.
    case weekdayOfMonth(Weekday, Int)
    /// `july 4`, `february -1`: of each year.
    case dayOfYear(month: Int, Int)
    /// `thursday -1 november`: of each year.
    case weekdayOfYear(month: Int, Weekday, Int)

    /// What it comes round with.
    var cycle: DayCycle {
        switch self {
        case .date: .none
        case .weekday: .week
        case .dayOfMonth, .weekdayOfMonth: .month
        case .dayOfYear, .weekdayOfYear: .year
        }
    }

    /// The day meant in the week, month or year of another day; nil where that has none such.
    func day(near other: CivilDate) -> CivilDate? {
        switch self {
        case .date(let date): date
        case .weekday(let weekday):
            other.advanced(by: weekday.fromMonday - other.weekday.fromMonday)
        case .dayOfMonth(let day): CivilDate(year: other.year, month: other.month, day: day)
        case .weekdayOfMonth(let weekday, let ordinal):
            CivilDate(year: other.year, month: other.month, weekday: weekday, ordinal: ordinal)
        case .dayOfYear(let month, let day):
            CivilDate(year: other.year, month: month, day: day)
        case .weekdayOfYear(let month, let weekday, let ordinal):
            CivilDate(year: other.year, month: month, weekday: weekday, ordinal: ordinal)
        }
    }

    /// Where a range ends whose last day does not exist, such as `day 1 - 31` in June: with the
    /// month.
    func nearest(near other: CivilDate) -> CivilDate {
        let month =
            switch self {
            case .dayOfYear(let month, _), .weekdayOfYear(let month, _, _): month
            default: other.month
            }
        return CivilDate(year: other.year, month: month, day: -1) ?? other
    }
}

extension Weekday {
    /// Days since Monday, with which weeks begin.
    fileprivate var fromMonday: Int { (rawValue + 6) % 7 }
}
