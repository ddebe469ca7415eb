import Testing

@testable import Collector

/// Which days the left side of `ranges` means.
@Suite struct DayRangeTests {
    /// The days of 2027 that it means, as `month-day`.
    private func days(_ text: String) throws -> [String] {
        let range = try DayRange(text)
        let first = try #require(CivilDate(year: 2027, month: 1, day: 1))
        return (0..<365).map { first.advanced(by: $0) }.filter(range.contains).map(name)
    }

    private func name(_ date: CivilDate) -> String {
        let first = CivilDate(year: date.year, month: date.month, day: 1)?.dayNumber ?? 0
        return "\(date.month)-\(date.dayNumber - first + 1)"
    }

    @Test(arguments: [
        ("2027-05-17", ["5-17"]),
        ("2027-05-17 - 2027-05-19", ["5-17", "5-18", "5-19"]),
        ("2026-12-30 - 2027-01-02", ["1-1", "1-2"]),
        ("2027-05-19 - 2027-05-17", []),
        ("2027-12-01/14", ["12-1", "12-15", "12-29"]),
        ("2027-05-01 - 2027-05-10 / 4", ["5-1", "5-5", "5-9"]),
        ("2027-05-01  -  2027-05-10/ 4 ", ["5-1", "5-5", "5-9"]),
        ("monday 1 may- tuesday 1 may", ["5-3", "5-4"]),
        ("july 4", ["7-4"]),
        ("february -1", ["2-28"]),
        ("february 29", []),
        ("july 30 - 31", ["7-30", "7-31"]),
        ("april 29 - may 2", ["4-29", "4-30", "5-1", "5-2"]),
        ("december 30 - january 2", ["1-1", "1-2", "12-30", "12-31"]),
        ("monday 1 may", ["5-3"]),
        ("thursday -1 november", ["11-25"]),
        ("monday 1 may - tuesday 1 may", ["5-3", "5-4"]),
    ])
    func `days of one year`(_ text: String, _ expected: [String]) throws {
        #expect(try days(text) == expected)
    }

    @Test func `days of each month`() throws {
        #expect(try days("day 1").count == 12)
        #expect(try days("day 31").count == 7)
        #expect(try days("day -1").contains("2-28"))
        #expect(try days("day 1 - 15").count == 180)
        #expect(try days("day 20 - -1").filter { $0.hasPrefix("2-") }.count == 9)
        #expect(try days("day 1 - 31").count == 365)
        #expect(try days("day 1 - 15 / 5").filter { $0.hasPrefix("6-") } == ["6-1", "6-6", "6-11"])
        #expect(try days("monday 5") == ["3-29", "5-31", "8-30", "11-29"])
        #expect(try days("friday -1").filter { $0.hasPrefix("5-") } == ["5-28"])
        #expect(try days("monday 1 - 2").filter { $0.hasPrefix("5-") }.count == 8)
        // past the end of the month
        let turn = try days("day 28 - 2")
        #expect(turn.filter { $0.hasPrefix("2-") } == ["2-1", "2-2", "2-28"])
        #expect(turn.filter { $0.hasPrefix("3-") }.count == 6)
    }

    @Test func `days of each week`() throws {
        #expect(try days("monday").prefix(2) == ["1-4", "1-11"])
        #expect(try days("monday  -  friday ").prefix(4) == ["1-1", "1-4", "1-5", "1-6"])
        #expect(try days("saturday - monday").prefix(4) == ["1-2", "1-3", "1-4", "1-9"])
        #expect(try days("sunday - thursday").prefix(3) == ["1-3", "1-4", "1-5"])
        #expect(try days("friday - monday").prefix(5) == ["1-1", "1-2", "1-3", "1-4", "1-8"])
    }

