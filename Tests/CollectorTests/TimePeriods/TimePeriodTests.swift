import ConfigLanguage
import Monitoring
import Testing

@testable import Collector

/// When a period is, asked of what definitions make of it.
@Suite struct TimePeriodTests {
    private let calendar = TestCalendar()
    /// Monday, 17 May 2027, midnight at Greenwich.
    private static let monday = Timestamp(microseconds: 1_810_512_000_000_000)

    private static func time(_ day: Int, _ hour: Int, _ minute: Int = 0) -> Timestamp {
        monday + .seconds((day * 24 + hour) * 3600 + minute * 60)
    }

    private static func time(_ day: Int, hours: Double) -> Timestamp {
        monday + .seconds(Double(day * 24) * 3600 + hours * 3600)
    }

    /// The period `p` of a text.
    private static func period(_ text: String) throws -> TimePeriod {
        let definitions = try DefinitionFixture.load(
            text + #"object Host "h" { check_command = "dummy"; check_period = "p" }"#)
        let plan = definitions.plans.first { $0.object.fullName == "h" }
        return try #require(plan?.period)
    }

    private static func ranges(_ lines: String, _ more: String = "") -> String {
        "object TimePeriod \"p\" { ranges = { \(lines) }\n\(more) }\n"
    }

    @Test func `it lasts from its first moment to before its last`() throws {
        let period = try Self.period(Self.ranges(#""monday" = "09:00-17:00""#))
        #expect(!period.contains(Self.time(0, 9) - .microseconds(1), calendar))
        #expect(period.contains(Self.time(0, 9), calendar))
        #expect(period.contains(Self.time(0, 17) - .microseconds(1), calendar))
        #expect(!period.contains(Self.time(0, 17), calendar))
        #expect(!period.contains(Self.time(1, 10), calendar))
        let next = period.next(from: Self.time(0, 17), calendar)
        #expect(next == Self.time(7, 9)..<Self.time(7, 17))
        #expect(
            period.next(from: Self.time(0, 12), calendar) == Self.time(0, 12)..<Self.time(0, 17))
    }

    @Test func `what goes past midnight is on the next day too`() throws {
        let period = try Self.period(Self.ranges(#""monday" = "22:00-06:00""#))
        #expect(period.contains(Self.time(1, 5), calendar))
        #expect(!period.contains(Self.time(0, 5), calendar))
        #expect(!period.contains(Self.time(2, 5), calendar))
    }

    @Test func `includes and excludes, and which of them counts`() throws {
        let text = """
            object TimePeriod "lunch" { ranges = { "monday" = "12:00-13:00" } }
            object TimePeriod "noon" { ranges = { "monday" = "12:30-14:00" } }

            """
        let hours = #""monday" = "09:00-17:00""#
        let lists = #"excludes = [ "lunch" ]; includes = [ "noon" ]"#
        let included = try Self.period(text + Self.ranges(hours, lists))
        let excluded = try Self.period(
            text + Self.ranges(hours, lists + "; prefer_includes = false"))
        for (hour, inFirst, inSecond) in [
            (11.0, true, true), (12.25, false, false), (12.75, true, false), (13.5, true, true),
        ] {
            let time = Self.time(0, hours: hour)
            #expect(included.contains(time, calendar) == inFirst, "\(hour)")
            #expect(excluded.contains(time, calendar) == inSecond, "\(hour)")
        }
    }

    @Test func `a period without times never is, and one far away is found`() throws {
        let never = try Self.period(Self.ranges(""))
        #expect(!never.contains(Self.monday, calendar))
        #expect(never.next(from: Self.monday, calendar) == nil)
        let past = try Self.period(Self.ranges(#""2027-05-16" = "00:00-24:00""#))
        #expect(past.next(from: Self.monday, calendar) == nil)
        let leap = try Self.period(Self.ranges(#""february 29" = "08:00-09:00""#))
        let next = leap.next(from: Self.monday, calendar)
        #expect(next?.lowerBound == Self.time(288, 8))
    }

    @Test func `a clock that is put forward takes an hour away`() throws {
        let calendar = TestCalendar(summer: Self.time(6, 2))
        let period = try Self.period(Self.ranges(#""sunday" = "01:00-05:00,02:15-02:45""#))
        let spans = period.openings(in: Self.time(6, 0)..<Self.time(7, 0), calendar).spans
        #expect(spans == [Self.time(6, 1)..<Self.time(6, 4)])
    }

    @Test func `periods that Icinga brings along`() throws {
        let even = try Self.period(
            #"object TimePeriod "p" { import "even-minutes-timeperiod" }"# + "\n")
        #expect(even.contains(Self.time(0, 1, 2), calendar))
        #expect(!even.contains(Self.time(0, 1, 3), calendar))
        let empty = try Self.period(
            """
            object TimePeriod "p" {
              import "empty-timeperiod"
              ranges = { "monday" = "00:00-24:00" }
            }

            """)
        #expect(!empty.contains(Self.monday, calendar))
    }

    @Test(arguments: [
        (#"object TimePeriod "p" { ranges = { "mondy" = "00:00-24:00" } }"#, "'mondy'"),
        (#"object TimePeriod "p" { ranges = { "monday" = "8-9" } }"#, "'8-9'"),
        (#"object TimePeriod "p" { includes = [ "p" ] }"#, "'p' → 'p'"),
        (
            #"object TimePeriod "p" { excludes = [ "q" ] }"#
                + "\n" + #"object TimePeriod "q" { includes = [ "p" ] }"#, "contain each other"
        ),
        (#"object TimePeriod "p" { update = {{ [] }} }"#, "'update'"),
    ])
    func `what cannot be a period is an error with its place`(
        _ text: String, _ part: String
    ) throws {
        let fault = #expect(throws: DefinitionsFault.self) { try DefinitionFixture.load(text) }
        let error = try #require(fault?.errors.first)
        #expect(error.description.contains(part), "\(error)")
        #expect(error.location?.line == 1)
    }

    @Test func `periods that hold each other many times over are refused`() throws {
        var text = #"object TimePeriod "p0" { ranges = { "monday" = "00:00-24:00" } }"# + "\n"
        for level in 1...12 {
            let below = #""p\#(level - 1)", "p\#(level - 1)""#
            text += "object TimePeriod \"p\(level)\" { includes = [ \(below) ] }\n"
        }
        let fault = #expect(throws: DefinitionsFault.self) { try DefinitionFixture.load(text) }
        #expect(fault?.errors.contains { $0.message.contains("more than 1000") } == true)
    }
}
