/// Decides when a flush is over, and how it ended for each destination.
///
/// Each destination is judged by itself: done when all that waited at the start is delivered, or
/// was tried and is set aside; stuck when nothing got through for as long as its ``Patience``.
struct FlushCourse: Sendable {
    /// How often a waiting destination is hurried; from then on the first hurry has taken effect.
    static let hurryInterval = Duration.seconds(1)

    /// How long one destination gets while nothing gets through to it.
    struct Patience: Sendable, Hashable {
        /// How long a fault may stay, once every node had its turn.
        var failing = Self.defaultFailing
        /// How long all its nodes together may take for one turn each: with a fault that stays, it
        /// is waited for so much longer at most.
        var turns: Duration
        /// How long it may be silent without failing.
        var silent: Duration

        /// 10 s: a master that starts again is there by then, and who waits sees why he does.
        static let defaultFailing = Duration.seconds(10)
        /// Of a destination that nobody configured, of which there is none.
        fileprivate static let unknown = Patience(turns: .zero, silent: defaultFailing)
    }

    /// Whether results come in beside the flush.
    enum Inflow: Sendable {
        /// A daemon checks on: done when nothing of what waited at the start waits any more.
        case goesOn
        /// This process alone owns the spool: done when the spool says that nothing is left.
        case none
    }

    /// What waits at one destination.
    struct Waiting: Sendable, Hashable {
        var destination: String
        var count: Int
        /// How many of these belong to objects that are left alone for a while.
        var parkedCount = 0
        /// How many of these were left alone when the flush began and were not tried since.
        var untriedCount = 0
        /// Why they are left alone, most frequent first.
        var reasons: [String] = []
        /// True while something waits, and is not left alone, that waited when the flush began.
        var isOldLeft = true

        /// True when all that waits is left alone; what came since is on its way.
        fileprivate var isParked: Bool { count == parkedCount }
        /// True when all that waits was tried and is left alone.
        fileprivate var isSetAside: Bool { isParked && untriedCount == 0 }
        /// True when nothing of what waits waited when the flush began and could still go.
        fileprivate var isNew: Bool { !isOldLeft && untriedCount == 0 }
    }

    /// Where the way to one destination stands.
    struct Way: Sendable, Hashable {
        var destination: String
        /// Results that were delivered since the process started.
        var delivered: Int
        /// Results that were skipped since then: they wait no more either.
        var skipped = 0
        /// Why nothing gets through; nil while it does.
        var fault: String?
        /// True while no node is tried because every one failed.
        var isIdle = false
        /// True while there is no uplink that could try any.
        var isAbsent = false
        /// What holds results back without being a failure.
        var warnings: [String] = []
    }

    /// What is to be done after a look.
    struct Step: Sendable, Hashable {
        var progress: FlushProgress
        /// Set when it is over.
        var outcome: FlushOutcome?
        /// True when failed connections should be tried again now.
        var shouldHurry = false
    }

    private let inflow: Inflow
    private let patience: [String: Patience]
    private var watches: [String: Watch]

    /// A flush that begins now; `patience` is by destination.
    init(ways: [Way], inflow: Inflow, patience: [String: Patience], at now: Duration) {
        self.inflow = inflow
        self.patience = patience
        watches = [:]
        for way in ways {
            watches[way.destination] = Watch(before: way, at: now)
        }
    }

    /// Judges what is seen now.
    mutating func look(waiting: [Waiting], ways: [Way], at now: Duration) -> Step {
        for way in ways { watches[way.destination]?.see(way, at: now) }
        let done = watches.values.map(\.done).reduce(0, +)
        let isOpen = waiting.contains { one in
            let patience = patience[one.destination] ?? .unknown
            return watches[one.destination].map { !$0.isOver(one, inflow, patience, at: now) }
                ?? false
        }
        var step = Step(
            progress: FlushProgress(
                total: done + waiting.map(\.count).reduce(0, +), done: done,
                obstacle: ways.lazy.compactMap(\.fault).first))
        if isOpen {
            step.shouldHurry = shouldHurry(ways, at: now)
        } else {
            step.outcome = FlushOutcome(
                delivered: watches.values.map(\.delivered).reduce(0, +),
                left: remainders(waiting, ways))
        }
        return step
    }

