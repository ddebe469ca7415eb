/// Why a line of a time period means nothing.
enum TimePeriodFault: Error, Sendable, Hashable {
    /// Not a way to name days.
    case notADay(String)
    /// Not times of day.
    case notATime(String)
}

extension TimePeriodFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .notADay(let text):
            "'\(text)' names no days. Write a weekday (monday), a date (2026-12-24), a day of each "
                + "month (day 1, day -1, monday 2), a day of each year (july 4, monday 1 may), or "
                + "two of one kind with ' - ' between them; ' / 3' after it means every third day."
        case .notATime(let text):
            "'\(text)' is no time of day. Write HH:MM-HH:MM, with seconds or without, from 00:00 "
                + "to 24:00, and several of them with ',' between."
        }
    }
}

extension DayRange {
    /// Reads the left side of a line of `ranges`; case and further blanks do not matter.
    init(_ text: String) throws(TimePeriodFault) {
        let fault = TimePeriodFault.notADay(text)
        var words = text.lowercased().split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
        var stride: Int?
        if let slash = words.firstIndex(of: "/") {
            guard words.distance(from: slash, to: words.endIndex) == 2,
                let last = words.last, let every = Int(last), every > 0
            else { throw fault }
            stride = every
            words = words[..<slash]
        }
        let parts = words.split(separator: "-", omittingEmptySubsequences: false)
        guard let begin = parts.first, let first = DayAnchor(begin), parts.count <= 2 else {
            throw fault
        }
        self.init(first: first, stride: stride ?? 1)
        if parts.count == 2 {
            guard let end = first.end(parts[1]), end.goes(with: first) else { throw fault }
            last = end
        } else if stride != nil {
            guard case .date = first else { throw fault }
            isOpenEnded = true
        }
    }
}

extension DayAnchor {
    fileprivate init?(_ words: ArraySlice<Substring>) {
        let words = Array(words)
        guard let head = words.first, words.count <= 3 else { return nil }
        let number = words.count > 1 ? Int(words[1]) : nil
        switch (words.count, Weekday(named: head), Self.month(named: head), number) {
        case (1, let weekday?, _, _): self = .weekday(weekday)
        case (2, let weekday?, _, let ordinal?) where Self.weeks.contains(ordinal.magnitude):
            self = .weekdayOfMonth(weekday, ordinal)
        case (3, let weekday?, _, let ordinal?) where Self.weeks.contains(ordinal.magnitude):
            guard let month = Self.month(named: words[2]) else { return nil }
            self = .weekdayOfYear(month: month, weekday, ordinal)
        case (2, _, let month?, let day?) where Self.days.contains(day.magnitude):
            self = .dayOfYear(month: month, day)
        case (2, nil, nil, let day?) where head == "day" && Self.days.contains(day.magnitude):
            self = .dayOfMonth(day)
        case (1, nil, nil, _):
            guard let date = Self.date(head) else { return nil }
            self = .date(date)
        default: return nil
        }
    }

    /// The last day of a range that begins here; a number alone is of the same kind.
    fileprivate func end(_ words: ArraySlice<Substring>) -> DayAnchor? {
        guard words.count == 1, let word = words.first, let number = Int(word) else {
            return DayAnchor(words)
        }
        switch self {
        case .dayOfMonth where Self.days.contains(number.magnitude): return .dayOfMonth(number)
        case .dayOfYear(let month, _) where Self.days.contains(number.magnitude):
            return .dayOfYear(month: month, number)
        case .weekdayOfMonth(let weekday, _) where Self.weeks.contains(number.magnitude):
            return .weekdayOfMonth(weekday, number)
        default: return nil
        }
    }

    /// True when both can bound one range.
    fileprivate func goes(with other: DayAnchor) -> Bool { cycle == other.cycle }

    private static let weeks: ClosedRange<UInt> = 1...5
    private static let days: ClosedRange<UInt> = 1...31

    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    ]

    private static func month(named name: Substring) -> Int? {
        months.firstIndex(of: String(name)).map { $0 + 1 }
    }

    /// `2026-12-24`.
    private static func date(_ word: Substring) -> CivilDate? {
        let parts = word.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }
}

extension Weekday {
    fileprivate init?(named name: Substring) {
        let names = [
            "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
        ]
        guard let index = names.firstIndex(of: String(name)) else { return nil }
        self.init(rawValue: index)
    }
}
