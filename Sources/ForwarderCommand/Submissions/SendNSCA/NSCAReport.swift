import Monitoring

/// What a call of `send_nsca` has to say of its records, kept until all of them are handed over.
///
/// - Bound: ``limit`` lines of each level; of what is beyond them it is told how many there are.
struct NSCAReport: Sendable {
    /// Most lines of one level.
    ///
    /// 10,000: one for each record of a large call; a file of another kind has millions.
    static let limit = 10_000

    private(set) var lines: [(level: NSCALog.Level, text: String)] = []
    private var counts: [NSCALog.Level: Int] = [:]

    /// Adds a line, while its level has room; nil adds none.
    mutating func add(_ level: NSCALog.Level, _ text: String?) {
        guard let text else { return }
        let count = counts[level, default: 0] + 1
        counts[level] = count
        if count <= Self.limit { lines.append((level, text)) }
    }

    /// What is told of lines for which there was no room, for each level.
    var unsaid: [(level: NSCALog.Level, text: String)] {
        counts.sorted { $0.key < $1.key }.filter { $0.value > Self.limit }.map { level, count in
            (level, "\(Words.counted(count - Self.limit, "more line")) like these.")
        }
    }

    /// Says all of it.
    func tell(_ log: NSCALog) {
        for (level, text) in lines + unsaid { log.say(level, text) }
    }
}