    /// True once an interval for each destination that fails.
    private mutating func shouldHurry(_ ways: [Way], at now: Duration) -> Bool {
        var isWanted = false
        for way in ways where way.fault != nil {
            isWanted = watches[way.destination]?.mayHurry(at: now) == true || isWanted
        }
        return isWanted
    }

    private func remainders(_ waiting: [Waiting], _ ways: [Way]) -> [FlushOutcome.Remainder] {
        waiting.compactMap { one in
            let isShort = watches[one.destination]?.isShort(one) == true
            guard isShort || one.parkedCount > 0 else { return nil }
            let way = ways.first { $0.destination == one.destination }
            return FlushOutcome.Remainder(
                destination: one.destination, count: isShort ? one.count : one.parkedCount,
                reason: Self.reason(for: one, way, isShort: isShort))
        }
    }

    /// A fault explains everything; what is set aside explains itself.
    private static func reason(for waiting: Waiting, _ way: Way?, isShort: Bool) -> String {
        if let fault = way?.fault { return fault }
        let warnings = way?.warnings ?? []
        let isOnlyParked = !isShort || waiting.isParked
        if isOnlyParked, waiting.untriedCount == 0, let reason = waiting.reasons.first {
            return reason
        }
        return warnings.isEmpty
            ? waiting.reasons.first ?? "The results are still on their way."
            : warnings.joined(separator: " ")
    }

    /// What was seen of one destination.
    private struct Watch: Sendable {
        let before: Way
        /// Delivered or skipped.
        private(set) var done = 0
        private(set) var delivered = 0
        /// Since when the fault is there that is there now.
        private var failingSince: Duration?
        /// True once every node was tried in vain since the flush began.
        private var hadTurns = false
        private var isAbsent = false
        private let startedAt: Duration
        private var movedAt: Duration
        private var hurriedAt: Duration

        init(before: Way, at now: Duration) {
            self.before = before
            startedAt = now
            movedAt = now
            hurriedAt = now
        }

        mutating func see(_ way: Way, at now: Duration) {
            delivered = way.delivered - before.delivered
            let count = delivered + way.skipped - before.skipped
            if count > done { movedAt = now }
            done = count
            isAbsent = way.isAbsent
            guard way.fault != nil else {
                failingSince = nil
                hadTurns = false
                return
            }
            failingSince = failingSince ?? now
            // Before that it may still be idle because of what failed before the flush.
            if way.isIdle, now - startedAt >= FlushCourse.hurryInterval { hadTurns = true }
        }

        /// True while something of the start is left that is not set aside, or nothing gets
        /// through.
        func isShort(_ waiting: Waiting) -> Bool {
            failingSince != nil || !(waiting.isNew || waiting.isSetAside)
        }

        /// True when all that waited is delivered or set aside, or nothing more can be expected;
        /// what else is left came since.
        func isOver(
            _ waiting: Waiting, _ inflow: Inflow, _ patience: Patience, at now: Duration
        ) -> Bool {
            if waiting.isSetAside { return true }
            if let failingSince {
                let stayed = now - max(failingSince, movedAt)
                let isInTurn = !hadTurns && !isAbsent
                return stayed > patience.failing + (isInTurn ? patience.turns : .zero)
            }
            if now - movedAt > patience.silent { return true }
            return inflow == .goesOn && waiting.isNew
        }

        mutating func mayHurry(at now: Duration) -> Bool {
            guard now - hurriedAt > FlushCourse.hurryInterval else { return false }
            hurriedAt = now
            return true
        }
    }
}
