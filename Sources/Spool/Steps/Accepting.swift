internal import GRDB
package import Monitoring

extension SpoolQueue {
    /// Stores results with their snapshots and schedules, each record as a whole, in order.
    ///
    /// Every destination that is registered gets each of them. At the size limit room is made for
    /// one after the other, in this order: delivered results that only wait for proof, rejected
    /// ones, then results that changed nothing, oldest first, then the oldest changes, but never an
    /// object's newest; last an object's newest that changed nothing. What comes in is the newest
    /// of its object, and a destination that is there must go on getting it. What finds no room
    /// then is refused and counted, its schedule is stored all the same. With no destination
    /// registered only schedules are stored: a result that nobody is to get would never leave.
    ///
    /// One transaction takes what the log's share has room for; usually that is all.
    ///
    /// - Parameter records: at most ``batchLimit``.
    /// - Returns: when some of it is durable, even if a later transaction failed: the caller gives
    ///   the records behind ``AcceptReceipt/taken`` again.
    /// - Durability: everything the receipt names survives a power cut.
    /// - Throws: `.diskFull`, `.full`, `.logBlocked`: no record is stored; what went for them is
    ///   gone and counted.
    package func append(_ records: [CheckRecord]) async throws(SpoolFault) -> AcceptReceipt {
        precondition(records.count <= Self.batchLimit, "the caller cuts its batches")
        return try await append(records, .accepting, nil)
    }

    /// Stores results as ``append(_:)`` does, up to the first one that finds no room, and in the
    /// same transactions how far it came.
    ///
    /// So each of them is stored once, however often the caller begins anew at the place that the
    /// entry tells. What finds no room is neither refused nor counted: it can be given again.
    ///
    /// - Parameter entry: the ledger's entry after so many of `records`; at most
    ///   ``LedgerEntry/bodyByteLimit``.
    /// - Returns: as ``append(_:)``, with ``AcceptReceipt/obstacle`` where it stopped.
    package func append(
        _ records: [CheckRecord],
        noting entry: @escaping @Sendable (_ taken: Int) -> LedgerEntry
    ) async throws(SpoolFault) -> AcceptReceipt {
        precondition(records.count <= Self.batchLimit, "the caller cuts its batches")
        return try await append(records, .accepting, entry)
    }

    /// Stores a result of the forwarder's own health, on a full disk too.
    ///
    /// What waits can leave only after it, as it shows the master's clock; so it counts as
    /// settling.
    package func appendHealth(_ record: CheckRecord) async throws(SpoolFault) -> AcceptReceipt {
        try await append([record], .settling, nil)
    }

    private func append(
        _ records: [CheckRecord],
        _ purpose: StepPurpose,
        _ entry: (@Sendable (_ taken: Int) -> LedgerEntry)?
    ) async throws(SpoolFault) -> AcceptReceipt {
        var receipt = AcceptReceipt()
        var search = EvictionSearch()
        while receipt.taken < records.count, receipt.obstacle == nil {
            let left = records[receipt.taken...]
            let frames = (left.first?.mostFrames ?? 0) + (entry == nil ? 0 : Self.entryFrames)
            do throws(SpoolFault) {
                let part = try await perform(purpose, frames: frames) { [search] step in
                    guard purpose == .settling || step.hasRoom(for: left) else {
                        throw SpoolFault.diskFull(path: step.file.path)
                    }
                    guard let entry else { return try step.append(left, search, .refused) }
                    return try step.append(left, search, noting: entry)
                }
                search = part.search
                receipt.add(part.receipt)
            } catch {
                guard receipt.taken > 0 else { throw error }
                return receipt
            }
        }
        return receipt
    }

    /// Pages that change with a small entry of the ledger: its own and those above it.
    fileprivate static let entryFrames = 4
}

extension CheckRecord {
    /// Most pages that change when it is stored: those of its texts, its own rows and indexes at
    /// some destinations, and what trees are balanced with.
    fileprivate var mostFrames: Int {
        let texts = [
            result.textByteCount, snapshot.storedBytes.count, schedule?.lastOutput.utf8.count ?? 0,
        ]
        return texts.reduce(24) { $0 + $1 / SpoolBounds.pageBytes }
    }
}

extension AcceptReceipt {
    /// Adds what came of the next records.
    fileprivate mutating func add(_ next: AcceptReceipt) {
        taken += next.taken
        accepted += next.accepted
        grown.merge(next.grown, uniquingKeysWith: +)
        refused.merge(next.refused, uniquingKeysWith: +)
        evicted.merge(next.evicted, uniquingKeysWith: +)
        obstacle = next.obstacle
    }
}

/// What becomes of a result that finds no room.
private enum RoomlessResult {
    /// It is counted, and those behind it go on.
    case refused
    /// It stays with the caller, and all behind it.
    case left
}

/// A record with everything that is known before its result is inserted.
private struct Candidate {
    let record: CheckRecord
    let object: Int64
    let snapshotBody: [UInt8]
    /// What it takes in the file, on the high side.
    let byteCount: Int
    /// Pages that change with it, on the high side where many records follow each other.
    let frames: Int

    var isChange: Bool { record.significance != .unchanged }

    /// False when it is longer than was promised, or too long for the log.
    func isWithin(_ bounds: SpoolBounds) -> Bool {
        record.result.textByteCount <= CheckResult.outputByteLimit
            && record.mostFrames <= bounds.logFrames
    }
}

