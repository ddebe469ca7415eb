import Monitoring
import Spool
import Testing

@Suite struct StampTests {
    @Test func `the base stamp is chosen once and an attempt is known before bytes leave`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        let first = try #require(try await scene.lease(disk).first)
        #expect(first.attempt == 1)
        try scene.reopen()
        let found = try await scene.spool.leasedRows(of: scene.destination)
        #expect(found.map(\.baseStamp) == [first.baseStamp])
        #expect(found.map(\.attempts) == [1])
        #expect(found.map(\.node) == ["icinga1"])
        #expect(try await scene.lane(disk)?.leased?.isAmbiguous == true)
    }

    @Test func `an unprocessed attempt does not lower the stamp, a verified loss does`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        let first = try #require(try await scene.lease(disk).first)
        _ = try await scene.settle(first, .notProcessed)
        let second = try #require(try await scene.lease(disk).first)
        #expect(second.attempt == 1)
        #expect(second.stamp == first.stamp)
        _ = try await scene.settle(second, .ambiguous)
        #expect(try await scene.lane(disk)?.leased?.isAmbiguous == true)
        _ = try await scene.settle(second, .sendAgain)
        let third = try #require(try await scene.lease(disk).first)
        #expect(third.attempt == 2)
        #expect(third.baseStamp == first.baseStamp)
        #expect(third.stamp == first.stamp - .microseconds(1))
    }

    @Test func `stamps of a lane grow although the local clock stepped back`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 100), record(disk, 1)])
        let first = try #require(try await scene.deliver(disk))
        try scene.reopen()
        let second = try #require(try await scene.deliver(disk))
        #expect(second.baseStamp == first.baseStamp + .milliseconds(1))
    }

    @Test func `a result that the caller leaves queued stays as it was`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        let answer = try await scene.spool.exchange(
            DeliveryBatch(
                destination: scene.destination,
                leases: [LeaseRequest(object: disk, node: "a")]
            )
        )
        #expect(answer.leased.isEmpty)
        #expect(answer.lanes.map(\.queued) == [1])
        #expect(answer.lanes.map(\.lastStamp) == [nil])
    }

    @Test func `a read proves what is at or below its stamp and old enough`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append((1...3).map { record(disk, $0) })
        for number in 1...3 { try await scene.deliver(disk, at: start + .seconds(number)) }
        let proof = StampProof(object: disk, stamp: start + .seconds(2))
        let early = try await scene.spool.confirm(
            [proof],
            of: scene.destination,
            acknowledgedBefore: start + .seconds(2)
        )
        #expect(early == 1)
        let late = try await scene.spool.confirm(
            [proof],
            of: scene.destination,
            acknowledgedBefore: start + .seconds(600)
        )
        #expect(late == 1)
        #expect(try await scene.spool.keptLanes(of: scene.destination).map(\.count) == [1])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a result that was delivered by a later attempt is proven by that attempt's stamp`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        _ = try await scene.settle(try #require(try await scene.lease(disk).first), .sendAgain)
        let second = try #require(try await scene.deliver(disk))
        #expect(second.stamp < second.baseStamp)
        let count = try await scene.spool.confirm(
            [StampProof(object: disk, stamp: second.stamp)],
            of: scene.destination,
            acknowledgedBefore: start + .seconds(600)
        )
        #expect(count == 1)
    }

    @Test func `what a master forgot goes out again, in order and before anything newer`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append((1...4).map { record(disk, $0) })
        for _ in 1...3 { try await scene.deliver(disk) }
        let forgotten = [
            ForgottenObject(name: disk, held: start + .seconds(1)),
            ForgottenObject(name: load, held: nil),
        ]
        let queued = try await scene.spool.resend(forgotten, of: scene.destination)
        #expect(queued.queued == [disk: 2] && queued.left.isEmpty)
        var order: [Timestamp] = []
        while let next = try await scene.deliver(disk) { order.append(next.result.executionStart) }
        #expect(order == [2, 3, 4].map { start + .seconds($0) })
        #expect(try await scene.spool.contradictions() == [])
    }
}
