import Monitoring
import Spool

/// Where the search for something to evict starts: it goes on where an earlier one ended.
struct EvictionMarks: Hashable, Sendable {
    var kept = 0
    var changes = 0
    /// How many of an append's evictions were for its second result, and for its third.
    var later = [0, 0]
}

/// The order in which results go at the bound.
private enum Stage: Int, CaseIterable, Comparable {
    case kept, retired, rejected, unchanged, changes, newest

    static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
}

extension SpoolModel {
    /// What an append comes to when it evicts and refuses as many as was observed.
    mutating func append(
        _ drafts: [SpoolAction.Draft],
        _ first: Int,
        observed: SpoolAnswer?,
        marks: EvictionMarks
    ) -> SpoolAnswer {
        var seen = ReceiptAnswer(taken: drafts.count)
        if case .receipt(let receipt)? = observed { seen = receipt }
        var marks = marks
        var answer = ReceiptAnswer(taken: min(seen.taken, drafts.count))
        let evicting = seen.evicted.values.reduce(0, +)
        let late = marks.later.reduce(0, +)
        var refusals = seen.refused
        for (offset, draft) in drafts.enumerated() {
            let isLater = (1...marks.later.count).contains(offset)
            let count = offset == 0 ? evicting - late : isLater ? marks.later[offset - 1] : 0
            for object in evict(count, &marks) {
                answer.evicted[SpoolAction.object(object), default: 0] += 1
            }
            guard offset < answer.taken else { continue }
            let name = SpoolAction.object(draft.object)
            // of an object's results in one batch those that find room first are not known
            let left = drafts[offset..<answer.taken].count { $0.object == draft.object }
            let isRefused = refusals[name, default: 0] >= left && mayRefuse
            if isRefused { refusals[name, default: 0] -= 1 }
            take(draft, first + offset, isRefused: isRefused, &answer)
        }
        return .receipt(answer)
    }

    /// Stores one result with its schedule, or refuses it.
    private mutating func take(
        _ draft: SpoolAction.Draft, _ number: Int, isRefused: Bool, _ answer: inout ReceiptAnswer
    ) {
        let name = SpoolAction.object(draft.object)
        schedules[draft.object] = number
        for place in destinations.keys where destinations[place]?.isRetired == false {
            if isRefused {
                destinations[place]?.lanes[draft.object, default: ModelLane()].losses.refused += 1
            } else {
                add(Row(number: number, worth: draft.worth), draft.object, place)
            }
        }
        if isRefused {
            answer.refused[name, default: 0] += 1
        } else {
            answer.accepted += 1
            answer.grown[name, default: 0] += 1
        }
    }

    private mutating func add(_ row: Row, _ object: Int, _ place: Int) {
        var lane = destinations[place]?.lanes[object] ?? ModelLane()
        let index = lane.rows.firstIndex { $0.number > row.number } ?? lane.rows.endIndex
        lane.rows.insert(row, at: index)
        destinations[place]?.lanes[object] = lane
    }

    /// Only what found nothing left that may go may be refused.
    private var mayRefuse: Bool { Stage.allCases.allSatisfy { evictable($0).isEmpty } }

    /// Evicts so many results by rule, and returns their objects.
    private mutating func evict(_ count: Int, _ marks: inout EvictionMarks) -> [Int] {
        var objects: [Int] = []
        for stage in Stage.allCases {
            while objects.count < count, let next = nextEvicted(stage, marks) {
                remove(next.number, next.object, stage)
                if stage == .kept { marks.kept = next.number }
                if stage == .changes { marks.changes = next.number }
                objects.append(next.object)
            }
        }
        return objects
    }

    /// All places from which a search can start that evicts as much as was observed, with all ways
    /// to share the evictions out among an append's results: what comes first can make something
    /// older evictable for what comes next.
    func possibleMarks(_ answer: SpoolAnswer, of action: SpoolAction) -> [EvictionMarks] {
        guard case .receipt(let receipt) = answer, !receipt.evicted.isEmpty else {
            return [EvictionMarks()]
        }
        let count = receipt.evicted.values.reduce(0, +)
        guard case .append(let drafts) = action else { return startingMarks(count) }
        let marks = startingMarks(count, areMany: drafts.count > 1)
        return (0...(drafts.count > 1 ? count : 0)).flatMap { second in
            (0...(drafts.count > 2 ? count - second : 0)).flatMap { third in
                marks.map { one in
                    EvictionMarks(kept: one.kept, changes: one.changes, later: [second, third])
                }
            }
        }
    }

