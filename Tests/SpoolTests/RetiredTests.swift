import Monitoring
import Testing

@testable import Spool

/// Results of a destination that is no longer configured.
@Suite struct RetiredTests {
    private static let small = SpoolSettings.minimumSizeLimit

    /// A spool whose destination "old" is retired with three changes of `load` waiting for it.
    private static func scene() async throws -> Scene {
        let scene = try await Scene(sizeLimit: small, destinations: ["old"])
        for number in 1...3 {
            _ = try await scene.spool.append([record(load, number, .change, outputBytes: 60_000)])
        }
        scene.destinations += try await scene.spool.register(destinations: ["new"])
        return scene
    }

    @Test func `they go before anything that a configured destination waits for, changes too`()
        async throws
    {
        let scene = try await Self.scene()
        for number in 4..<40 {
            _ = try await scene.spool.append([record(disk, number, outputBytes: 60_000)])
            guard try await scene.lane(disk, at: 1)?.losses.evicted ?? 0 > 0 else { continue }
            break
        }
        let old = try #require(try await scene.lane(load))
        #expect(old.queued == 0 && old.losses.evicted == 3)
        #expect(try await scene.lane(disk, at: 1)?.losses.evicted == 1)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a result that another destination waits for as well stays there`() async throws {
        let scene = try await Scene(sizeLimit: Self.small, destinations: ["old", "new"])
        _ = try await scene.spool.append([record(load, 1, .change)])
        _ = try await scene.spool.register(destinations: ["new"])
        for number in 2..<40 {
            _ = try await scene.spool.append([record(disk, number, outputBytes: 60_000)])
        }
        #expect(try await scene.lane(load)?.queued == 0)
        #expect(try await scene.lane(load, at: 1)?.queued == 1)
        #expect(try await scene.lease(load, at: 1).count == 1)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `while there is room they wait for their destination to come back`() async throws {
        let scene = try await Self.scene()
        _ = try await scene.spool.append([record(disk, 4)])
        #expect(try await scene.spool.status().destinations[0].isRetired)
        _ = try await scene.spool.register(destinations: ["old"])
        #expect(try await scene.lease(load).count == 1)
    }

    @Test func `one that is half dropped counts what is left, and goes on with it when it is back`()
        async throws
    {
        let scene = try await Scene(destinations: ["old", "new"])
        let spool = scene.spool
        for number in 1...4 { _ = try await spool.append([record(disk, number)]) }
        _ = try await spool.append([record(load, 1)])
        try await scene.deliver(disk)
        let refused = try #require(try await scene.lease(disk).first)
        _ = try await scene.settle(refused, .rejected(code: 400, text: "no", at: start))
        _ = try await scene.lease(disk)
        _ = try await spool.register(destinations: ["new"])
        _ = try await spool.drop(
            QueueFilter(destination: "old", states: [.queued, .sent, .delivered]))
        while try await spool.tidy() {}
        #expect(try await spool.contradictions() == [])
        _ = try await spool.register(destinations: ["old", "new"])
        let lane = try #require(try await scene.lane(disk))
        #expect(lane.queued == 0 && lane.rejected == 1 && lane.losses.dropped == 3)
        #expect(try await scene.lease(disk, load).isEmpty)

        _ = try await spool.register(destinations: ["new"])
        try await spool.dropAll(of: "old")
        while try await spool.tidy() {}
        #expect(try await spool.status().destinations.map(\.name) == ["new"])
        #expect(try await spool.contradictions() == [])
        #expect(try await scene.lane(disk, at: 1)?.queued == 4)
        #expect(try await scene.lane(load, at: 1)?.queued == 1)
    }

    @Test func `what no destination is registered for is not stored, but its schedule is`()
        async throws
    {
        let scene = try await Scene(destinations: ["old"])
        _ = try await scene.spool.register(destinations: [])
        let receipt = try await scene.spool.append([record(disk, 1)])
        #expect((receipt.taken, receipt.accepted) == (1, 0))
        #expect(try await scene.spool.contradictions() == [])
        #expect(try await scene.spool.scheduleStates() == [record(disk, 1).schedule])
        #expect(try await scene.lane(disk) == nil)
    }
}
