import ConfigLanguage
import Foundation
import Monitoring
import TestSupport
import Testing

@testable import Collector

/// Time periods as the real Icinga 2 has them, on days that a shifted clock makes it see.
///
/// Icinga 2.13.6 is matched to the microsecond, with these of its ways, which are not ours: a date,
/// and the last day of a range, goes on for the following day; what begins yesterday and lasts past
/// midnight is not known after a start. Ranges of weekdays (`monday - friday`), of which it finds
/// the first day only, and ranges past the end of month or year are left out. What a period
/// includes and excludes is compared with the slow way alone: what Icinga makes of it after a start
/// depends on which of them it begins with.
@Suite(
    .serialized, .enabled(if: IcingaOracle.isAsked, Comment(rawValue: IcingaOracle.silence)))
struct TimePeriodOracleTests {
    /// When Icinga is asked: days around ends of months and years, leap days, summer time.
    private static let moments: [(date: (Int, Int, Int), second: Int)] = [
        ((2027, 5, 17), 10), ((2028, 2, 28), 43_200), ((2027, 12, 31), 61_000),
        ((2027, 3, 27), 40_000), ((2027, 10, 30), 80_000), ((2028, 2, 29), 5),
    ]

    /// Summer time as at Greenwich, by rule instead of by the zones that a machine happens to have.
    private static let zone = "GMT0BST,M3.5.0/1,M10.5.0"

    @Test func `periods last when Icinga says that they do`() throws {
        var agreement = Agreement("time periods")
        for (index, moment) in Self.moments.prefix(OracleRun.count(short: 2, full: 6)).enumerated()
        {
            try compare(moment, seed: OracleRun.seed &+ UInt64(index), &agreement)
        }
        print(agreement)
        #expect(agreement.differences.isEmpty, Comment(rawValue: agreement.shown))
        #expect(agreement.agreements > 100)
    }

    private func compare(
        _ moment: (date: (Int, Int, Int), second: Int), seed: UInt64, _ agreement: inout Agreement
    ) throws {
        let (year, month, day) = moment.date
        let today = try #require(CivilDate(year: year, month: month, day: day))
        let zone = GreenwichCalendar(year: year)
        let now = zone.time(moment.second, ofDay: today.dayNumber)
        var generator = PeriodGenerator(seed: seed, today: today)
        let text = generator.definitions(OracleRun.count(short: 60, full: 200))
        let oracle = try IcingaOracle(main: "", definitions: text)
        let clock = try ShiftedClock()
        let ahead = (now - SystemTime().wall).inSeconds
        try clock.set(secondsAhead: Int(ahead))
        let records = try oracle.states(
            after: 4, environment: clock.environment.merging(["TZ": Self.zone]) { $1 })
        let definitions = try DefinitionFixture.load(text)
        var reader = TimePeriodReader(definitions.session.registry)
        let periods = reader.readAll()
        try #require(reader.errors.isEmpty, "\(reader.errors)")
        for record in records where record["type"]?.text == "TimePeriod" {
            guard let name = record["name"]?.text, let period = periods[ByteString(name)],
                let update = record["update"]
            else { continue }
            let theirs = TimeSpans(update["segments"].spans)
            // What it began with is a few seconds after the moment that was asked for.
            let window = (now + .seconds(60))..<(now + .seconds(86_000))
            let quirky = Icinga213(zone, today).openings(of: period).clamped(to: window)
            if period.includes.isEmpty && period.excludes.isEmpty {
                agreement.note(
                    theirs.clamped(to: window) == quirky,
                    "\(name) at \(moment): Icinga \(theirs), expected \(quirky)\n\(text)")
            }
            let ours = period.openings(in: window, zone)
            let straight = Icinga213(zone, today, isQuirky: false).openings(of: period)
            agreement.note(
                ours == straight.clamped(to: window),
                "\(name) at \(moment): ours \(ours), expected \(straight)")
        }
    }
}

/// What Icinga 2.13.6 says of a period on the day it starts and the day after, told the slow way.
private struct Icinga213 {
    let calendar: GreenwichCalendar
    let today: CivilDate
    let isQuirky: Bool

    init(_ calendar: GreenwichCalendar, _ today: CivilDate, isQuirky: Bool = true) {
        self.calendar = calendar
        self.today = today
        self.isQuirky = isQuirky
    }

    func openings(of period: TimePeriod) -> TimeSpans {
        var parts: [Range<Timestamp>] = []
        for number in (today.dayNumber - (isQuirky ? 0 : 1))...(today.dayNumber + 1) {
            for line in period.lines where covers(line.days, CivilDate(dayNumber: number)) {
                parts += line.times.map {
                    calendar.time($0.start, ofDay: number)..<calendar.time($0.end, ofDay: number)
                }
            }
        }
        let more = TimeSpans(period.includes.flatMap { openings(of: $0).spans })
        let less = TimeSpans(period.excludes.flatMap { openings(of: $0).spans })
        let own = TimeSpans(parts)
        return period.prefersIncludes
            ? own.subtracting(less).union(more) : own.union(more).subtracting(less)
    }

