import Foundation

/// Bounds the lines that refused results write into the log; no count is lost.
///
/// Each submitter has a budget of its own, so that no flood hides what somebody else is refused.
struct RefusalAudit: Sendable {
    /// Lines a minute at most, for each submitter.
    ///
    /// 20: enough to see what a script gets wrong.
    static let lineLimit = 20
    /// The span that the limit is about.
    static let span = Duration.seconds(60)
    /// Submitters that have a budget of their own at a time; others share one.
    ///
    /// 1,000: more users than submit anything on one host.
    static let submitterLimit = 1000

    private struct Minute: Sendable {
        var beganAt: Duration
        var written = 0
        var untold = 0
    }

    private var minutes: [uid_t: Minute] = [:]
    /// What was refused since the start.
    private(set) var count = 0

    /// Counts one refusal; true when it has a line of its own.
    mutating func note(_ submitter: uid_t, at now: Duration) -> Bool {
        count += 1
        let isShared = minutes[submitter] == nil && minutes.count >= Self.submitterLimit
        let budget = isShared ? uid_t.max : submitter
        var minute = minutes[budget] ?? Minute(beganAt: now)
        if minute.written < Self.lineLimit {
            minute.written += 1
            minutes[budget] = minute
            return true
        }
        minute.untold += 1
        minutes[budget] = minute
        return false
    }

    /// What was not told one by one, of minutes that are over; those begin anew.
    mutating func summary(at now: Duration) -> [(submitter: uid_t, count: Int)] {
        let over = minutes.filter { now - $0.value.beganAt >= Self.span }
        for submitter in over.keys { minutes[submitter] = nil }
        return over.filter { $0.value.untold > 0 }
            .map { (submitter: $0.key, count: $0.value.untold) }
            .sorted { $0.submitter < $1.submitter }
    }
}