/// What one transaction stored of some records.
private struct AcceptedPart {
    var receipt = AcceptReceipt()
    /// Where the next transaction goes on with evicting.
    var search: EvictionSearch
    /// By object, results that came and that were refused.
    var growth: [Int64: Int] = [:]
    var refused: [Int64: RefusedCount] = [:]
}

/// What was refused of an object.
private struct RefusedCount {
    var count = 0
    /// The first place in line behind what was refused, where it was a change.
    var gap: Int64 = 0
}

extension SpoolTransaction {
    /// Stores the first of some records, as many as the log has room for; at least one, or one
    /// result was evicted for it.
    fileprivate mutating func append(
        _ records: ArraySlice<CheckRecord>,
        _ search: EvictionSearch,
        _ roomless: RoomlessResult
    ) throws -> AcceptedPart {
        guard file.logByteCount <= bounds.logBytes else {
            throw SpoolFault.logBlocked(bytes: file.logByteCount)
        }
        let destinations = try destinations().filter { !$0.isRetired }.map(\.id)
        var part = AcceptedPart(search: search)
        if roomless == .left, destinations.isEmpty {
            part.receipt.obstacle = .noDestination
            return part
        }
        for record in records {
            guard try append(record, destinations, &part, roomless) else { break }
            part.receipt.taken += 1
        }
        for destination in destinations {
            for (object, count) in part.growth {
                try run(SQL.laneGrew, [destination, object, count])
            }
            for (object, refused) in part.refused {
                try run(SQL.laneRefused, [destination, object, refused.count, refused.gap])
            }
        }
        return part
    }

    /// Stores the first of some records, and how far it came, unless that is nowhere.
    fileprivate mutating func append(
        _ records: ArraySlice<CheckRecord>,
        _ search: EvictionSearch,
        noting entry: (_ taken: Int) -> LedgerEntry
    ) throws -> AcceptedPart {
        let part = try append(records, search, .left)
        guard part.receipt.taken > 0 else { return part }
        let entry = entry(records.startIndex + part.receipt.taken)
        note(.ledger)
        try run(SQL.keepEntry, [entry.key, entry.body])
        return part
    }

    /// Stores one record, or refuses its result; false when there is no room for it in the log of
    /// this transaction, or none in the spool for one that is to be left.
    private mutating func append(
        _ record: CheckRecord,
        _ destinations: [Int64],
        _ part: inout AcceptedPart,
        _ roomless: RoomlessResult
    ) throws -> Bool {
        let candidate = try candidate(record, destinationCount: destinations.count)
        var isAdmitted = false
        if !destinations.isEmpty, candidate.isWithin(bounds) {
            let room = try makeRoom(
                for: candidate.byteCount, &part.search, evicted: &part.receipt.evicted)
            guard let room else { return false }
            isAdmitted = candidate.byteCount <= room
            if !isAdmitted, roomless == .left {
                part.receipt.obstacle = .full
                return false
            }
        }
        // with the first one comes what the ledger may be told behind the last
        let more = roomless == .left && part.receipt.taken == 0 ? SpoolQueue.entryFrames : 0
        guard try hasLogRoom(for: candidate.frames + more) else { return false }
        let object = record.result.object
        if let schedule = record.schedule {
            let isOwn = schedule.object == object
            try save(schedule, of: isOwn ? candidate.object : findOrAdd(schedule.object))
        }
        if isAdmitted {
            note(.accept)
            try insert(candidate, destinations: destinations)
            part.growth[candidate.object, default: 0] += 1
            part.receipt.grown[object, default: 0] += 1
            part.receipt.accepted += 1
        } else if !destinations.isEmpty {
            part.refused[candidate.object, default: RefusedCount()].count += 1
            if candidate.isChange {
                let gap = (try integer(SQL.lastResultID) ?? 0) + 1
                part.refused[candidate.object]?.gap = gap
            }
            part.receipt.refused[object, default: 0] += 1
        }
        return true
    }

    /// True when the file system has room for these beside what settling may need.
    fileprivate func hasRoom(for records: ArraySlice<CheckRecord>) -> Bool {
        file.hasRoom(for: records.reduce(0) { $0 + $1.result.textByteCount }, bounds)
    }

    private mutating func candidate(
        _ record: CheckRecord,
        destinationCount: Int
    ) throws -> Candidate {
        let object = try findOrAdd(record.result.object)
        let body = record.snapshot.storedBytes
        let snapshot = try findSnapshot(body, of: object)
        let texts =
            record.result.textByteCount
            + (snapshot == nil ? body.count + SpoolBounds.resultOverheadBytes : 0)
        let scheduleBytes = record.schedule?.lastOutput.utf8.count ?? 0
        return Candidate(
            record: record,
            object: object,
            snapshotBody: body,
            byteCount: SpoolBounds.resultOverheadBytes + texts
                + destinationCount * SpoolBounds.deliveryOverheadBytes,
            frames: 2 + 2 * destinationCount + (snapshot == nil ? 4 : 0)
                + (texts + scheduleBytes) / SpoolBounds.pageBytes
        )
    }

    private mutating func insert(
        _ candidate: Candidate,
        destinations: [Int64]
    ) throws {
        let result = candidate.record.result
        let id = (try integer(SQL.lastResultID) ?? 0) + 1
        var performanceData = ByteWriter()
        performanceData.write(result.performanceData)
        let numbers: [Int64?] = [
            id, candidate.object, try storeSnapshot(candidate), candidate.isChange ? 1 : 0,
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

    /// Looked for again: evicting can have deleted the one that was found before.
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
