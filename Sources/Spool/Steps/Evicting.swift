internal import GRDB
internal import Monitoring

/// Where the search for something to evict goes on; what it passed could not be evicted then.
struct EvictionCursors {
    var kept: Int64 = 0
    var changes: Int64 = 0
}

extension SpoolTransaction {
    /// Evicts until there is room, or nothing is left that may go, and returns the room there is.
    ///
    /// - Parameter changesNeeded: how much of the room is for changes; only for them changes go.
    mutating func makeRoom(
        for needed: Int,
        evictingChangesFor changesNeeded: Int,
        receipt: inout AcceptReceipt
    ) throws -> Int {
        var room = try measureRoom()
        var budget = SpoolBounds.evictionLimit
        for stage in EvictionStage.allCases {
            let wanted = stage == .changes ? changesNeeded : needed
            var hasRewound = false
            while room < wanted, budget > 0 {
                let rows = try candidates(of: stage)
                for row in rows where room < wanted && budget > 0 {
                    budget -= 1
                    pass(row, in: stage)
                    guard let name = try evict(row, stage: stage) else { continue }
                    receipt.evicted[name, default: 0] += 1
                    room = try measureRoom()
                }
                guard rows.count < SpoolBounds.evictionStep else { continue }
                guard !hasRewound, rewind(stage) else { break }
                hasRewound = true
            }
        }
        return room
    }

    /// What may be accepted now; below zero when the limit was lowered.
    private func measureRoom() throws -> Int { bounds.acceptBytes - (try liveBytes()) }

    /// The next rows of a stage, oldest first.
    private func candidates(of stage: EvictionStage) throws -> [EvictionRow] {
        let limit = SpoolBounds.evictionStep
        let rows: [StoredRow]
        switch stage {
        case .kept:
            rows = try fetch(SQL.keptByAge, [memory.evictionCursors.kept, limit])
        case .rejected: rows = try fetch(SQL.rejectedByAge, [0, limit])
        case .unchanged: rows = try fetch(SQL.resultsByWorth, [0, 0, limit])
        case .changes:
            rows = try fetch(SQL.resultsByWorth, [1, memory.evictionCursors.changes, limit])
        }
        return try rows.map { EvictionRow(result: try $0.value(0), object: try $0.value(1)) }
    }

    /// Remembers that a row was looked at, in stages whose rows can stay protected for long.
    private mutating func pass(_ row: EvictionRow, in stage: EvictionStage) {
        switch stage {
        case .kept: memory.evictionCursors.kept = row.result
        case .changes: memory.evictionCursors.changes = row.result
        case .rejected, .unchanged: break
        }
    }

    /// Starts a stage over; false when it had started at its beginning.
    private mutating func rewind(_ stage: EvictionStage) -> Bool {
        let cursor: WritableKeyPath<EvictionCursors, Int64>
        switch stage {
        case .kept: cursor = \.kept
        case .changes: cursor = \.changes
        case .rejected, .unchanged: return false
        }
        let hadMoved = memory.evictionCursors[keyPath: cursor] > 0
        memory.evictionCursors[keyPath: cursor] = 0
        return hadMoved
    }

    /// Gives one result up everywhere, unless something protects it; the object's name if done.
    private mutating func evict(
        _ row: EvictionRow,
        stage: EvictionStage
    ) throws -> ObjectName? {
        let places = try destinations().map { ($0.id, try place(of: row, at: $0.id)) }
        for (destination, place) in places where try protects(place, row, destination, stage) {
            return nil
        }
        note(.evict)
        for (destination, place) in places {
            let key: StatementArguments = [destination, row.object, row.result]
            let lane: StatementArguments = [destination, row.object]
            switch place {
            case .leased, nil: continue
            case .queued:
                try run(SQL.deleteDelivery, key)
                try run(SQL.laneEvicted, lane)
            case .kept:
                try run(SQL.deleteKept, key)
                try run(SQL.laneKeptEvicted, lane)
            case .rejected:
                try run(SQL.deleteRejected, key)
                try run(SQL.laneRejectedDropped, lane)
            }
        }
        try deleteResult(row.result, of: row.object)
        return try name(of: row.object)
    }

    private func protects(
        _ place: ResultPlace?,
        _ row: EvictionRow,
        _ destination: Int64,
        _ stage: EvictionStage
    ) throws -> Bool {
        switch (place, stage) {
        case (.leased, _): true
        case (.queued, .kept), (.queued, .rejected): true
        case (.queued, .changes):
            try integer(SQL.hasLaterDelivery, [destination, row.object, row.result]) == nil
        default: false
        }
    }

    /// Where a result stands at one destination; nil when it is done with there.
    private func place(of row: EvictionRow, at destination: Int64) throws -> ResultPlace? {
        let key: StatementArguments = [destination, row.object, row.result]
        if let isLeased = try integer(SQL.findDelivery, key) {
            return isLeased == 0 ? .queued : .leased
        }
        if try integer(SQL.findKept, key) != nil { return .kept }
        return try integer(SQL.findRejected, key) != nil ? .rejected : nil
    }
}

/// What goes, in this order.
private enum EvictionStage: CaseIterable {
    case kept
    case rejected
    case unchanged
    case changes
}

private enum ResultPlace {
    case queued
    case leased
    case kept
    case rejected
}

private struct EvictionRow {
    let result: Int64
    let object: Int64
}

extension SpoolTransaction {
    /// The name behind an object's row.
    func name(of object: Int64) throws -> ObjectName {
        guard let row = try row(SQL.nameOfObject, [object]) else {
            throw damaged("object \(object) has no name")
        }
        return try row.object(0)
    }

    /// Deletes a result that no destination needs any more, and its snapshot if it was the last.
    func deleteResult(_ result: Int64, of object: Int64) throws {
        guard let snapshot = try integer(SQL.deleteResult, [result]) else { return }
        try run(SQL.purgeSnapshot, [snapshot, object])
    }

    /// Deletes a result that `destination` is done with, unless another one needs it.
    mutating func release(_ result: Int64, of object: Int64, by destination: Int64) throws {
        let row = EvictionRow(result: result, object: object)
        for other in try destinations() where other.id != destination {
            guard try place(of: row, at: other.id) == nil else { return }
        }
        try deleteResult(result, of: object)
    }
}
