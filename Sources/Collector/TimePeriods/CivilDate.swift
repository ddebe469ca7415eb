/// A day of the Gregorian calendar, wherever on earth it is.
struct CivilDate: Sendable, Hashable, Comparable {
    /// Days since 1970-01-01, negative before it.
    let dayNumber: Int

    init(dayNumber: Int) { self.dayNumber = dayNumber }

    /// A day of this year and month; nil when the month has no such day.
    ///
    /// - Parameters:
    ///   - month: 1 is January.
    ///   - day: 1 is the first of the month, -1 the last.
    init?(year: Int, month: Int, day: Int) {
        guard (1...12).contains(month) else { return nil }
        let length = Self.length(ofMonth: month, in: year)
        let ordinal = day < 0 ? length + 1 + day : day
        guard (1...length).contains(ordinal) else { return nil }
        self.init(dayNumber: Self.dayNumber(year: year, month: month) + ordinal - 1)
    }

    /// The n-th of a weekday in a month, the last being -1; nil when the month has no such one.
    init?(year: Int, month: Int, weekday: Weekday, ordinal: Int) {
        guard let edge = CivilDate(year: year, month: month, day: ordinal < 0 ? -1 : 1),
            ordinal != 0
        else { return nil }
        let away = weekday.rawValue - edge.weekday.rawValue
        let days =
            ordinal > 0
            ? (away + 7) % 7 + 7 * (ordinal - 1) : -((7 - away) % 7) + 7 * (ordinal + 1)
        self.init(dayNumber: edge.dayNumber + days)
        guard self.month == month, self.year == year else { return nil }
    }

    static func < (a: CivilDate, b: CivilDate) -> Bool { a.dayNumber < b.dayNumber }

    /// 1970-01-01 was a Thursday.
    var weekday: Weekday {
        let index = (dayNumber % 7 + 7 + 4) % 7
        return Weekday(rawValue: index) ?? .sunday
    }

    var year: Int { yearAndMonth.year }
    var month: Int { yearAndMonth.month }

    /// This many days later.
    func advanced(by days: Int) -> CivilDate { CivilDate(dayNumber: dayNumber + days) }

    // MARK: The calendar

    // Counted in years that begin in March: a leap day is the last of its year, so that months have
    // a regular beginning, and 400 years have 146,097 days.

    private var yearAndMonth: (year: Int, month: Int) {
        let day = dayNumber + Self.daysToEpoch
        let era = day.quotientRoundedDown(by: Self.daysOfEra)
        let dayOfEra = day - era * Self.daysOfEra
        let leaps = dayOfEra / 1460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leaps) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month)
    }

    private static func dayNumber(year: Int, month: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = marchYear.quotientRoundedDown(by: 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * daysOfEra + dayOfEra - daysToEpoch
    }

    private static func length(ofMonth month: Int, in year: Int) -> Int {
        let next = month == 12 ? (year + 1, 1) : (year, month + 1)
        return dayNumber(year: next.0, month: next.1) - dayNumber(year: year, month: month)
    }

    private static let daysOfEra = 146_097
    /// From 0000-03-01 to 1970-01-01.
    private static let daysToEpoch = 719_468
}

enum Weekday: Int, Sendable, CaseIterable {
    case sunday, monday, tuesday, wednesday, thursday, friday, saturday
}

extension Int {
    fileprivate func quotientRoundedDown(by divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
