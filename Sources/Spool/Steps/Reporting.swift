package import Monitoring

extension SpoolQueue {
    /// Every lane of a destination that the spool knows, empty ones too; in no order.
    ///
    /// Reads one row for each object, however many results wait.
    package func lanes(of destination: DestinationID) async throws(SpoolFault) -> [Lane] {
        try await perform { step in
            try step.fetch(SQL.lanes, [destination.rawValue]) { row in
                try Lane(row, object: try row.object(0))
            }
        }
    }

    /// The lanes of these objects; those without one are left out.
    package func lanes(
        of destination: DestinationID,
        objects: [ObjectName]
    ) async throws(SpoolFault) -> [Lane] {
        try await perform { step in
            try objects.compactMap { name in
                guard let object = try step.find(name) else { return nil }
                return try step.lane(of: object, named: name, at: destination.rawValue)?.lane
            }
        }
    }

    /// What an object was when a result came about; nil when no result refers to it any more.
    package func snapshot(_ id: SnapshotID) async throws(SpoolFault) -> ObjectSnapshot? {
        try await perform { step in try step.snapshot(id) }
    }

    /// The place in line of the newest result that was ever accepted.
    package func newestSequence() async throws(SpoolFault) -> Sequence {
        try await perform { step in
            Sequence(rawValue: try step.integer(SQL.lastResultID) ?? 0)
        }
    }

    /// What waits or is out at each destination that is not retired, seen at one moment; those with
    /// nothing are left out.
    ///
    /// - Parameter newest: what came in behind this one is new.
    package func waiting(upTo newest: Sequence) async throws(SpoolFault) -> [WaitingResults] {
        try await perform { step in
            try step.destinations().filter { !$0.isRetired }.compactMap { destination in
                let status = try step.status(of: destination)
                let count = status.queued + status.leased
                guard count > 0 else { return nil }
                let place: Values = [destination.id, newest.rawValue]
                return WaitingResults(
                    destination: status.id,
                    name: status.name,
                    count: count,
                    isOldLeft: try step.integer(SQL.hasWaiting, place) != nil,
                    parked: status.parkedObjects > 0 ? try step.parked(at: destination.id) : []
                )
            }
        }
    }

    /// What the spool holds, counted from its lanes.
    package func status() async throws(SpoolFault) -> SpoolStatus {
        try await perform { step in try step.status() }
    }
}

/// What waits or is out at one destination.
package struct WaitingResults: Hashable, Sendable {
    /// Which destination.
    package var destination: DestinationID
    /// Its name.
    package var name: String
    /// How many results.
    package var count: Int
    /// True while one of those that are not new waits or is out, of an object that is not left
    /// alone.
    package var isOldLeft: Bool
    /// The lanes of objects that are left alone and have results which wait.
    package var parked: [Lane]
}

extension Lane {
    /// Reads a lane's columns in the order in which ``SQL`` names them, behind one other.
    init(_ row: StoredRow, object: ObjectName) throws {
        self.object = object
        queued = try row.value(1)
        let leased: Int64? = try row.optional(2)
        let isAmbiguous: Bool = try row.value(3)
        self.leased = leased.map {
            Lease(sequence: Sequence(rawValue: $0), isAmbiguous: isAmbiguous)
        }
        kept = try row.value(4)
        rejected = try row.value(5)
        lastStamp = try row.optionalTimestamp(6)
        let reason: String = try row.optional(8) ?? ""
        parked = try row.optionalTimestamp(7).map { Parked(until: $0, reason: reason) }
        ignoredReason = try row.optional(9)
        losses = try LossCounts(row, first: 10)
        withheldReason = try row.optional(18)
    }
}

extension LossCounts {
    fileprivate init(_ row: StoredRow, first: Int) throws {
        evicted = try row.value(first)
        evictedKept = try row.value(first + 1)
        refused = try row.value(first + 2)
        superseded = try row.value(first + 3)
        ignored = try row.value(first + 4)
        dropped = try row.value(first + 5)
        compacted = try row.value(first + 6)
        withheld = try row.value(first + 7)
    }
}

extension SpoolTransaction {
    /// What an object was when a result came about; nil when there is no such row.
    func snapshot(_ id: SnapshotID) throws -> ObjectSnapshot? {
        try row(SQL.readSnapshot, [id.rawValue]) { row in
            guard let snapshot = ObjectSnapshot(storedBytes: try row.value(0)) else {
                throw RowFault(column: 0)
            }
            return snapshot
        }
    }

    /// One lane, nil when there is none.
    func lane(
        of object: Int64,
        named name: ObjectName,
        at destination: Int64
    ) throws -> LaneRow? {
        try row(SQL.lane, [destination, object]) { row in
            LaneRow(
                object: object,
                head: try row.value(0),
                gap: try row.value(19),
                withheldResult: try row.optional(20),
                lane: try Lane(row, object: name)
            )
        }
    }

    fileprivate func parked(at destination: Int64) throws -> [Lane] {
        try fetch(SQL.lanes, [destination]) { row in try Lane(row, object: try row.object(0)) }
            .filter { $0.parked != nil && $0.queued > 0 }
    }

    fileprivate mutating func status() throws -> SpoolStatus {
        let pages = try integer(SQL.pageCount) ?? 0
        let size = SpoolSize(
            liveBytes: try liveBytes(),
            fileBytes: Int(pages) * SpoolBounds.pageBytes,
            logBytes: file.logByteCount,
            acceptLimitBytes: bounds.acceptBytes,
            limitBytes: bounds.limitBytes
        )
        let destinations = try destinations().map { try status(of: $0) }
        return SpoolStatus(size: size, destinations: destinations)
    }

    fileprivate func status(of destination: DestinationRow) throws -> DestinationStatus {
        let oldest = try integer(SQL.oldestExecution, [destination.id])
        let found = try row(SQL.laneTotals, [destination.id]) { totals in
            let withheldObjects: Int = try totals.value(13)
            return DestinationStatus(
                id: DestinationID(rawValue: destination.id),
                name: destination.name,
                isRetired: destination.isRetired,
                queued: try totals.value(0),
                leased: try totals.value(1),
                kept: try totals.value(2),
                rejected: try totals.value(3) - withheldObjects,
                withheldObjects: withheldObjects,
                parkedObjects: try totals.value(4),
                losses: try LossCounts(totals, first: 5),
                oldestExecution: oldest.map(Timestamp.init(microseconds:))
            )
        }
        guard let found else { throw damaged("the lanes cannot be counted") }
        return found
    }
}
