import GRDB
import Monitoring
import Testing

@testable import Spool

@Suite struct BoundTests {
    private static let small = SpoolSettings.minimumSizeLimit

    @Test func `bytes on disk stay below the limit however much is appended`() async throws {
        let scene = try await Scene(sizeLimit: Self.small)
        for batch in 0..<60 {
            let records = (0..<50).map { record(disk, batch * 50 + $0, outputBytes: 2000) }
            _ = try await scene.spool.append(records)
            let size = try await scene.spool.status().size
            #expect(size.fileBytes + size.logBytes <= Self.small)
        }
        let status = try await scene.spool.status().destinations[0]
        #expect(status.queued + status.losses.evicted + status.losses.refused == 3000)
        #expect(status.losses.evicted > 0)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test(arguments: [2 << 20, 8 << 20, 64 << 20])
    func `the longest outputs in the largest batches keep the bound, in the middle of steps too`(
        limit: Int
    ) async throws {
        let scene = try await Scene(sizeLimit: limit, destinations: ["north", "south"])
        let objects = (0..<8).map { ObjectName(host: "web01", service: "s\($0)") }
        let line = String(repeating: "x", count: 65_000)
        var number = 0
        var accepted = 0
        for round in 0..<max(limit / (10 << 20), 2) {
            let records = (0..<SpoolQueue.batchLimit).map { place in
                number += 1
                var record = record(
                    objects[place % objects.count], number,
                    round % 2 == 0 ? .change : .unchanged, outputBytes: 65_000,
                    variables: "v\(number)")
                if place % objects.count < 2 { record.schedule?.lastOutput = line }
                return record
            }
            let receipt = try await scene.spool.append(records)
            #expect(receipt.taken == records.count)
            accepted += receipt.accepted
            try await scene.deliver(objects[round])
        }
        #expect(accepted > limit / (128 << 10))
        scene.peak.look()
        #expect(scene.peak.byteCount <= limit)
        #expect(try await scene.spool.status().destinations[0].losses.evicted > 0)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `an append of which a part failed says how far it came`() async throws {
        let scene = try await Scene()
        let records = (1...150).map { record(disk, $0, .change, outputBytes: 60_000) }
        let pages = try await scene.spool.perform { try $0.integer("PRAGMA page_count") } ?? 0
        // The first transaction fits in so many pages, the second does not.
        let limit = "PRAGMA max_page_count = \(pages + 1500)"
        _ = try await scene.spool.perform { try $0.integer(limit) }
        let receipt = try await scene.spool.append(records)
        #expect(receipt.taken == receipt.accepted)
        #expect((1..<150).contains(receipt.taken))
        let rest = Array(records[receipt.taken...])
        let found = await fault { _ = try await scene.spool.append(rest) }
        #expect(found == .diskFull(path: scene.settings.path))
        _ = try await scene.spool.perform { try $0.integer("PRAGMA max_page_count = 10000") }
        #expect(try await scene.spool.append(rest).accepted == rest.count)
        var order: [Timestamp] = []
        while let next = try await scene.deliver(disk) { order.append(next.result.executionStart) }
        #expect(order == (1...150).map { start + .seconds($0) })
    }

    @Test func `delivered results go first, then what changed nothing, oldest first`()
        async throws
    {
        let scene = try await Scene(sizeLimit: Self.small)
        _ = try await scene.spool.append([record(load, 1, .change, outputBytes: 60_000)])
        try await scene.deliver(load)
        _ = try await scene.spool.append([record(load, 2, .change)])
        var number = 3
        while try await scene.lane(load)?.losses.evictedKept == 0 {
            _ = try await scene.spool.append([record(disk, number, outputBytes: 60_000)])
            #expect(try await scene.lane(disk)?.losses.evicted == 0)
            number += 1
        }
        for _ in 0..<40 {
            _ = try await scene.spool.append([record(disk, number, outputBytes: 60_000)])
            number += 1
        }
        let lane = try #require(try await scene.lane(disk))
        #expect(lane.losses.evicted > 0)
        #expect(lane.losses.refused == 0)
        #expect(try await scene.lane(load)?.queued == 1)
        let oldest = try #require(try await scene.lease(disk).first)
        #expect(oldest.result.executionStart == start + .seconds(3 + lane.losses.evicted))
    }

    @Test func `an object's newest change is never evicted; what finds no room is refused`()
        async throws
    {
        let scene = try await Scene(sizeLimit: Self.small)
        let objects = (0..<60).map { ObjectName(host: "web01", service: "service-\($0)") }
        var refused = 0
        for round in 0..<4 {
            for (index, object) in objects.enumerated() {
                let receipt = try await scene.spool.append([
                    record(object, round * 60 + index, .change, outputBytes: 50_000)
                ])
                refused += receipt.refused.values.reduce(0, +)
                for evicted in receipt.evicted.keys {
                    #expect(try await scene.lane(evicted)?.queued ?? 0 >= 1)
                }
            }
        }
        #expect(refused > 0)
        let status = try await scene.spool.status().destinations[0]
        #expect(status.losses.refused == refused)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a result that changed nothing pushes older changes out, never an object's newest`()
        async throws
    {
        let scene = try await Scene(sizeLimit: Self.small)
        let objects = (0..<20).map { ObjectName(host: "web01", service: "s\($0)") }
        for number in 0..<60 {
            let object = number < 40 ? disk : objects[number - 40]
            _ = try await scene.spool.append([record(object, number, .change, outputBytes: 50_000)])
        }
        let receipt = try await scene.spool.append([record(load, 100, outputBytes: 30_000)])
        #expect(receipt.accepted == 1 || receipt.refused == [load: 1])
        #expect(receipt.evicted.keys.allSatisfy { $0 == disk })
        #expect(try await scene.lane(disk)?.queued ?? 0 >= 1)
        #expect(try await scene.spool.scheduleStates().contains { $0.object == load })
    }

    @Test func `a master that is away and full of changes takes nothing from one that is there`()
        async throws
    {
        let scene = try await Scene(sizeLimit: Self.small, destinations: ["away", "there"])
        let health = ObjectName(host: "web01", service: "forwarder")
        for number in 1...80 {
            let change = record(disk, number, .change, outputBytes: 50_000)
            let own = record(health, number, number == 1 ? .change : .unchanged)
            let receipt = try await scene.spool.append([
                change, own, record(load, number, .unchanged, outputBytes: 20_000),
            ])
            #expect(receipt.refused == [:])
            for object in [disk, health, load] {
                let leased = try #require(try await scene.lease(object, at: 1).first)
                #expect(leased.result.executionStart == start + .seconds(number))
                _ = try await scene.settle(leased, .deliveredUnconfirmed, at: 1)
            }
        }
        #expect(try await scene.lane(disk)?.losses.evicted ?? 0 > 20)
        #expect(try await scene.lane(disk)?.queued ?? 0 > 5, "what is away keeps the newest")
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a leased result is never evicted`() async throws {
        let scene = try await Scene(sizeLimit: Self.small)
        _ = try await scene.spool.append([record(disk, 1, outputBytes: 1000)])
        let leased = try #require(try await scene.lease(disk).first)
        for number in 2..<80 {
            _ = try await scene.spool.append([record(disk, number, outputBytes: 60_000)])
        }
        #expect(try await scene.lane(disk)?.losses.evicted ?? 0 > 0)
        #expect(try await scene.spool.contradictions() == [])
        let answer = try await scene.settle(leased, .delivered(at: start))
        #expect(answer.unmatched.isEmpty)
    }

    @Test func `a full spool can still be settled to the last row`() async throws {
        let scene = try await Scene(sizeLimit: Self.small)
        for number in 0..<3000 where number % 50 == 0 {
            _ = try await scene.spool.append(
                (0..<50).map { record(disk, number + $0, .change, outputBytes: 800) }
            )
        }
        #expect(try await scene.lane(disk)?.losses.evicted ?? 0 > 0)
        while try await scene.deliver(disk) != nil {}
        let lane = try #require(try await scene.lane(disk))
        #expect(lane.queued == 0)
        #expect(lane.kept > 0)
    }

    @Test func `the file shrinks when what it held is gone`() async throws {
        let scene = try await Scene()
        for batch in 0..<20 {
            _ = try await scene.spool.append(
                (0..<50).map { record(disk, batch * 50 + $0, outputBytes: 8000) }
            )
        }
        let before = try await scene.spool.status().size.fileBytes
        while let next = try await scene.lease(disk).first {
            _ = try await scene.settle(next, .deliveredUnconfirmed)
        }
        while try await scene.spool.tidy() {}
        #expect(try await scene.spool.status().size.fileBytes < before / 4)
    }

    @Test func `a file at its page limit refuses and keeps what it has`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        _ = try await scene.spool.perform { try $0.integer("PRAGMA max_page_count = 1") }
        let found = await fault {
            for number in 2..<200 {
                _ = try await scene.spool.append([record(disk, number, outputBytes: 20_000)])
            }
        }
        #expect(found == .diskFull(path: scene.settings.path))
        #expect(found?.disposition == .alarm)
        #expect(try await scene.lease(disk).count == 1)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a reader that holds the log stops accepting, not settling`() async throws {
        let scene = try await Scene(sizeLimit: Self.small)
        _ = try await scene.spool.append([record(disk, 1)])
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: scene.settings.path, configuration: configuration)
        try await reader.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN; SELECT count(*) FROM result")
        }
        let found = await fault {
            for number in 2..<200 {
                _ = try await scene.spool.append([record(load, number, outputBytes: 20_000)])
            }
        }
        guard case .logBlocked? = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(try await scene.deliver(disk) != nil)
        try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        #expect(try await scene.spool.append([record(load, 500)]).accepted == 1)
    }

    @Test func `rejected results that go for want of room count as evicted, not as dropped`()
        async throws
    {
        let scene = try await Scene(sizeLimit: Self.small)
        _ = try await scene.spool.append([record(load, 1, .change, outputBytes: 60_000)])
        let leased = try #require(try await scene.lease(load).first)
        _ = try await scene.settle(leased, .rejected(code: 400, text: "no", at: start))
        for number in 2..<30 {
            _ = try await scene.spool.append([record(disk, number, outputBytes: 60_000)])
        }
        let lane = try #require(try await scene.lane(load))
        #expect(lane.rejected == 0 && lane.losses.evicted == 1 && lane.losses.dropped == 0)
    }

    @Test func `room is found behind 64 results that are out`() async throws {
        let scene = try await Scene(sizeLimit: SpoolSettings.minimumSizeLimit)
        let objects = (0..<64).map { ObjectName(host: "web01", service: "s\($0)") }
        _ = try await scene.spool.append(objects.enumerated().map { record($1, $0) })
        for object in objects { _ = try await scene.lease(object) }
        var refused = 0
        for number in 100..<140 {
            let receipt = try await scene.spool.append([record(disk, number, outputBytes: 60_000)])
            refused += receipt.refused[disk] ?? 0
        }
        #expect(refused == 0)
    }
}
