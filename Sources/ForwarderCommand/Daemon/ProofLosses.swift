/// Decides for how long delivered results that went before their proof are an alarm.
///
/// The spool's counts only grow: what they were at the first look is old news, and what came to
/// them since is an alarm until an hour passed without more.
struct ProofLosses: Sendable, Hashable {
    /// How long the last loss stays an alarm.
    ///
    /// An hour: long enough for a person to see it, and it ends by itself.
    static let memory = Duration.seconds(3600)

    private struct Count: Sendable, Hashable {
        var begin: Int
        var now: Int
        var grewAt: Duration?
    }

    private var counts: [String: Count] = [:]

    /// Takes note of the counts by destination; the alarm's text, nil while there is none.
    mutating func note(_ lost: [String: Int], at now: Duration) -> String? {
        counts = counts.filter { lost[$0.key] != nil }
        for (name, count) in lost {
            var known = counts[name] ?? Count(begin: count, now: count)
            if count > known.now { known.grewAt = now }
            // A new spool counts anew.
            if count < known.now { known = Count(begin: count, now: count) }
            if let grewAt = known.grewAt, now - grewAt > Self.memory {
                known = Count(begin: count, now: count)
            }
            known.now = count
            counts[name] = known
        }
        let growing = counts.sorted { $0.key < $1.key }.filter { $0.value.grewAt != nil }
        let texts = growing.map { name, count in
            """
            \(name): \(Words.counted(count.now - count.begin, "delivered result")) had to be \
            forgotten for want of room before the master was seen to remember them. Raise \
            size_limit.
            """
        }
        return texts.isEmpty ? nil : texts.joined(separator: " ")
    }
}
