internal import Monitoring

/// Where the search for something to evict goes on; what it passed could not be evicted then.
struct EvictionCursors {
    var kept: Int64 = 0
    var changes: Int64 = 0
    /// Of one append only: what protects these rows does not last.
    var rejected: Int64 = 0
    var unchanged: Int64 = 0
    var newest: Int64 = 0
}

extension SpoolTransaction {
    /// Evicts until there is room, or nothing is left that may go, and returns the room there is;
    /// nil when this transaction can evict no more, as the log has no room.
    mutating func makeRoom(
        for needed: Int,
        _ search: inout EvictionSearch,
        evicted: inout [ObjectName: Int]
    ) throws -> Int? {
        var room = try measureRoom()
        if search.stage == .kept {
            memory.evictionCursors.rejected = 0
            memory.evictionCursors.unchanged = 0
            memory.evictionCursors.newest = 0
        }
        for stage in EvictionStage.allCases.drop(while: { $0 != search.stage }) {
            var hasRewound = false
            search.stage = stage
            // However many objects there are, changes have their turn.
            let least = stage == .unchanged ? SpoolBounds.evictionLimit / 2 : 0
            while room < needed, search.looks > least {
                let rows = try candidates(of: stage)
                for row in rows where room < needed && search.looks > least {
                    guard try hasLogRoom(for: Self.forgottenFrames) else { return nil }
                    search.looks -= 1
                    pass(row, in: stage)
                    guard let name = try evict(row, stage: stage) else { continue }
                    evicted[name, default: 0] += 1
                    room = try measureRoom()
                }
                guard room < needed, rows.count < SpoolBounds.evictionStep else { continue }
                guard !hasRewound, rewind(stage) else { break }
                hasRewound = true
            }
        }
        search.stage = .kept
        return room
    }

    /// What may be accepted now; below zero when the limit was lowered.
    private func measureRoom() throws -> Int { bounds.acceptBytes - (try liveBytes()) }

    /// The next rows of a stage, oldest first.
    private func candidates(of stage: EvictionStage) throws -> [EvictionRow] {
        let limit = SpoolBounds.evictionStep
        let (query, values): (Query, Values) =
            switch stage {
            case .kept: (SQL.keptByAge, [memory.evictionCursors.kept, limit])
            case .retired: (SQL.queuedOfRetired, [limit])
            case .rejected: (SQL.rejectedByAge, [memory.evictionCursors.rejected, limit])
            case .unchanged: (SQL.resultsByWorth, [0, memory.evictionCursors.unchanged, limit])
            case .newest: (SQL.resultsByWorth, [0, memory.evictionCursors.newest, limit])
            case .changes: (SQL.resultsByWorth, [1, memory.evictionCursors.changes, limit])
            }
        return try fetch(query, values) { row in
            EvictionRow(result: try row.value(0), object: try row.value(1))
        }
    }

    /// Remembers that a row was looked at.
    private mutating func pass(_ row: EvictionRow, in stage: EvictionStage) {
        switch stage {
        case .kept: memory.evictionCursors.kept = row.result
        case .changes: memory.evictionCursors.changes = row.result
        case .rejected: memory.evictionCursors.rejected = row.result
        case .unchanged: memory.evictionCursors.unchanged = row.result
        case .newest: memory.evictionCursors.newest = row.result
        case .retired: break
        }
    }

