internal import GRDB
package import Monitoring

extension SpoolQueue {
    /// Stores results with their snapshots and schedules, in one transaction.
    ///
    /// Every destination that is registered gets each of them. At the size limit room is made in
    /// this order: delivered results that only wait for proof, rejected ones, then results that
    /// changed nothing, oldest first. Only for results that changed something the oldest changes go
    /// too, but never an object's newest. What finds no room then is refused and counted, its
    /// schedule is stored all the same. With no destination registered only schedules are stored:
    /// a result that nobody is to get would never leave.
    ///
    /// - Parameter records: at most ``batchLimit``.
    /// - Durability: everything the receipt names survives a power cut.
    /// - Throws: `.diskFull`, `.full`, `.logBlocked`: nothing of the batch is stored.
    package func append(_ records: [CheckRecord]) async throws(SpoolFault) -> AcceptReceipt {
        precondition(records.count <= Self.batchLimit, "the caller cuts its batches")
        return try await perform(.accepting) { step in
            guard step.hasRoom(for: records) else {
                throw SpoolFault.diskFull(path: step.file.path)
            }
            return try step.append(records)
        }
    }

    /// Stores a result of the forwarder's own health, on a full disk too.
    ///
    /// What waits can leave only after it, as it shows the master's clock; so it counts as
    /// settling.
    package func appendHealth(_ record: CheckRecord) async throws(SpoolFault) -> AcceptReceipt {
        try await perform(.settling) { step in try step.append([record]) }
    }
}

/// A record with everything that is known before its result is inserted.
struct Candidate {
    let record: CheckRecord
    let object: Int64
    let snapshotBody: [UInt8]
    /// Where the snapshot is stored, nil when it was not yet.
    let snapshot: Int64?
    let byteCount: Int

    var isChange: Bool { record.significance != .unchanged }
    var isWithinBounds: Bool { record.result.textByteCount <= CheckResult.outputByteLimit }
}

extension SpoolTransaction {
    fileprivate mutating func append(_ records: [CheckRecord]) throws -> AcceptReceipt {
        guard file.logByteCount <= bounds.logBytes else {
            throw SpoolFault.logBlocked(bytes: file.logByteCount)
        }
        let destinations = try destinations().filter { !$0.isRetired }.map(\.id)
        guard !destinations.isEmpty else {
            for record in records {
                if let schedule = record.schedule {
                    try save(schedule, of: try findOrAdd(schedule.object))
                }
            }
            return AcceptReceipt()
        }
        let candidates = try records.map { record in
            try candidate(record, destinationCount: destinations.count)
        }
        var receipt = AcceptReceipt()
        let admitted = try admit(candidates, receipt: &receipt)
        var growth: [Int64: Int] = [:]
        var refused: [Int64: Int] = [:]
        var lastID = try integer(SQL.lastResultID) ?? 0
        if admitted.contains(true) { note(.accept) }
        for (candidate, isAdmitted) in zip(candidates, admitted) {
            let object = candidate.record.result.object
            if let schedule = candidate.record.schedule {
                let isOwn = schedule.object == object
                try save(schedule, of: isOwn ? candidate.object : findOrAdd(schedule.object))
            }
            if isAdmitted {
                lastID += 1
                try insert(
                    candidate,
                    id: lastID,
                    destinations: destinations,
                    hasEvicted: !receipt.evicted.isEmpty
                )
                growth[candidate.object, default: 0] += 1
                receipt.grown[object, default: 0] += 1
                receipt.accepted += 1
            } else {
                refused[candidate.object, default: 0] += 1
                receipt.refused[object, default: 0] += 1
            }
        }
        for destination in destinations {
            for (object, count) in growth { try run(SQL.laneGrew, [destination, object, count]) }
            for (object, count) in refused {
                try run(SQL.laneRefused, [destination, object, count])
            }
        }
        return receipt
    }

    /// True when the file system has room for these beside what settling may need.
    fileprivate func hasRoom(for records: [CheckRecord]) -> Bool {
        file.hasRoom(for: records.reduce(0) { $0 + $1.result.textByteCount }, bounds)
    }