    @Test(arguments: [
        "", "foo", "12", "mon", "monday,tuesday", "2027-13-01", "2027-02-30", "27-05-17",
        "2027/05/17", "day", "day 0", "day 32", "day -32", "day x", "day 1 - monday",
        "day 1 - 2027-05-01", "july", "july 0", "july x", "july 32", "july 10 - 40", "monday 0",
        "monday 6", "monday x", "monday 1 foo", "monday 1 may 2027", "monday - friday / 0",
        "2027-05-01 - 2027-06-01 / -1", "2027-05-01 - 2027-06-01 / x", "monday / 2",
        "2027-05-01 - 2027-06-01 - 2027-07-01", "day 1 - ", "- day 1", "day 1 / 2 / 3",
        "day 99999999999999999999", "day -9223372036854775808",
        "monday -9223372036854775808", "monday 1 - -9223372036854775808", "ｄay 1", "day １",
        "2027-05-01 / 99999999999999999999", "monday 1 january - 5",
        // what Icinga refuses for its spelling
        "Monday", "DAY 1", "July 4", "monday 1 May", "monday - Friday", " friday", "friday ",
        "\tmonday", "monday  1", "day  1", "monday-friday", "monday -friday", "monday 1 -2",
        "day 1-15", "july 4-10", "2027-05-01-2027-05-02", "2027-05-01 -2027-05-02", "monday 1 ",
        " 2027-05-01", "2027-05-01 ", "2027-05-01 / 14",
    ])
    func `what means no day is refused by its text`(_ text: String) {
        #expect(throws: TimePeriodFault.notADay(text)) { try DayRange(text) }
    }

    @Test(arguments: [
        ("09:00-17:00", ["32400-61200"]),
        ("9:00-17:30:15", ["32400-63015"]),
        ("00:00-24:00", ["0-86400"]),
        ("09:00-12:00,13:00-17:00", ["32400-43200", "46800-61200"]),
        ("22:00-06:00", ["79200-108000"]),
        ("09:00-09:00", ["32400-118800"]),
    ])
    func `times of a day`(_ text: String, _ expected: [String]) throws {
        #expect(try ClockRange.all(text).map { "\($0.start)-\($0.end)" } == expected)
    }

    @Test(arguments: [
        "09:00", "09:00-", "-10:00", "9-17", "24:00-25:00", "00:00-24:01", "09:60-10:00",
        "09:00:60-10:00", "09:00:00:00-10:00", "a:b-c:d", "09:00-17:00,", "09:00-17:00 foo",
        "09:00--17:00", "09:00-17:00-18:00", "24:00-24:00", "009:00-17:00", "９:00-10:00",
        "10:60-11:00", "00:00 - 24:00", "00:00-24:00, 02:00-03:00", "09:00-10:00 ,11:00-12:00",
        " 09:00-17:00", "09:00-17:00 ", "09:00 -17:00", "09:00- 17:00", "09: 00-10:00",
        "\t09:00-10:00", "09:00-10:00\n", "",
    ])
    func `what is no time is refused by its text`(_ text: String) {
        #expect(throws: TimePeriodFault.notATime(text)) { try ClockRange.all(text) }
    }

    @Test(arguments: [
        ("Monday", "Write 'monday'."), (" friday", "Write 'friday'."),
        ("day  1", "Write 'day 1'."), ("Monday-Friday", "Write 'monday - friday'."),
        ("day 1-15", "Write 'day 1 - 15'."), ("2027-05-01 / 14", "Write '2027-05-01/14'."),
        ("monday 1 May - 2", "Write a weekday"), ("mondy", "Write a weekday"),
    ])
    func `what is only spelled otherwise is told as it has to be written`(
        _ text: String, _ advice: String
    ) {
        let fault = #expect(throws: TimePeriodFault.self) { try DayRange(text) }
        #expect(fault?.description.contains(advice) == true, "\(fault?.description ?? "")")
    }

    @Test func `times with blanks are told without them`() {
        let fault = #expect(throws: TimePeriodFault.self) {
            try ClockRange.all("00:00 - 24:00, 02:00-03:00")
        }
        #expect(
            fault?.description.contains("Write '00:00-24:00,02:00-03:00'.") == true)
        let other = #expect(throws: TimePeriodFault.self) { try ClockRange.all("8 - 9") }
        #expect(other?.description.contains("Write HH:MM-HH:MM") == true)
    }
}
