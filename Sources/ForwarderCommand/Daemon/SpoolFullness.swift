/// Decides from what the spool gave up and refused when it counts as full, and what is said of it.
///
/// One alarm spans everything from the first loss until nothing was lost for ``calm``; its figures
/// are totals since it began.
struct SpoolFullness: Sendable, Hashable {
    /// How long nothing may be lost until the alarm ends.
    ///
    /// 5 minutes: the usual check interval, so that every object had its turn.
    static let calm = Duration.seconds(300)

    /// What was lost since the alarm began.
    struct Losses: Sendable, Hashable {
        var refused = 0
        var evicted = 0
    }

    /// What changed.
    enum Change: Sendable, Hashable {
        case began(Losses)
        case wentOn(Losses)
        case ended(Losses)
    }

    private var losses: Losses?
    private var lostAt = Duration.zero

    /// Takes note of what one batch cost; nil when there is no alarm before and after.
    mutating func note(refused: Int, evicted: Int, at now: Duration) -> Change? {
        guard refused + evicted == 0 else {
            let isNew = losses == nil
            var total = losses ?? Losses()
            total.refused += refused
            total.evicted += evicted
            losses = total
            lostAt = now
            return isNew ? .began(total) : .wentOn(total)
        }
        guard let total = losses else { return nil }
        guard now - lostAt >= Self.calm else { return .wentOn(total) }
        losses = nil
        return .ended(total)
    }
}

extension SpoolFullness.Losses {
    /// The alarm's words.
    var text: String {
        """
        The spool is at its limit: since then \(refused) results were refused and \(evicted) given \
        up. Restore the master, or raise size_limit of the Spool object.
        """
    }
}
