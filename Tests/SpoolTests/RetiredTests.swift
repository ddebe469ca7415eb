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
}
