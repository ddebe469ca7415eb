import Delivery

/// Decides when an uplink that ended is started anew, and whether its end is news.
struct UplinkRestarts: Sendable {
    /// The first wait before another start, and the longest.
    static let firstWait = Duration.milliseconds(500)
    static let longestWait = Duration.seconds(60)
    /// An uplink that ran longer than this starts the waits over.
    static let soundRun = Duration.seconds(60)

    /// What follows an end.
    struct Next: Sendable, Hashable {
        /// How long to wait before the next start.
        var wait: Duration
        /// True when it ended in another way than the one before.
        var isNews: Bool
    }

    private var lastText: String?
    private var backoff = Backoff(first: firstWait, longest: longestWait)

    /// Takes note that an uplink ended with these words.
    mutating func ended(
        text: String, startedAt: Duration, at now: Duration,
        using random: inout some RandomNumberGenerator
    ) -> Next {
        let isNews = text != lastText
        lastText = text
        if now - startedAt > Self.soundRun { backoff.reset() }
        return Next(wait: backoff.next(using: &random), isNews: isNews)
    }
}
