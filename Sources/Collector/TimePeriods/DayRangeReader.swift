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
            Self.spelling(of: text)
                ?? "'\(text)' names no days. Write a weekday (monday), a date (2026-12-24), a day "
                + "of each month (day 1, day -1, monday 2), a day of each year (july 4, monday 1 "
                + "may), or two of one kind with ' - ' between them; ' / 3' after two means every "
                + "third day, as '/3' after a date does."
        case .notATime(let text):
            Self.blanks(in: text)
                ?? "'\(text)' is no time of day. Write HH:MM-HH:MM, with seconds or without, from "
                + "00:00 to 24:00, and several of them with ',' between."
        }
    }

    /// What to write for days that are only spelled otherwise than in Icinga; nil for all others.
    private static func spelling(of text: String) -> String? {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let closed = words.replacing(" / ", with: "/").replacing("/ ", with: "/")
            .replacing(" /", with: "/")
        let open = words.replacing("-", with: " - ").split(separator: " ").joined(separator: " ")
        for other in [words, closed, open] where other != text {
            guard (try? DayRange(other)) != nil else { continue }
            return "'\(text)' names no days as it is written: days and months have small letters, "
                + "and blanks count. Write '\(other)'."
        }
        return nil
    }

    /// What to write for times that have blanks, which Icinga refuses; nil for all others.
    private static func blanks(in text: String) -> String? {
        let other = text.filter { !$0.isWhitespace }
        guard other != text, (try? ClockRange.all(other)) != nil else { return nil }
        return "'\(text)' is no time of day: blanks are not taken. Write '\(other)'."
    }
}

extension DayRange {
    /// Reads the left side of a line of `ranges`, which has small letters, and one blank between
    /// words.
    ///
    /// As in Icinga a range is what has "- ", and only beside that and after a `/` more blanks do
    /// no harm.
    init(_ text: String) throws(TimePeriodFault) {
        let fault = TimePeriodFault.notADay(text)
        var days = text[...]
        var stride: Int?
        if let slash = text.firstIndex(of: "/") {
            guard let every = Int(text[text.index(after: slash)...].trimmed), every > 0 else {
                throw fault
            }
            stride = every
            days = text[..<slash]
        }
        var parts = [days]
        if let dash = days.firstRange(of: "- ") {
            parts = [days[..<dash.lowerBound].trimmed, days[dash.upperBound...].trimmed]
        }
        guard let first = DayAnchor(parts[0].words) else { throw fault }
        self.init(first: first, stride: stride ?? 1)
        if parts.count == 2 {
            guard let end = first.end(parts[1].words), end.goes(with: first) else { throw fault }
            last = end
        } else if stride != nil {
            guard case .date = first else { throw fault }
            isOpenEnded = true
        }
    }
}

extension Substring {
    /// Without the blanks around it.
    fileprivate var trimmed: Substring {
        let start = drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return start }
        return start[...last]
    }

    /// What is between blanks, empty where two follow each other.
    fileprivate var words: [Substring] {
        split(separator: " ", omittingEmptySubsequences: false)
    }
}

extension DayAnchor {
    fileprivate init?(_ words: [Substring]) {
        var words = words
        // a number may have blanks behind it
        if words.count > 2, words[2...].allSatisfy(\.isEmpty), Weekday(named: words[0]) == nil {
            words.removeLast(words.count - 2)
        }
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
    fileprivate func end(_ words: [Substring]) -> DayAnchor? {
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
