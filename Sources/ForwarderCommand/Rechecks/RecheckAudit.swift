/// Bounds the lines that recheck requests write into the log; no count is lost.
///
/// Each destination has a budget of its own, and one for what was honoured, so that no flood hides
/// what somebody else asks for or what was run. The first ``lineLimit`` of a minute are told one by
/// one, the rest by number at its end.
struct RecheckAudit: Sendable {
    /// Lines a minute at most, for each budget.
    ///
    /// 60: what people can ask for by hand; a flood of 100,000 a minute leaves one more line.
    static let lineLimit = 60
    /// The span that the limit is about.
    static let span = Duration.seconds(60)

    private struct Budget: Hashable {
        var destination: String
        var isHonoured: Bool
    }

    private struct Minute {
        var beganAt: Duration
        var written = 0
        var untold: [RecheckOutcome.Kind: Int] = [:]
    }

    /// One for each budget that was touched lately; bounded by the destinations.
    private var minutes: [Budget: Minute] = [:]
    /// What became of requests since the start, by destination.
    private(set) var counts: [String: [RecheckOutcome.Kind: Int]] = [:]

    /// Counts an answer; true when it has a line of its own.
    mutating func note(
        _ kind: RecheckOutcome.Kind, of destination: String, at now: Duration
    ) -> Bool {
        counts[destination, default: [:]][kind, default: 0] += 1
        let budget = Budget(destination: destination, isHonoured: kind == .honoured)
        var minute = minutes[budget] ?? Minute(beganAt: now)
        if now - minute.beganAt >= Self.span, minute.untold.isEmpty {
            minute = Minute(beganAt: now)
        }
        let isTold = minute.written < Self.lineLimit
        if isTold {
            minute.written += 1
        } else {
            minute.untold[kind, default: 0] += 1
        }
        minutes[budget] = minute
        return isTold
    }

    /// When something that was not told one by one is to be told; nil when all was.
    var summaryDueAt: Duration? {
        minutes.values.filter { !$0.untold.isEmpty }.map { $0.beganAt + Self.span }.min()
    }

    /// What was not told one by one and is due, by destination; a new minute begins for it.
    ///
    /// - Parameter isLast: true to tell what is not due yet as well.
    mutating func summary(
        at now: Duration, isLast: Bool = false
    ) -> [String: [RecheckOutcome.Kind: Int]] {
        var rest: [String: [RecheckOutcome.Kind: Int]] = [:]
        for (budget, minute) in minutes where !minute.untold.isEmpty {
            guard isLast || now - minute.beganAt >= Self.span else { continue }
            rest[budget.destination, default: [:]].merge(minute.untold) { $0 + $1 }
            minutes[budget] = nil
        }
        return rest
    }
}
