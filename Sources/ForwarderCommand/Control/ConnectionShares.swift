import Foundation

/// Who has how many connections to the control socket, so that none who may ask something keeps
/// root and the daemon's own user out, and no user alone all others.
struct ConnectionShares: Sendable, Hashable {
    /// Whose a connection is.
    enum Holder: Sendable, Hashable {
        /// Root's, or the daemon's own user's.
        case owner
        case user(uid_t)
    }

    /// Connections at a time.
    ///
    /// 16: people and scripts of one host.
    static let limit = 16
    /// Connections of one other user at a time.
    static let userLimit = 4
    /// Connections of all other users at a time; the rest is for root and the daemon's own user.
    static let othersLimit = 12

    private var counts: [Holder: Int] = [:]

    private var total: Int { counts.values.reduce(0, +) }

    /// Counts one more connection.
    ///
    /// - Returns: why there is no room for it; nil when it counts.
    mutating func enter(_ holder: Holder) -> String? {
        let own = counts[holder] ?? 0
        if case .user = holder {
            guard own < Self.userLimit else {
                return "Too many connections of this user (\(own))."
            }
            let others = total - (counts[.owner] ?? 0)
            guard others < Self.othersLimit else { return "Too many connections." }
        }
        guard total < Self.limit else { return "Too many connections." }
        counts[holder] = own + 1
        return nil
    }

    /// Forgets one that has entered.
    mutating func leave(_ holder: Holder) {
        let rest = (counts[holder] ?? 1) - 1
        counts[holder] = rest > 0 ? rest : nil
    }
}
