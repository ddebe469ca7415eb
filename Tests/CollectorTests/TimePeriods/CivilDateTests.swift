import Foundation
import Testing

@testable import Collector

/// The calendar agrees with Foundation's for four centuries.
@Suite struct CivilDateTests {
    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    @Test func `year, month, day and weekday of each day are right`() throws {
        for number in stride(from: -100_000, through: 150_000, by: 7919) + Array(-800...1000) {
            let date = CivilDate(dayNumber: number)
            let parts = Self.calendar.dateComponents(
                [.year, .month, .day, .weekday],
                from: Date(timeIntervalSince1970: Double(number) * 86_400))
            let (year, month) = (try #require(parts.year), try #require(parts.month))
            let day = try #require(parts.day)
            #expect((date.year, date.month) == (year, month))
            #expect(date.weekday.rawValue + 1 == parts.weekday)
            #expect(CivilDate(year: year, month: month, day: day) == date)
        }
    }

    @Test func `days that do not exist are none`() {
        #expect(CivilDate(year: 2027, month: 2, day: 29) == nil)
        #expect(CivilDate(year: 2028, month: 2, day: 29) != nil)
        #expect(CivilDate(year: 2027, month: 13, day: 1) == nil)
        #expect(CivilDate(year: 2027, month: 6, day: 0) == nil)
        #expect(CivilDate(year: 2027, month: 6, day: -31) == nil)
        #expect(
            CivilDate(year: 2027, month: 6, day: -30) == CivilDate(year: 2027, month: 6, day: 1))
        #expect(CivilDate(year: 2027, month: 5, weekday: .monday, ordinal: 0) == nil)
        #expect(CivilDate(year: 2027, month: 2, weekday: .monday, ordinal: 5) == nil)
        #expect(CivilDate(year: 2027, month: 2, weekday: .monday, ordinal: -5) == nil)
    }

    @Test func `the n-th weekday is counted from either end`() {
        func day(_ weekday: Weekday, _ ordinal: Int) -> CivilDate? {
            CivilDate(year: 2027, month: 5, weekday: weekday, ordinal: ordinal)
        }
        // May 2027 begins on a Saturday and ends on a Monday
        #expect(day(.saturday, 1) == CivilDate(year: 2027, month: 5, day: 1))
        #expect(day(.monday, 1) == CivilDate(year: 2027, month: 5, day: 3))
        #expect(day(.monday, 5) == CivilDate(year: 2027, month: 5, day: 31))
        #expect(day(.monday, -1) == CivilDate(year: 2027, month: 5, day: 31))
        #expect(day(.sunday, -1) == CivilDate(year: 2027, month: 5, day: 30))
        #expect(day(.tuesday, -4) == CivilDate(year: 2027, month: 5, day: 4))
        #expect(day(.tuesday, 5) == nil)
    }
}