    private func covers(_ range: DayRange, _ day: CivilDate) -> Bool {
        guard let start = range.first.day(near: day) else { return false }
        var end = (range.last ?? range.first).day(near: day) ?? start
        if case .weekday = range.first { return day.weekday == start.weekday && day == start }
        if isQuirky { end = end.advanced(by: 1) }
        return start <= day && day <= end
            && (day.dayNumber - start.dayNumber).isMultiple(of: range.stride)
    }
}

/// Greenwich with summer time in one year, from its rule.
private struct GreenwichCalendar: WallCalendar {
    let summer: Range<Timestamp>

    init(year: Int) {
        func change(_ month: Int) -> Timestamp {
            let day = CivilDate(year: year, month: month, weekday: .sunday, ordinal: -1)
            return Timestamp(microseconds: Int64((day?.dayNumber ?? 0) * 86_400 + 3600) * 1_000_000)
        }
        summer = change(3)..<change(10)
    }

    func dayNumber(at time: Timestamp) -> Int {
        let shown = summer.contains(time) ? time + .seconds(3600) : time
        return Int((shown.seconds / 86_400).rounded(.down))
    }

    func time(_ secondOfDay: Int, ofDay dayNumber: Int) -> Timestamp {
        let shown = Timestamp(microseconds: Int64(dayNumber * 86_400 + secondOfDay) * 1_000_000)
        let inSummer = shown - .seconds(3600)
        return summer.contains(inSummer) ? inSummer : shown
    }
}

/// Makes periods whose days are mostly around one day.
private struct PeriodGenerator {
    private var random: SplitMix
    private let today: CivilDate

    init(seed: UInt64, today: CivilDate) {
        random = SplitMix(seed: seed)
        self.today = today
    }

    mutating func definitions(_ count: Int) -> String {
        (0..<count).map { definition($0) }.joined()
    }

    private mutating func definition(_ number: Int) -> String {
        var ranges: [String: String] = [:]
        for _ in 0...Int.random(in: 0...2, using: &random) { ranges[days()] = times() }
        let lines = ranges.sorted { $0.key < $1.key }.map { "\"\($0)\" = \"\($1)\"\n" }.joined()
        var more = ""
        if number > 3, Bool.random(using: &random) {
            let names = (0...1).map { _ in "\"p\(Int.random(in: 0..<number, using: &random))\"" }
            more = "includes = [ \(names[0]) ]\nexcludes = [ \(names[1]) ]\n"
            more += "prefer_includes = \(Bool.random(using: &random))\n"
        }
        return "object TimePeriod \"p\(number)\" { ranges = {\n\(lines)}\n\(more)}\n"
    }

    private mutating func near() -> CivilDate {
        today.advanced(by: Int.random(in: -2...3, using: &random))
    }

    private static let weekdays = [
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
    ]
    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    ]

    private func text(_ date: CivilDate) -> String {
        let parts = [date.month, date.dayOfMonth].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return "\(date.year)-\(parts[0])-\(parts[1])"
    }

    private mutating func days() -> String {
        let date = near()
        let month = Self.months[date.month - 1]
        let weekday = Self.weekdays[date.weekday.rawValue]
        let day = min(date.dayOfMonth, 28)
        let ordinal = min((date.dayOfMonth - 1) / 7 + 1, 4)
        let length = Int.random(in: 1...9, using: &random)
        let end = text(date.advanced(by: length))
        switch Int.random(in: 0..<11, using: &random) {
        case 0, 1: return weekday
        case 2: return text(date)
        case 3: return "\(text(date)) - \(end)"
        case 4: return "\(text(date.advanced(by: -length))) - \(end) / \(1 + length % 4)"
        case 5: return "day \(day)"
        case 6: return "day \(max(1, day - length)) - \(day)"
        case 7: return "\(month) \(day)"
        case 8: return "\(month) \(max(1, day - length)) - \(day)"
        case 9: return "\(weekday) \(ordinal)"
        default: return "\(weekday) \(ordinal) \(month)"
        }
    }

    /// No time within the hours in which clocks are changed: what is meant by those is not said.
    private mutating func times() -> String {
        (0...Int.random(in: 0...1, using: &random)).map { _ in
            let start = Int.random(in: 180...1380, using: &random)
            let end =
                Bool.random(using: &random)
                ? Int.random(in: start...1440, using: &random)
                : Int.random(in: 180..<max(181, start), using: &random)
            return "\(Self.clock(start))-\(Self.clock(end))"
        }.joined(separator: ",")
    }

    private static func clock(_ minute: Int) -> String {
        let parts = [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return parts.joined(separator: ":")
    }
}

extension CivilDate {
    fileprivate var dayOfMonth: Int {
        dayNumber - (CivilDate(year: year, month: month, day: 1)?.dayNumber ?? 0) + 1
    }
}

extension OracleValue {
    /// Segments, as a period keeps them.
    fileprivate var spans: [Range<Timestamp>] {
        guard case .list(let segments) = self else { return [] }
        return segments.compactMap { segment in
            guard let begin = segment["begin"].number, let end = segment["end"].number,
                let start = Timestamp(seconds: begin), let stop = Timestamp(seconds: end)
            else { return nil }
            return start..<stop
        }
    }
}