    /// Starts a stage over; false when it had started at its beginning, as some always do.
    private mutating func rewind(_ stage: EvictionStage) -> Bool {
        let cursor: WritableKeyPath<EvictionCursors, Int64>
        switch stage {
        case .kept: cursor = \.kept
        case .changes: cursor = \.changes
        case .retired, .rejected, .unchanged, .newest: return false
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
        let places = try destinations().map { destination in
            (destination: destination, place: try place(of: row, at: destination.id))
        }
        if stage != .retired {
            for (destination, place) in places
            where try protects(place, row, destination.id, stage) { return nil }
        }
        note(.evict)
        for (destination, place) in places {
            guard let place else { continue }
            // What waits where nobody delivers it goes there alone.
            if stage == .retired, !destination.isRetired || place != .queued { continue }
            try take(row, from: place, at: destination.id, as: .evicted)
        }
        let isNeeded = try places.contains { destination, _ in
            try place(of: row, at: destination.id) != nil
        }
        if !isNeeded { try deleteResult(row.result, of: row.object) }
        return try name(of: row.object)
    }

    /// Takes a result from where it stands at one destination, and counts why.
    private func take(
        _ row: EvictionRow,
        from place: ResultPlace,
        at destination: Int64,
        as loss: ResultLoss
    ) throws {
        let key: Values = [destination, row.object, row.result]
        switch place {
        case .queued: try run(SQL.deleteDelivery, key + [RowState.queued.rawValue])
        case .leased: try run(SQL.deleteDelivery, key + [RowState.leased.rawValue])
        case .kept: try run(SQL.deleteDelivery, key + [RowState.kept.rawValue])
        case .rejected: try run(SQL.deleteRejected, key)
        }
        guard let count = SQL.laneLost[place]?[loss] else { return }
        try run(count, key)
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
        case (.queued, .unchanged), (.queued, .changes):
            try integer(SQL.hasLaterDelivery, [destination, row.object, row.result]) == nil
        default: false
        }
    }

    /// Where a result stands at one destination; nil when it is done with there.
    private func place(of row: EvictionRow, at destination: Int64) throws -> ResultPlace? {
        let key: Values = [destination, row.object, row.result]
        if let state = try integer(SQL.findDelivery, key) {
            switch RowState(rawValue: state) {
            case .queued: return .queued
            case .leased: return .leased
            case .kept: return .kept
            case nil: throw damaged("result \(row.result) is in state \(state)")
            }
        }
        return try integer(SQL.findRejected, key) != nil ? .rejected : nil
    }
}

/// How far one append is with making room for its next result.
struct EvictionSearch {
    /// Rows that it may still look at.
    var looks = SpoolBounds.evictionLimit
    /// Where another transaction goes on.
    var stage = EvictionStage.kept
}

/// What goes, in this order.
enum EvictionStage: CaseIterable {
    case kept
    case retired
    case rejected
    /// What changed nothing, but for an object's newest.
    case unchanged
    /// Never an object's newest.
    case changes
    /// An object's newest that changed nothing.
    case newest
}

/// Where a result stands at one destination.
enum ResultPlace: CaseIterable {
    case queued
    case leased
    case kept
    case rejected
}

/// Why a result is taken from where it stands.
enum ResultLoss: CaseIterable {
    /// For want of room.
    case evicted
    /// On an operator's word.
    case dropped
}

private struct EvictionRow {
    let result: Int64
    let object: Int64
}

extension SpoolTransaction {
    /// Pages that change with a result that is forgotten, at most nearly always: its own, those of
    /// its delivery, lane and snapshot, of four indexes, of the free list and its map, and what
    /// trees are balanced with.
    static let forgottenFrames = 12

    /// The name behind an object's row.
    func name(of object: Int64) throws -> ObjectName {
        guard let name = try row(SQL.nameOfObject, [object], read: { try $0.object(0) }) else {
            throw damaged("object \(object) has no name")
        }
        return name
    }

    /// Deletes a result that no destination needs any more, and its snapshot if it was the last.
    ///
    /// The newest snapshot of an object stays: its next result will most likely refer to it.
    mutating func deleteResult(_ result: Int64, of object: Int64) throws {
        guard let snapshot = try integer(SQL.deleteResult, [result]) else { return }
        guard let newest = try integer(SQL.newestSnapshot, [object]), snapshot < newest else {
            return
        }
        guard try run(SQL.purgeSnapshot, [snapshot, object]) > 0 else { return }
        if memory.snapshots[object]?.id == snapshot { memory.snapshots[object] = nil }
    }

    /// Forgets a result at one destination, wherever it stands there, and counts it as dropped.
    mutating func drop(_ result: Int64, of object: Int64, at destination: Int64) throws {
        let row = EvictionRow(result: result, object: object)
        if let place = try place(of: row, at: destination) {
            try take(row, from: place, at: destination, as: .dropped)
        }
        try release(result, of: object, by: destination)
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
