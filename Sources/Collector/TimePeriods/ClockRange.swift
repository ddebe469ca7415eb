/// Times of a day, in seconds after midnight: `09:00-17:00`.
struct ClockRange: Sendable, Hashable {
    /// The first second.
    var start: Int
    /// The second after the last; more than `start`, at most a day after it.
    ///
    /// Over 86,400 it is on the next day.
    var end: Int

    /// The latest end.
    static let dayLength = 86_400

    /// Reads the right side of a line of `ranges`: several with commas between them.
    ///
    /// An end that is not after its beginning is on the next day: `22:00-06:00`. Blanks are
    /// refused, as in Icinga.
    static func all(_ text: String) throws(TimePeriodFault) -> [ClockRange] {
        var ranges: [ClockRange] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let times = part.split(separator: "-", omittingEmptySubsequences: false)
            guard times.count == 2, let start = second(times[0]), let end = second(times[1]),
                start < dayLength
            else { throw .notATime(text) }
            ranges.append(ClockRange(start: start, end: end > start ? end : end + dayLength))
        }
        return ranges
    }

    /// `9:30` or `09:30:15`, at most 24:00.
    private static func second(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part -> Int? in
            guard (1...2).contains(part.count), part.allSatisfy(\.isASCII) else { return nil }
            return part.allSatisfy(\.isNumber) ? Int(String(part)) : nil
        }
        guard (2...3).contains(parts.count), numbers.count == parts.count,
            numbers[0] <= 24, numbers.dropFirst().allSatisfy({ $0 < 60 })
        else { return nil }
        let second = numbers[0] * 3600 + numbers[1] * 60 + (numbers.count > 2 ? numbers[2] : 0)
        return second <= dayLength ? second : nil
    }
}
