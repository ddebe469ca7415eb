import Monitoring
import TestSupport
import Testing

@testable import Delivery

/// Clocks that are set, or stand still, while results are on their way.
@Suite struct SteppedClockTests {
    private static let versions = ["r2.13.6-1", "r2.14.6-1"]

    @Test(arguments: versions)
    func `a master's clock that is set back neither doubles nor loses what it took before`(
        version: String
    ) async throws {
        let folder = try TemporaryDirectory("stepped")
        for seed: UInt64 in 1...4 {
            var world = try await SimulatedWorld(
                seed: seed, folder: folder, masterSkews: [.seconds(3600)], version: version)
            try await world.live(120)
            world.setMasterClocks(.seconds(-3600))
            for _ in 0..<3 {
                try await world.live(40)
                try await world.breakConnection()
            }
            try await world.live(700)
            try await world.calmDown()
            expectOnceInOrder(world, seed: seed)
            #expect(world.machine.counts.forgotten == 0, "seed \(seed)")
            try world.close()
        }
    }

    /// Of what is lost on the way, some arrives and some does not; the client dies at times.
    @Test(arguments: versions)
    func `results that are in doubt around a master's steps back all take effect once`(
        version: String
    ) async throws {
        let folder = try TemporaryDirectory("stepped")
        var losses = 0
        for seed: UInt64 in 1...12 {
            var world = try await SimulatedWorld(
                seed: seed, folder: folder, masterSkews: [.seconds(3600)], version: version)
            for _ in 0..<6 {
                for _ in 0..<60 { try await world.quietStep() }
                world.setMasterClocks(.seconds(-600))
            }
            try await world.calmDown()
            expectOnceInOrder(world, seed: seed)
            losses += world.losses
            try world.close()
        }
        #expect(losses > 50)
    }

    @Test func `a host that was paused does not date what it measures afterwards back`()
        async throws
    {
        let folder = try TemporaryDirectory("paused")
        for seed: UInt64 in 1...3 {
            var world = try await SimulatedWorld(
                seed: seed, folder: folder, masterSkews: [.zero], version: "r2.14.6-1")
            try await world.live(120)
            let before = world.zone.nodes[0].effects.count
            world.pauseHost(.seconds(3600))
            try await world.live(120)
            try await world.calmDown()
            expectOnceInOrder(world, seed: seed)
            let after = world.zone.nodes[0].effects[before...]
            let ages = after.map { world.now.wall - $0.stamp }
            // What waited when the host was paused is from before.
            #expect(ages.filter { $0 > .seconds(1800) }.count <= 8, "seed \(seed): \(ages)")
            #expect(after.count > 20)
            try world.close()
        }
    }

    private func expectOnceInOrder(_ world: SimulatedWorld, seed: UInt64) {
        for object in SimulatedWorld.objects {
            let took = world.zone.nodes[0].effects.filter { $0.object == object }.map(\.output)
            let accepted = world.accepted[object] ?? []
            let lost = Set(accepted).subtracting(took).sorted()
            let doubled = Dictionary(grouping: took) { $0 }.filter { $0.value.count > 1 }.keys
            let isSame = took == accepted
            #expect(isSame, "seed \(seed), \(object): lost \(lost), doubled \(doubled.sorted())")
        }
    }
}
