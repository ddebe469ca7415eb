internal import GRDB
internal import Monitoring

extension SpoolQueue {
    /// Entries that pass the filter, in the order of destination, object and acceptance.
    ///
    /// Looks at a bounded number of rows: a page can be empty and still not be the last one.
    package func entries(
        _ filter: QueueFilter,
        after cursor: QueueCursor? = nil
    ) async throws(SpoolFault) -> QueuePage {
        try await perform { step in
            var page = QueuePage(entries: [], next: nil)
            var byteCount = 0
            try step.visit(filter, after: cursor) { row, step in
                let entry = try step.entry(row)
                page.entries.append(entry)
                byteCount += entry.result.textByteCount
                page.next = row.cursor
                return byteCount < QueuePage.byteLimit
            } end: {
                page.next = $0
            }
            return page
        }
    }
}

/// One row of the queue, as far as a filter needs it.
struct QueueRowKey {
    let cursor: QueueCursor
    let destinationName: String
    let object: ObjectName
    let state: DeliveryState
    let isParked: Bool

    func passes(_ filter: QueueFilter, _ pattern: NamePattern?) -> Bool {
        if let wanted = filter.sequence, wanted != cursor.result { return false }
        guard filter.states.contains(state) else { return false }
        if filter.isParkedOnly, state == .queued, !isParked { return false }
        if let wanted = filter.destination, !wanted.utf8.elementsEqual(destinationName.utf8) {
            return false
        }
        return pattern?.matches(object.fullName) ?? true
    }
}

extension SpoolTransaction {
    /// Shows `take` the rows behind a cursor that pass the filter, until it says no.
    ///
    /// - Parameter end: hears where to go on: nil when the last row was looked at; not called when
    ///   `take` ended it.
    mutating func visit(
        _ filter: QueueFilter,
        after cursor: QueueCursor?,
        _ take: (QueueRowKey, inout SpoolTransaction) throws -> Bool,
        end: (QueueCursor?) -> Void
    ) throws {
        let pattern = filter.object.map { NamePattern($0) }
        let from = cursor ?? QueueCursor(destination: 0, object: 0, result: 0)
        let names = try destinations()
        var last: QueueRowKey?
        let keys = try fetch(
            SQL.queueEntries,
            [from.destination, from.object, from.result, QueuePage.entryLimit]
        ) { row in
            let key = try Self.key(row, names, after: last)
            last = key
            return key
        }
        for key in keys where key.passes(filter, pattern) {
            guard try take(key, &self) else { return }
        }
        end(keys.count < QueuePage.entryLimit ? nil : keys.last?.cursor)
    }
}

extension SpoolTransaction {
    /// The rows of an object follow each other: its name is read once.
    private static func key(
        _ row: StoredRow,
        _ names: [DestinationRow],
        after last: QueueRowKey?
    ) throws -> QueueRowKey {
        let destination: Int64 = try row.value(0)
        let objectID: Int64 = try row.value(1)
        let known = last.flatMap { $0.cursor.object == objectID ? $0.object : nil }
        let stored: Int64 = try row.value(3)
        let isAmbiguous: Int64? = try row.optional(6)
        let state: DeliveryState =
            switch stored {
            case 0: .queued
            case 1: isAmbiguous == 1 ? .ambiguous : .sent
            case 2: .delivered
            case 4: .withheld
            default: .rejected
            }
        let parkedUntil = try row.optionalTimestamp(5)
        return QueueRowKey(
            cursor: QueueCursor(
                destination: destination,
                object: objectID,
                result: try row.value(2)
            ),
            destinationName: names.first { $0.id == destination }?.name ?? "",
            object: try known ?? row.object(4),
            state: state,
            isParked: parkedUntil != nil && state == .queued
        )
    }

    /// Everything about one entry.
    fileprivate mutating func entry(_ key: QueueRowKey) throws -> QueueEntry {
        let place: Values = [key.cursor.destination, key.cursor.object, key.cursor.result]
        let found = try row(SQL.queueResult, [key.cursor.result]) { row in
            guard let significance = Significance(rawValue: try row.value(0)) else {
                throw RowFault(column: 0)
            }
            return (significance, try CheckResult(row, object: key.object, first: 1))
        }
        guard let (significance, result) = found else {
            throw damaged("result \(key.cursor.result) is not there")
        }
        var entry = QueueEntry(
            sequence: Sequence(rawValue: key.cursor.result),
            destination: key.destinationName,
            state: key.state,
            result: result,
            significance: significance,
            attempts: 0
        )
        let isRejected = key.state == .rejected || key.state == .withheld
        try row(isRejected ? SQL.queueRejected : SQL.queueDelivery, place) { row in
            entry.baseStamp = try row.optionalTimestamp(0)
            entry.attempts = try row.value(1)
            if isRejected {
                entry.answer = QueueEntry.Answer(
                    code: max(0, try row.value(2)),
                    text: try row.value(3),
                    at: try row.timestamp(4)
                )
            } else {
                entry.node = try row.optional(2)
            }
        }
        if key.isParked {
            let name = key.object
            let lane = try lane(
                of: key.cursor.object, named: name, at: key.cursor.destination)
            entry.parked = lane?.lane.parked
        }
        return entry
    }
}
