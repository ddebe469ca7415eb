import Monitoring
import Spool
import TestSupport

/// A list of actions played on a spool and on its model until they disagree.
struct ModelRun {
    var sizeLimit: Int
    var actions: [SpoolAction]

    /// Where and how spool and model disagreed.
    struct Disagreement {
        let action: Int
        let words: String

        /// Its first word: a list that fails in another way is no shorter form of this one.
        var kind: Substring { words.prefix { $0 != " " } }
    }

    /// What a run came across; without it an agreement would prove little.
    struct Evidence {
        var actions = 0
        var leased = 0
        var evicted = 0
        var evictedKept = 0
        var refused = 0
        var confirmed = 0
        var resent = 0
        var crashes = 0
        var dropped = 0

        mutating func add(_ other: Evidence) {
            actions += other.actions
            leased += other.leased
            evicted += other.evicted
            evictedKept += other.evictedKept
            refused += other.refused
            confirmed += other.confirmed
            resent += other.resent
            crashes += other.crashes
            dropped += other.dropped
        }
    }

    private(set) var evidence = Evidence()
    private var beliefs = Beliefs()

    init(sizeLimit: Int, actions: [SpoolAction]) {
        self.sizeLimit = sizeLimit
        self.actions = actions
    }

    /// Plays all actions; nil when spool and model agreed to the end.
    mutating func play() async throws -> Disagreement? {
        let disk = try FaultyDisk()
        let settings = SpoolSettings(path: "\(disk.folder)/queue.db", sizeLimit: sizeLimit)
        var player = try ActionPlayer(settings)
        defer {
            // lost on purpose: a spool that disagreed may not close
            try? player.spool.close()
        }
        for (index, action) in actions.enumerated() {
            let words: String?
            do {
                words = try await step(action, &player, disk, isFullLook: index % 100 == 99)
            } catch {
                words = "\(error)"
            }
            if let words { return Disagreement(action: index, words: words) }
        }
        let found = try await player.spool.contradictions() + player.allViolations()
        return found.isEmpty
            ? nil : Disagreement(action: actions.count, words: found.joined(separator: "; "))
    }

    private mutating func step(
        _ action: SpoolAction,
        _ player: inout ActionPlayer,
        _ disk: FaultyDisk,
        isFullLook: Bool
    ) async throws -> String? {
        evidence.actions += 1
        if case .crash = action {
            evidence.crashes += 1
            disk.cut(.keep)
            // lost on purpose: the files of a dead process are closed by the kernel
            try? player.spool.close()
            try disk.restore()
            try player.open()
            beliefs.crashed()
            return try await look(player)
        }
        let numbers = player.nextNumber
        let answer = try await player.play(action).get()
        if let predicted = beliefs.succeeded(
            action,
            tick: player.tick,
            numbers: numbers,
            answer: answer
        ) {
            return "answered \(answer), expected \(predicted)"
        }
        if case .append(let drafts) = action, case .receipt(let receipt) = answer,
            receipt.taken < drafts.count
        {
            return "stored \(receipt.taken) of \(drafts.count) on a sound disk"
        }
        count(action, answer)
        if beliefs.models.count > 1 { return try await look(player) }
        if case .reopen = action { return try await look(player) }
        return isFullLook ? try await look(player) : nil
    }

    private mutating func look(_ player: ActionPlayer) async throws -> String? {
        if let words = beliefs.saw(try await player.spool.view()) { return words }
        let found = try await player.spool.contradictions()
        return found.isEmpty ? nil : found.joined(separator: "; ")
    }

    private mutating func count(_ action: SpoolAction, _ answer: SpoolAnswer) {
        switch (action, answer) {
        case (_, .receipt(let receipt)):
            evidence.evicted += receipt.evicted.values.reduce(0, +)
            evidence.refused += receipt.refused.values.reduce(0, +)
        case (_, .exchange(let answer)): evidence.leased += answer.leased.count
        case (.confirm, .count(let count)): evidence.confirmed += count
        case (.resend, .count(let count)): evidence.resent += count
        case (.drop, _): evidence.dropped += 1
        default: break
        }
    }
}

extension ModelRun {
    /// The shortest list found that still disagrees: parts are left out, halves first.
    ///
    /// - Source: Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002.
    func shrunk(from failed: Disagreement, tries: Int = 150) async throws -> ModelRun {
        var best = ModelRun(
            sizeLimit: sizeLimit,
            actions: Array(actions.prefix(failed.action + 1))
        )
        var part = max(best.actions.count / 2, 1)
        var left = tries
        while left > 0 {
            // the registration stays
            var from = 1
            var hasShrunk = false
            while from < best.actions.count, left > 0 {
                left -= 1
                var shorter = ModelRun(sizeLimit: sizeLimit, actions: best.actions)
                shorter.actions.removeSubrange(from..<min(from + part, best.actions.count))
                if let found = try await shorter.play(), found.kind == failed.kind {
                    best = ModelRun(sizeLimit: sizeLimit, actions: shorter.actions)
                    hasShrunk = true
                } else {
                    from += part
                }
            }
            if part == 1, !hasShrunk { break }
            part = max(part / 2, 1)
        }
        return best
    }
}
