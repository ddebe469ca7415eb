import Monitoring
import Synchronization
import Testing

@testable import Spool

/// Results that are stored with how far their sender came.
@Suite struct NotedAppendTests {
    private static func entry(_ taken: Int) -> LedgerEntry {
        LedgerEntry(key: "sender", body: Array("\(taken)".utf8))
    }

    private static func place(_ spool: SpoolQueue) async throws -> Int? {
        try await spool.ledger().first.flatMap { Int(String(decoding: $0.body, as: UTF8.self)) }
    }

    @Test func `results and place are one transaction`() async throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let passed = Mutex<[String]>([])
        let note: KillPoint.Observer = { point in passed.withLock { $0.append(point.name) } }
        let spool = try SpoolQueue.open(
            SpoolSettings(path: "\(directory)/queue.db"), time: FixedTime(), passing: note)
        _ = try await spool.register(destinations: ["icinga"])
        passed.withLock { $0 = [] }
        let receipt = try await spool.append(
            [record(disk, 1), record(disk, 2)], noting: Self.entry)
        #expect(receipt.taken == 2 && receipt.accepted == 2 && receipt.obstacle == nil)
        #expect(
            passed.withLock { $0 } == [
                "accept.uncommitted", "ledger.uncommitted", "accept.committed", "ledger.committed",
            ])
        #expect(try await Self.place(spool) == 2)
        try spool.close()
    }

    @Test func `what takes several transactions notes its place in each`() async throws {
        let scene = try await Scene(sizeLimit: SpoolSettings.minimumSizeLimit)
        let places = Mutex<[Int]>([])
        let records = (1...12).map { record(disk, $0, .change, outputBytes: 60_000) }
        let receipt = try await scene.spool.append(records) { taken in
            places.withLock { $0.append(taken) }
            return Self.entry(taken)
        }
        #expect(receipt.taken == 12)
        let seen = places.withLock { $0 }
        #expect(seen.count > 1 && seen == seen.sorted() && seen.last == 12)
        #expect(try await Self.place(scene.spool) == 12)
        #expect(scene.peak.byteCount <= SpoolSettings.minimumSizeLimit)
    }

    @Test func `at the limit it stops in front of what finds no room, and counts nothing`()
        async throws
    {
        let scene = try await Scene(sizeLimit: SpoolSettings.minimumSizeLimit)
        // Each is its object's newest change: none makes room for another.
        let records = (0..<60).map { number in
            record(ObjectName(host: "h\(number)"), 1, .change, outputBytes: 60_000)
        }
        let receipt = try await scene.spool.append(records, noting: Self.entry)
        #expect(receipt.obstacle == .full && (1..<60).contains(receipt.taken))
        #expect(receipt.accepted == receipt.taken && receipt.refused.isEmpty)
        #expect(try await Self.place(scene.spool) == receipt.taken)
        let rest = Array(records[receipt.taken...])
        let again = try await scene.spool.append(rest, noting: Self.entry)
        #expect(again.obstacle == .full && again.taken == 0)
        #expect(try await Self.place(scene.spool) == receipt.taken, "it stays where it was")
        let losses = try await scene.spool.status().destinations[0].losses
        #expect(losses.refused == 0)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `with nobody to get it nothing is taken`() async throws {
        let scene = try await Scene(destinations: [])
        let receipt = try await scene.spool.append([record(disk, 1)], noting: Self.entry)
        #expect(receipt.obstacle == .noDestination && receipt.taken == 0)
        #expect(try await Self.place(scene.spool) == nil)
        #expect(try await scene.spool.scheduleStates().isEmpty)
    }
}
