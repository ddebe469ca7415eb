internal import Monitoring

/// How far the results of one lane have been judged; a hint that costs only time when it is lost.
struct ReplayCursor {
    /// The last row that each pass needs not look at again.
    var judged: [ReplayRule.Pass: Int64] = [:]
    /// Rows before this one are needless.
    var reset: Int64 = 0
}

/// One lane, as the hints about it are kept.
struct ReplayPlace: Hashable {
    let destination: Int64
    let object: Int64
}

extension SpoolTransaction {
    /// Gives up what a lane's destination does not want of what waits, before its head is leased.
    ///
    /// What the master may know already, and the newest result, stay. Other destinations keep
    /// theirs. Whenever it stops, what is left can be delivered in order as it stands.
    ///
    /// - Parameter budget: rows that may still be read or given up in this transaction.
    /// - Returns: how many were given up.
    mutating func compact(
        _ row: inout LaneRow,
        by rule: ReplayRule,
        at destination: Int64,
        budget: inout Int
    ) throws -> Int {
        let passes = rule.passes(of: row.gap > 0 ? .gapped : .whole)
        guard !passes.isEmpty, row.lane.canLease, row.lane.queued > 1 else { return 0 }
        let place = ReplayPlace(destination: destination, object: row.object)
        var cursor = memory.replays[place] ?? ReplayCursor()
        let before = row.lane.losses.compacted
        try skipNeedless(of: &row, &cursor, at: destination, &budget)
        for pass in passes where budget > 0 {
            try take(pass, of: rule, over: &row, &cursor, at: destination, &budget)
        }
        if memory.replays.count >= SpoolMemory.objectLimit { memory.replays = [:] }
        memory.replays[place] = cursor
        return row.lane.losses.compacted - before
    }

    /// Goes through the next rows of a lane.
    private mutating func take(
        _ pass: ReplayRule.Pass,
        of rule: ReplayRule,
        over row: inout LaneRow,
        _ cursor: inout ReplayCursor,
        at destination: Int64,
        _ budget: inout Int
    ) throws {
        let kind: ObjectKind = row.lane.object.isHost ? .host : .service
        let first = max((cursor.judged[pass] ?? 0) + 1, row.head)
        let waiting = try fetch(
            SQL.waitingOfLane, [destination, row.object, first, budget]
        ) { row in
            try WaitingRow(row, kind)
        }
        budget -= waiting.count
        let judgement = rule.judge(waiting.map(\.facts), in: pass)
        for index in judgement.skipped {
            try skip(waiting[index].result, of: &row, at: destination)
        }
        if judgement.judged > 0 {
            cursor.judged[pass] = waiting[judgement.judged - 1].result
        }
        guard let reset = judgement.reset else { return }
        cursor.reset = waiting[reset].result
        try skipNeedless(of: &row, &cursor, at: destination, &budget)
    }

    /// Gives up what lies before the result that sets the master right.
    private mutating func skipNeedless(
        of row: inout LaneRow,
        _ cursor: inout ReplayCursor,
        at destination: Int64,
        _ budget: inout Int
    ) throws {
        guard cursor.reset > row.head, budget > 0 else { return }
        let waiting = try fetch(
            SQL.waitingBefore, [destination, row.object, row.head, cursor.reset, budget]
        ) { row in
            (result: try row.value(0) as Int64, isPinned: try row.value(1) as Int > 0)
        }
        let needless = waiting.prefix { !$0.isPinned }
        for (result, _) in needless { try skip(result, of: &row, at: destination) }
        if needless.count < budget { cursor.reset = 0 }
        budget -= waiting.count
    }

    private mutating func skip(
        _ result: Int64,
        of row: inout LaneRow,
        at destination: Int64
    ) throws {
        let key: Values = [destination, row.object, result, RowState.queued.rawValue]
        guard try run(SQL.deleteDelivery, key) == 1 else {
            throw damaged("result \(result) waits and cannot be skipped")
        }
        row.lane.queued -= 1
        row.lane.losses.compacted += 1
        row.isChanged = true
        try release(result, of: row.object, by: destination)
    }
}

/// A result that waits, as the rule sees it.
private struct WaitingRow {
    let result: Int64
    let facts: ReplayRule.Row

    init(_ row: StoredRow, _ kind: ObjectKind) throws {
        result = try row.value(0)
        guard let significance = Significance(rawValue: try row.value(2)) else {
            throw RowFault(column: 2)
        }
        guard let state = ServiceState(rawValue: try row.value(3)) else {
            throw RowFault(column: 3)
        }
        facts = ReplayRule.Row(
            significance: significance,
            isFine: !kind.isProblem(state),
            executionStart: try row.timestamp(4),
            isPinned: try row.value(1) as Int > 0
        )
    }
}