    /// The places that make a difference to what goes when so many do.
    ///
    /// While less goes than is kept, only where the search among kept ones starts; otherwise all
    /// of these go, unless what goes elsewhere makes more of them evictable.
    private func startingMarks(_ count: Int, areMany: Bool = false) -> [EvictionMarks] {
        let rows = destinations.values.flatMap { $0.lanes.values.flatMap(\.rows) }
        let kept = Set(rows.filter { $0.state == .kept }.map(\.number)).union([0])
        // Of several results in one append also between rows that cannot go yet.
        let changes =
            areMany
            ? Set(rows.filter { $0.worth != .unchanged }.map(\.number)).union([0])
            : Set(evictable(.changes).map { $0.number - 1 }).union([0])
        if queuedOfRetired().isEmpty {
            return count < evictable(.kept).count
                ? kept.map { EvictionMarks(kept: $0) } : changes.map { EvictionMarks(changes: $0) }
        }
        return kept.flatMap { kept in changes.map { EvictionMarks(kept: kept, changes: $0) } }
    }

    /// The oldest one behind the mark, from the start when there is none.
    private func nextEvicted(_ stage: Stage, _ marks: EvictionMarks) -> (number: Int, object: Int)?
    {
        let found = evictable(stage).sorted { $0.number < $1.number }
        let mark =
            switch stage {
            case .kept: marks.kept
            case .changes: marks.changes
            case .retired, .rejected, .unchanged, .newest: 0
            }
        return found.first { $0.number > mark } ?? found.first
    }

    private func evictable(_ stage: Stage) -> [(number: Int, object: Int)] {
        if stage == .retired { return queuedOfRetired() }
        var places: [Int: [(object: Int, worth: Significance, state: State, isLast: Bool)]] = [:]
        for destination in destinations.values {
            for (object, lane) in destination.lanes {
                let newest = lane.rows.last { $0.state == .queued || $0.state == .leased }?.number
                for row in lane.rows {
                    places[row.number, default: []]
                        .append((object, row.worth, row.state, row.number == newest))
                }
            }
        }
        return places.compactMap { number, rows in
            let mayGo =
                !rows.contains { $0.state == .leased }
                && rows.contains { row in
                    switch stage {
                    case .retired: false
                    case .kept: row.state == .kept
                    case .rejected: row.state == .rejected
                    case .unchanged, .newest: row.worth == .unchanged
                    case .changes: row.worth != .unchanged
                    }
                }
                && !rows.contains { row in
                    switch stage {
                    case .kept, .retired, .rejected: row.state == .queued
                    case .newest: false
                    case .unchanged, .changes: row.state == .queued && row.isLast
                    }
                }
            return mayGo ? (number, rows[0].object) : nil
        }
    }

    /// What waits where nobody delivers it any more; other destinations keep it.
    private func queuedOfRetired() -> [(number: Int, object: Int)] {
        var found: [Int: Int] = [:]
        for destination in destinations.values where destination.isRetired {
            for (object, lane) in destination.lanes {
                for row in lane.rows where row.state == .queued { found[row.number] = object }
            }
        }
        return found.map { ($0.key, $0.value) }
    }

    private mutating func remove(_ number: Int, _ object: Int, _ stage: Stage) {
        for place in destinations.keys {
            let isRetired = destinations[place]?.isRetired == true
            _ = change(place, object) { lane in
                guard let index = lane.rows.firstIndex(where: { $0.number == number }),
                    stage != .retired || (isRetired && lane.rows[index].state == .queued)
                else { return 0 }
                switch lane.rows[index].state {
                case .queued, .leased, .rejected: lane.losses.evicted += 1
                case .kept: lane.losses.evictedKept += 1
                }
                lane.rows.remove(at: index)
                return 1
            }
        }
    }
}
