/// One thing that a hostile master does, and what keeps it from doing harm.
struct HostileCase: Sendable {
    /// A line of ours that it would get past if that were missing.
    struct Guard: Sendable, Hashable {
        /// From the repository's root.
        var file: String
        /// What stands in that file.
        var symbol: String

        init(_ file: String, _ symbol: String) {
            self.file = "Sources/" + file
            self.symbol = symbol
        }
    }

    /// What the forwarder does about it, as the master sees it.
    enum Reaction: Sendable {
        /// It ends the connection.
        case hangsUp
        /// It ends the connection and never said a word inside TLS.
        case sendsNothing
        /// It asks for more on the same connection.
        case goesOn
        /// It is done to so many requests; what else follows is its own affair.
        case bears(Int)
        /// It asks so often what the master holds, and when checks are due if it ever does.
        case asks(Int)
    }

    /// What may become of results.
    enum Price: Sendable {
        /// Each takes effect.
        case nothing
        /// The master said that it refuses some, or that it lacks what it holds and discards it
        /// when it comes again: each of these is counted in `status`.
        case counted
        /// The same of a master without a clock: what it holds lies in its future now and then, so
        /// that it takes results in any order itself, also twice.
        case order
    }

    /// What it is called in tables and failures.
    var name: String
    /// What the master does, for docs/hostile-master.md.
    var does: String
    /// What it would get past.
    var guards: [Guard]
    /// What holds, for docs/hostile-master.md.
    var holds: String
    var reaction: Reaction
    var price = Price.nothing
    /// True where nobody can tell from the answers whether results took effect: each is counted as
    /// ambiguous, and read back.
    var isDoubted = false
    /// Seconds before which nobody may have come back so often: the least that waits come to.
    var earliest = 0.0
    /// What the uplink's log has to say of it, so that it failed for this reason and no other.
    var says: String?
    /// True for the short form, too.
    var isShort = false
    /// What the master plays.
    var script: @Sendable (Stage) -> Script
}

/// What scripts may need to know of where they are played.
struct Stage: Sendable {
    /// Certificates that are not the master's.
    var impostors: Impostors
    /// A file that exists once somebody ran what a master smuggled in.
    var canary: String
    /// A port to which nobody may be led.
    var trapPort: Int
}
