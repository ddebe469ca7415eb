/// Bounds the lines that recheck requests write into the log; no count is lost.
///
/// The first ``lineLimit`` of a minute are told one by one, the rest by number, at its end.
struct RecheckAudit: Sendable {
    /// Lines a minute at most.
    ///
    /// 60: what people can ask for by hand; a flood of 100,000 a minute leaves one more line.
    static let lineLimit = 60
    /// The span that the limit is about.
    static let span = Duration.seconds(60)

    private var beganAt: Duration?
    private var written = 0
    private var untold: [RecheckOutcome.Kind: Int] = [:]
    /// What became of requests since the start, by destination.
    private(set) var counts: [String: [RecheckOutcome.Kind: Int]] = [:]

    /// Counts an answer; true when it has a line of its own.
    mutating func note(
        _ kind: RecheckOutcome.Kind, of destination: String, at now: Duration
    ) -> Bool {
        counts[destination, default: [:]][kind, default: 0] += 1
        if beganAt.map({ now - $0 >= Self.span && untold.isEmpty }) ?? true {
            beganAt = now
            written = 0
        }
        guard written < Self.lineLimit else {
            untold[kind, default: 0] += 1
            return false
        }
        written += 1
        return true
    }

    /// When the rest of this minute is to be told; nil when all was.
    var summaryDueAt: Duration? { untold.isEmpty ? nil : beganAt.map { $0 + Self.span } }

    /// What was not told one by one, and a new minute begins; nil before it is due.
    mutating func summary(at now: Duration) -> [RecheckOutcome.Kind: Int]? {
        guard let due = summaryDueAt, now >= due else { return nil }
        defer {
            untold = [:]
            beganAt = nil
        }
        return untold
    }
}
