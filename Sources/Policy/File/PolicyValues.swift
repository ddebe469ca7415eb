/// What is wrong with a value.
struct ValueFlaw: Error {
    var message: String
}

/// Spans of time as a policy writes them: a whole number and a unit.
enum PolicyDuration {
    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]

    /// The span that `text` writes, between `shortest` and ``RecheckLimit/longestPeriod``.
    static func read(_ text: String, from shortest: Duration) throws(ValueFlaw) -> Duration {
        let digits = text.dropLast()
        guard let last = text.last, let unit = units[last], !digits.isEmpty,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            let example = Int(text).map { $0 >= 0 ? "\(text)s" : "30s" } ?? "30s"
            throw ValueFlaw(
                message:
                    "A duration is a whole number with s, m, h or d. Did you mean '\(example)'?"
            )
        }
        let seconds = Int64(digits).map { $0.multipliedReportingOverflow(by: unit) }
        let longest = RecheckLimit.longestPeriod
        guard let seconds, !seconds.overflow, .seconds(seconds.partialValue) <= longest,
            .seconds(seconds.partialValue) >= shortest
        else {
            let range = "\(shortest.components.seconds)s to \(longest.components.seconds / 86_400)d"
            throw ValueFlaw(message: "The duration '\(text.prefix(40))' is not within \(range).")
        }
        return .seconds(seconds.partialValue)
    }
}

extension RecheckLimit {
    /// The limit that a text such as `60/1h` writes.
    init(reading text: String) throws(ValueFlaw) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let digits = parts.first, !digits.isEmpty,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            throw ValueFlaw(message: "A limit is a number of rechecks in a time, such as '60/1h'.")
        }
        guard let count = Int(digits), (1...Self.largestCount).contains(count) else {
            throw ValueFlaw(
                message: """
                    The number of rechecks must be 1 to \(Self.largestCount). To allow none, \
                    remove the permission.
                    """
            )
        }
        self.init(
            count: count, period: try PolicyDuration.read(String(parts[1]), from: .seconds(1)))
    }
}

extension OutputLevel {
    /// The level of this name.
    init(reading text: String) throws(ValueFlaw) {
        if let level = OutputLevel(rawValue: text) {
            self = level
            return
        }
        let names = Self.allCases.map(\.rawValue)
        throw ValueFlaw(
            message: """
                There is no output level '\(text.prefix(80))'.\
                \(Suggestion.text(for: text, among: names)) Levels are \
                \(names.joined(separator: ", ")).
                """
        )
    }
}
