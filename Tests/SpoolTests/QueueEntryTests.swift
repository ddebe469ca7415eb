import Monitoring
import Spool
import Testing

/// What an operator sees of the queue and does to it.
@Suite struct QueueEntryTests {

    @Test func `every result shows at each destination where it stands`() async throws {
        let scene = try await Scene(destinations: ["north", "south"])
        _ = try await scene.spool.append([record(disk, 1), record(disk, 2), record(load, 3)])
        let north = try #require(try await scene.lease(disk, at: 0).first)
        _ = try await scene.settle(north, .delivered(at: start))
        let south = try #require(try await scene.lease(load, at: 1).first)
        _ = try await scene.settle(south, .rejected(code: 400, text: "no", at: start), at: 1)
        _ = try await scene.lease(disk, at: 1)

        let found = try await all(scene).map {
            "\($0.destination) \($0.sequence.rawValue) \($0.state)"
        }
        #expect(
            Set(found) == [
                "north 1 delivered", "north 2 queued", "north 3 queued", "south 1 sent",
                "south 2 queued", "south 3 rejected",
            ])
        let rejected = try await all(scene, QueueFilter(states: [.rejected]))
        #expect(rejected.map(\.answer?.text) == ["no"])
        #expect(rejected.first?.result == record(load, 3).result)
        #expect(rejected.first?.baseStamp != nil)
        try scene.reopen()
        #expect(try await all(scene, QueueFilter(states: [.ambiguous])).count == 1)
        #expect(try await all(scene, QueueFilter(states: [.sent])).isEmpty)
    }

    @Test func `a filter takes names with wildcards, destinations and places in line`()
        async throws
    {
        let scene = try await Scene(destinations: ["north", "south"])
        _ = try await scene.spool.append([record(disk, 1), record(load, 2)])
        #expect(try await all(scene, QueueFilter(object: "web01!d*")).count == 2)
        #expect(try await all(scene, QueueFilter(object: "web01!d")).isEmpty)
        #expect(try await all(scene, QueueFilter(object: "*!l??d")).count == 2)
        #expect(try await all(scene, QueueFilter(destination: "south")).count == 2)
        #expect(
            try await all(scene, QueueFilter(sequence: 2)).map(\.result.object) == [load, load])
        #expect(try await all(scene, QueueFilter(isParkedOnly: true)).isEmpty)
        try await park(scene, disk)
        let parked = try await all(scene, QueueFilter(isParkedOnly: true))
        #expect(parked.map(\.result.object) == [disk])
        #expect(parked.first?.parked?.reason == "unknown")
    }

    @Test func `pages end by count and by bytes, and none is missing`() async throws {
        let scene = try await Scene()
        let long = String(repeating: "x", count: 60_000)
        for first in stride(from: 0, to: 1_200, by: 200) {
            let batch = (first..<(first + 200)).map { number in
                var one = record(ObjectName(host: "web", service: "s\(number % 9)"), number)
                if number % 20 == 0 { one.result.output = long }
                return one
            }
            _ = try await scene.spool.append(batch)
        }
        var cursor: QueueCursor?
        var counts: [Int] = []
        repeat {
            let page = try await scene.spool.entries(QueueFilter(), after: cursor)
            counts.append(page.entries.count)
            let byteCount = page.entries.reduce(0) { $0 + $1.result.output.utf8.count }
            #expect(byteCount <= QueuePage.byteLimit + CheckResult.outputByteLimit)
            #expect(page.entries.count <= QueuePage.entryLimit)
            cursor = page.next
        } while cursor != nil
        #expect(counts.reduce(0, +) == 1_200)
        #expect(counts.count == 4, "\(counts)")
    }

    @Test func `dropped results are gone and counted, what is out stays`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1), record(disk, 2), record(load, 3)])
        _ = try await scene.lease(disk)
        let change = try await scene.spool.drop(QueueFilter())
        #expect(change.changed == 2)
        #expect(change.left.values.reduce(0, +) == 1)
        let lane = try #require(try await scene.lane(disk))
        #expect(lane.queued == 0)
        #expect(lane.leased != nil)
        #expect(lane.losses.dropped == 1)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test
    func `a rejected result waits again under its old stamp, unless something newer went out`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1), record(load, 2), record(load, 3)])
        let leases = try await scene.lease(disk, load)
        for lease in leases {
            _ = try await scene.settle(lease, .rejected(code: 400, text: "no", at: start))
        }
        _ = try await scene.settle(
            try #require(try await scene.lease(load).first), .delivered(at: start))
        let change = try await scene.spool.retry(QueueFilter(states: [.rejected]))
        #expect(change.changed == 1)
        #expect(change.left.count == 1)
        #expect(change.retried.map(\.object) == [disk])
        #expect(change.retried.map(\.count) == [1])
        let again = try #require(try await scene.lease(disk).first)
        #expect(again.baseStamp == leases.first { $0.result.object == disk }?.baseStamp)
        #expect(again.attempt == 1)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `retrying ends an object's wait`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        try await park(scene, disk)
        let change = try await scene.spool.retry(QueueFilter(isParkedOnly: true))
        #expect(change.retried.map(\.object) == [disk])
        #expect(try await scene.lane(disk)?.parked == nil)
    }

    @Test func `what only waits for its turn is not tried again`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1), record(load, 2)])
        try await park(scene, disk)
        let change = try await scene.spool.retry(QueueFilter())
        #expect(change.changed == 1)
        #expect(change.left.values.reduce(0, +) == 1)
        #expect(change.retried.map(\.object) == [disk])
    }

    @Test func `what waits for parked objects and what was rejected are found together`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append([
            record(disk, 1), record(load, 2), record(load, 3), record(load, 4),
        ])
        let lease = try #require(try await scene.lease(load).first)
        _ = try await scene.settle(lease, .rejected(code: 400, text: "no", at: start))
        try await park(scene, disk)
        let filter = QueueFilter(states: [.queued, .rejected], isParkedOnly: true)
        #expect(try await all(scene, filter).map(\.sequence.rawValue).sorted() == [1, 2])
        let change = try await scene.spool.retry(filter)
        #expect(change.changed == 2)
        #expect(Set(change.retried.map(\.object)) == [disk, load])
    }

    @Test func `what is out to a destination that nobody delivers to any more can be dropped`()
        async throws
    {
        let scene = try await Scene(destinations: ["old"])
        _ = try await scene.spool.append([record(disk, 1), record(disk, 2)])
        _ = try await scene.lease(disk)
        _ = try await scene.spool.register(destinations: ["new"])
        let change = try await scene.spool.drop(QueueFilter(destination: "old"))
        #expect(change.changed == 2)
        #expect(change.left.isEmpty)
        #expect(try await scene.spool.status().destinations[0].leased == 0)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `what waited up to a place in line is told from what came since`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        let newest = try await scene.spool.newestSequence()
        _ = try await scene.spool.append([record(load, 2)])
        let waits = { try await scene.spool.waiting(upTo: newest).first?.isOldLeft ?? false }
        #expect(try await waits())
        let leased = try #require(try await scene.lease(disk).first)
        #expect(try await waits(), "it is out")
        _ = try await scene.settle(leased, .notProcessed)
        try await park(scene, disk)
        #expect(try await waits() == false, "it is left alone")
        let alone = try #require(try await scene.spool.waiting(upTo: newest).first)
        #expect(alone.count == 2)
        #expect(alone.parked.map(\.object) == [disk])
        try await scene.deliver(disk)
        #expect(try await waits() == false)
        #expect(try await scene.lane(load)?.queued == 1)
    }

    @Test func `results are accepted while the spool is checked`() async throws {
        let scene = try await Scene()
        let spool = scene.spool
        let rounds = 20
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                var count = 0
                while !Task.isCancelled {
                    _ = try await spool.append([record(disk, count)])
                    count += 1
                }
                return count
            }
            for _ in 0..<rounds { #expect(try await spool.contradictions() == []) }
            group.cancelAll()
            return try await group.next() ?? 0
        }
        // A check that lets nothing in between has one before it and one behind it.
        #expect(count > 3 * rounds)
    }

    private func all(
        _ scene: Scene, _ filter: QueueFilter = QueueFilter()
    ) async throws -> [QueueEntry] {
        try await scene.spool.entries(filter).entries
    }

    private func park(_ scene: Scene, _ object: ObjectName) async throws {
        _ = try await scene.spool.exchange(
            DeliveryBatch(
                destination: scene.destinations[0],
                parkings: [
                    Parking(object: object, until: start + .seconds(600), reason: "unknown")
                ]))
    }
}
