internal import Glibc

/// How many files may be open at a time, by this process and by each plugin.
///
/// A daemon must not run out of descriptors by its own doing: a check without any would be UNKNOWN
/// for a reason that is not the plugin's, and the runtime library itself ends a process in which it
/// cannot look at its threads. So the limit is raised as far as it may be, checks at a time are
/// bounded by it, and plugins get the old one back: programs that use select() cannot handle more,
/// and some close every number that may be open.
///
/// - Source: systemd.exec(5), LimitNOFILE: 1,024 for one who does not ask, 524,288 for one who does.
package struct DescriptorLimit: Sendable, Hashable {
    /// Descriptors that this process may have.
    package let own: Int
    /// The soft limit that plugins get.
    package let ofPlugins: Int

    /// More is of no use, and a number of this size bounds what a loop over all of them costs.
    static let mostOfUse = 65_536
    /// What everything but checks may need: the spool and its copies, 16 control connections, the
    /// uplink, files of definitions.
    static let reserve = 96
    /// The pipe it writes to and its process.
    static let perCheck = 2

    /// A limit with its parts.
    package init(own: Int, ofPlugins: Int) {
        self.own = own
        self.ofPlugins = ofPlugins
    }

    /// Most checks at a time that never take the last descriptor; at least 1.
    package var mostChecks: Int { max(1, (own - Self.reserve) / Self.perCheck) }

    /// The limit as it is, for a process that does not raise it.
    package static var current: DescriptorLimit {
        let now = soft(read())
        return DescriptorLimit(own: now, ofPlugins: now)
    }

    /// Raises this process's soft limit up to the hard one, at most to ``mostOfUse``; it is never
    /// lowered.
    package static func raised() -> DescriptorLimit {
        var limit = read()
        let usual = soft(limit)
        let wanted = min(limit.rlim_max, rlim_t(mostOfUse))
        guard wanted > limit.rlim_cur else { return current }
        limit.rlim_cur = wanted
        // Up to the hard limit it is everybody's right; where a filter refuses it, it stays.
        guard setrlimit(kind, &limit) == 0 else { return current }
        return DescriptorLimit(own: soft(limit), ofPlugins: usual)
    }

    private static let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    private static func read() -> rlimit {
        var limit = rlimit()
        // Fails for no kind of limit that exists.
        _ = getrlimit(kind, &limit)
        return limit
    }

    private static func soft(_ limit: rlimit) -> Int { Int(clamping: limit.rlim_cur) }
}
