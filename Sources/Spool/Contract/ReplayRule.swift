package import Monitoring

/// Which of the results that wait for a destination it still gets.
package enum ReplayMode: String, Sendable, Codable, CaseIterable {
    /// Everything, in order.
    case all
    /// All but what changed nothing.
    case changes
    /// What brings the master to the object's present standing.
    case latest
}

/// What may be skipped of the results of one object that wait: a pure decision.
///
/// Whatever is skipped, each result that is delivered leaves the object in the state, state type
/// and attempt that it had here: on a master that stands where the object stood before the first
/// result that waits, and from the first OK that is delivered on, on every master. So no problem is
/// hidden, softened or counted from the start again. Why: docs/spool.md, "What is skipped".
package struct ReplayRule: Hashable, Sendable {
    /// What is delivered however old it is.
    package var mode: ReplayMode
    /// Results that were executed before this count as with `latest`; nil when age does not matter.
    package var oldest: Timestamp?

    /// A rule with its parts; skips nothing unless told.
    package init(_ mode: ReplayMode = .all, oldest: Timestamp? = nil) {
        self.mode = mode
        self.oldest = oldest
    }

    /// One result that waits, as far as it matters here.
    package struct Row: Hashable, Sendable {
        /// What it changed when it was measured.
        package var significance: Significance
        /// True when it is no problem: it sets every master to the same standing.
        package var isFine: Bool
        /// When it was executed, by this host's clock.
        package var executionStart: Timestamp
        /// True when the master may know it already: it stays.
        package var isPinned: Bool

        /// A row with its parts.
        package init(
            significance: Significance, isFine: Bool, executionStart: Timestamp,
            isPinned: Bool = false
        ) {
            self.significance = significance
            self.isFine = isFine
            self.executionStart = executionStart
            self.isPinned = isPinned
        }
    }

    /// A way to look for what can go; each goes through an object's results once, oldest first.
    package enum Pass: Hashable, Sendable, CaseIterable {
        /// What changed nothing.
        case idle
        /// Also what an OK behind it makes needless, up to where results must all be seen.
        case standing
        /// Only what an OK behind it makes needless, up to there.
        case reset
    }

    /// What is known of the results that wait.
    package enum History: Hashable, Sendable {
        /// The master gets, or got, each change of the object.
        case whole
        /// A change is missing and no OK behind it went out: what changed nothing here is an
        /// attempt on a master that did not see it.
        case gapped
    }

    /// The ways that this rule takes.
    package func passes(of history: History = .whole) -> [Pass] {
        switch (mode, history) {
        case (.all, .whole): oldest == nil ? [] : [.standing]
        case (.changes, .whole): oldest == nil ? [.idle] : [.idle, .standing]
        case (.latest, .whole): [.standing]
        case (.all, .gapped), (.changes, .gapped): oldest == nil ? [] : [.reset]
        case (.latest, .gapped): [.reset]
        }
    }

    /// What one pass says about some results in a row.
    package struct Judgement: Hashable, Sendable {
        /// Places of results to skip, in order.
        package var skipped: [Int] = []
        /// How many need not be looked at by this pass again; never the last one.
        package var judged = 0
        /// The place of a result before which the master needs nothing of the object, not even
        /// results that came before those that were given.
        package var reset: Int?
    }

    /// Judges results of one object in the order of acceptance.
    ///
    /// The last one given always stays, so an object's newest does, wherever the list is cut.
    package func judge(_ rows: [Row], in pass: Pass) -> Judgement {
        var judgement = Judgement()
        guard let last = rows.indices.last else { return judgement }
        switch pass {
        case .idle: judgement.judged = last
        case .standing:
            let firstSeen = rows.firstIndex { !isReduced($0) } ?? last
            judgement.judged = min(firstSeen, last)
            judgement.reset = rows[...judgement.judged].lastIndex { $0.isFine }
        case .reset:
            let firstSeen = rows.firstIndex { !isReduced($0) } ?? last
            judgement.reset = rows[...min(firstSeen, last)].lastIndex { $0.isFine }
            judgement.judged = judgement.reset ?? 0
        }
        let reset = judgement.reset ?? 0
        let pinned = rows[..<reset].lastIndex { $0.isPinned } ?? -1
        judgement.skipped = rows[..<judgement.judged].indices.filter { place in
            guard !rows[place].isPinned else { return false }
            return (pinned + 1..<reset).contains(place)
                || pass != .reset && isIdle(place, in: rows)
        }
        return judgement
    }

    private func isReduced(_ row: Row) -> Bool {
        mode == .latest || oldest.map { row.executionStart < $0 } ?? false
    }

    /// True for what changed nothing, but for the last OK before a problem: with it the problem's
    /// attempts count from the right place, wherever the master stood before.
    private func isIdle(_ place: Int, in rows: [Row]) -> Bool {
        guard rows[place].significance == .unchanged else { return false }
        return !rows[place].isFine || rows[place + 1].isFine
    }
}
