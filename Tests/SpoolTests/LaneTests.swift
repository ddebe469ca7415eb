import Monitoring
import Spool
import Testing

@Suite struct LaneTests {
    @Test func `results of an object go out in the order of acceptance, one at a time`()
        async throws
    {
        let scene = try await Scene()
        let receipt = try await scene.spool.append([
            record(disk, 1), record(load, 2), record(disk, 3),
        ])
        #expect(receipt.accepted == 3)
        #expect(receipt.grown == [disk: 2, load: 1])

        let first = try await scene.lease(disk, load)
        #expect(first.map(\.result) == [record(disk, 1).result, record(load, 2).result])
        #expect(try await scene.lease(disk).isEmpty)

        let answer = try await scene.settle(first[0], .delivered(at: start))
        #expect(answer.lanes.map(\.queued) == [1])
        #expect(answer.lanes.map(\.kept) == [1])
        #expect(answer.lanes.first?.canLease == true)
        #expect(try await scene.lease(disk).map(\.result) == [record(disk, 3).result])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `settling twice changes nothing the second time`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        let leased = try #require(try await scene.lease(disk).first)
        _ = try await scene.settle(leased, .superseded)
        let again = try await scene.settle(leased, .superseded)
        #expect(again.unmatched.map(\.sequence) == [leased.sequence])
        #expect(try await scene.lane(disk)?.losses.superseded == 1)
    }

    @Test func `a parked object keeps its results until a lease ends the parking`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        let parking = Parking(object: disk, until: start + .seconds(300), reason: "404")
        _ = try await scene.spool.exchange(
            DeliveryBatch(destination: scene.destination, parkings: [parking])
        )
        let parked = try #require(try await scene.lane(disk))
        #expect(parked.parked?.until == start + .seconds(300))
        #expect(parked.parked?.reason == "404")
        #expect(parked.queued == 1)
        #expect(try await scene.spool.status().destinations[0].parkedObjects == 1)

        #expect(try await scene.lease(disk).count == 1)
        #expect(try await scene.lane(disk)?.parked == nil)
    }

    @Test func `every way of ending a lease is counted in its place`() async throws {
        let scene = try await Scene()
        let kinds: [Settlement.Kind] = [
            .delivered(at: start), .deliveredUnconfirmed, .superseded,
            .ignored(reason: "dependency"),
            .rejected(code: 400, text: "no such field", at: start),
            .replaced,
        ]
        for (number, kind) in kinds.enumerated() {
            _ = try await scene.spool.append([record(disk, number)])
            let leased = try #require(try await scene.lease(disk).first)
            _ = try await scene.settle(leased, kind)
        }
        let lane = try #require(try await scene.lane(disk))
        #expect((lane.queued, lane.kept, lane.rejected) == (0, 1, 1))
        #expect(lane.losses.superseded == 1)
        #expect(lane.losses.ignored == 1)
        #expect(lane.ignoredReason == "dependency")
        let rejected = try await scene.spool.rejected(of: "icinga")
        #expect(rejected.map(\.answer?.code) == [400])
        #expect(rejected.map(\.answer?.text) == ["no such field"])
        #expect(rejected.map(\.result) == [record(disk, 4).result])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `each destination has its own place in line`() async throws {
        let scene = try await Scene(destinations: ["north", "south"])
        _ = try await scene.spool.append([record(disk, 1), record(disk, 2)])
        let north = try #require(try await scene.lease(disk, at: 0).first)
        _ = try await scene.settle(north, .deliveredUnconfirmed, at: 0)
        #expect(try await scene.lane(disk, at: 0)?.queued == 1)
        #expect(try await scene.lane(disk, at: 1)?.queued == 2)
        #expect(try await scene.lease(disk, at: 1).first?.sequence == north.sequence)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a retired destination gets nothing new, and what it has stays until dropped`()
        async throws
    {
        let scene = try await Scene(destinations: ["north", "south"])
        _ = try await scene.spool.append([record(disk, 1)])
        let left = try await scene.spool.register(destinations: ["south"])
        #expect(left == [scene.destinations[1]])
        _ = try await scene.spool.append([record(disk, 2)])
        var status = try await scene.spool.status().destinations
        #expect(status.map(\.isRetired) == [true, false])
        #expect(status.map(\.queued) == [1, 2])

        while try await scene.spool.tidy() {}
        #expect(try await scene.spool.status().destinations == status)
        try await scene.spool.dropAll(of: "north")
        while try await scene.spool.tidy() {}
        status = try await scene.spool.status().destinations
        #expect(status.map(\.queued) == [2])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `names that differ only in Unicode form are two lanes`() async throws {
        let scene = try await Scene()
        let composed = ObjectName(host: "caf\u{E9}")
        let decomposed = ObjectName(host: "cafe\u{301}")
        _ = try await scene.spool.append([record(composed, 1), record(decomposed, 2)])
        #expect(try await scene.lease(composed).first?.result.executionStart == start + .seconds(1))
        #expect(
            try await scene.lease(decomposed).first?.result.executionStart == start + .seconds(2)
        )
    }
}
