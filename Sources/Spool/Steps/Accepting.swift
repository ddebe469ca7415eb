internal import Foundation
internal import GRDB
package import Monitoring

extension SpoolQueue {
    /// Stores results with their snapshots and schedules, in one transaction.
    ///
    /// Every destination that is registered gets each of them. At the size limit room is made in
    /// this order: delivered results that only wait for proof, rejected ones, then results that
    /// changed nothing, oldest first. Only for results that changed something the oldest changes go
    /// too, but never an object's newest. What finds no room then is refused and counted, its
    /// schedule is stored all the same.
    ///
    /// - Parameter records: at most ``batchLimit``.
    /// - Durability: everything the receipt names survives a power cut.
    /// - Throws: `.diskFull`, `.full`, `.logBlocked`: nothing of the batch is stored.
    package func append(_ records: [CheckRecord]) async throws(SpoolFault) -> AcceptReceipt {
        precondition(records.count <= Self.batchLimit, "the caller cuts its batches")
        return try await perform { step in try step.append(records) }
    }
}

/// A record with everything that is known before its result is inserted.
struct Candidate {
    let record: CheckRecord
    let object: Int64
    let snapshotBody: [UInt8]
    let digest: Int64
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
        let candidates = try records.map { record in
            try candidate(record, destinationCount: destinations.count)
        }
        var receipt = AcceptReceipt()
        let admitted = try admit(candidates, receipt: &receipt)
        var growth: [Int64: Int] = [:]
        var refused: [Int64: Int] = [:]
        if admitted.contains(true) { note(.accept) }
        for (candidate, isAdmitted) in zip(candidates, admitted) {
            let object = candidate.record.result.object
            if let schedule = candidate.record.schedule { try save(schedule) }
            if isAdmitted {
                try insert(
                    candidate,
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
        let digest = body.digest
        let snapshot = try findSnapshot(body, digest, of: object)
        let byteCount =
            SpoolBounds.resultOverheadBytes + record.result.textByteCount
            + destinationCount * SpoolBounds.deliveryOverheadBytes
            + (snapshot == nil ? body.count + SpoolBounds.resultOverheadBytes : 0)
        return Candidate(
            record: record,
            object: object,
            snapshotBody: body,
            digest: digest,
            snapshot: snapshot,
            byteCount: byteCount
        )
    }

    private mutating func insert(
        _ candidate: Candidate,
        destinations: [Int64],
        hasEvicted: Bool
    ) throws {
        let result = candidate.record.result
        // evicting can have deleted the snapshot that was found before
        let known = hasEvicted ? nil : candidate.snapshot
        var performanceData = ByteWriter()
        performanceData.write(result.performanceData)
        let significance = candidate.record.significance
        try run(
            SQL.addResult,
            [
                candidate.object, try known ?? storeSnapshot(candidate), candidate.isChange,
                significance.rawValue, result.state.rawValue, result.exitStatus,
                result.executionStart.microseconds, result.executionEnd.microseconds,
                result.nextCheck?.microseconds, result.checkInterval.wholeMicroseconds,
                result.output, Data(performanceData.bytes),
            ]
        )
        let id = db.lastInsertedRowID
        for destination in destinations {
            try run(SQL.addDelivery, [destination, candidate.object, id])
        }
    }

    private func findSnapshot(
        _ body: [UInt8],
        _ digest: Int64,
        of object: Int64
    ) throws -> Int64? {
        for row in try fetch(SQL.findSnapshots, [object, digest]) {
            let stored: Data = try row.value(1)
            if stored.elementsEqual(body) { return try row.value(0) }
        }
        return nil
    }

    /// An earlier record of the batch can have stored what was not stored before it.
    private func storeSnapshot(_ candidate: Candidate) throws -> Int64 {
        let (body, digest) = (candidate.snapshotBody, candidate.digest)
        if let known = try findSnapshot(body, digest, of: candidate.object) { return known }
        try run(SQL.addSnapshot, [candidate.object, digest, Data(body)])
        return db.lastInsertedRowID
    }
}