    /// Says of each candidate whether there is room for it, changes first.
    private mutating func admit(
        _ candidates: [Candidate],
        receipt: inout AcceptReceipt
    ) throws -> [Bool] {
        let fitting = candidates.indices.filter { candidates[$0].isWithinBounds }
        let order =
            fitting.filter { candidates[$0].isChange }
            + fitting.filter { !candidates[$0].isChange }
        let needed = order.reduce(0) { $0 + candidates[$1].byteCount }
        let neededForChanges = order.reduce(0) {
            $0 + (candidates[$1].isChange ? candidates[$1].byteCount : 0)
        }
        var room = try makeRoom(
            for: needed,
            evictingChangesFor: neededForChanges,
            receipt: &receipt
        )
        var admitted = candidates.map { _ in false }
        for index in order where candidates[index].byteCount <= room {
            room -= candidates[index].byteCount
            admitted[index] = true
        }
        return admitted
    }

    private mutating func candidate(
        _ record: CheckRecord,
        destinationCount: Int
    ) throws -> Candidate {
        let object = try findOrAdd(record.result.object)
        let body = record.snapshot.storedBytes
        let snapshot = try findSnapshot(body, of: object)
        let byteCount =
            SpoolBounds.resultOverheadBytes + record.result.textByteCount
            + destinationCount * SpoolBounds.deliveryOverheadBytes
            + (snapshot == nil ? body.count + SpoolBounds.resultOverheadBytes : 0)
        return Candidate(
            record: record,
            object: object,
            snapshotBody: body,
            snapshot: snapshot,
            byteCount: byteCount
        )
    }

    private mutating func insert(
        _ candidate: Candidate,
        id: Int64,
        destinations: [Int64],
        hasEvicted: Bool
    ) throws {
        let result = candidate.record.result
        // evicting can have deleted the snapshot that was found before
        let known = hasEvicted ? nil : candidate.snapshot
        var performanceData = ByteWriter()
        performanceData.write(result.performanceData)
        let numbers: [Int64?] = [
            id, candidate.object, try known ?? storeSnapshot(candidate), candidate.isChange ? 1 : 0,
            Int64(candidate.record.significance.rawValue), Int64(result.state.rawValue),
            Int64(result.exitStatus), result.executionStart.microseconds,
            result.executionEnd.microseconds, result.nextCheck?.microseconds,
            result.checkInterval.wholeMicroseconds,
        ]
        var checksum = ResultChecksum()
        for number in numbers { checksum.add(number) }
        checksum.add(result.output.utf8)
        checksum.add(performanceData.bytes)
        try run(
            SQL.addResult,
            numbers.map { $0 as (any StoredValue)? }
                + [result.output, performanceData.bytes, checksum.value]
        )
        for destination in destinations {
            try run(SQL.addDelivery, [destination, candidate.object, id])
        }
    }

    /// Where a snapshot is stored, nil when it is not; the one that came last is remembered.
    ///
    /// Bytes are compared: strings that only look the same are equal in Swift.
    private mutating func findSnapshot(_ body: [UInt8], of object: Int64) throws -> Int64? {
        if let known = memory.snapshots[object], known.body == body { return known.id }
        let rows = try fetch(SQL.findSnapshots, [object, body.digest]) { row in
            (id: try row.value(0) as Int64, body: try row.value(1) as [UInt8])
        }
        guard let found = rows.first(where: { $0.body == body }) else { return nil }
        memory.remember(KnownSnapshot(id: found.id, body: body), of: object)
        return found.id
    }

    /// An earlier record of the batch can have stored what was not stored before it.
    private mutating func storeSnapshot(_ candidate: Candidate) throws -> Int64 {
        let body = candidate.snapshotBody
        if let known = try findSnapshot(body, of: candidate.object) { return known }
        try run(SQL.addSnapshot, [candidate.object, body.digest, body])
        let id = db.lastInsertedRowID
        memory.remember(KnownSnapshot(id: id, body: body), of: candidate.object)
        return id
    }
}

extension SpoolMemory {
    fileprivate mutating func remember(_ snapshot: KnownSnapshot, of object: Int64) {
        guard snapshot.body.count <= Self.snapshotByteLimit else { return }
        if snapshots.count >= Self.snapshotLimit { snapshots = [:] }
        snapshots[object] = snapshot
    }
}
