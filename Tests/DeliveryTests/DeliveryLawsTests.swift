import Foundation
import Monitoring
import TestSupport
import Testing

@testable import Delivery

/// The laws of delivery in a world that loses, delays, crashes and forgets.
@Suite struct DeliveryLawsTests {
    @Test(arguments: [Duration.zero, .seconds(-5), .seconds(3600)])
    func `every accepted result takes effect once and in order`(skew: Duration) async throws {
        let folder = try TemporaryDirectory("delivery")
        var evidence = Evidence()
        for seed in 1...Self.seeds {
            var world = try await SimulatedWorld(seed: seed, folder: folder, masterSkew: skew)
            for _ in 0..<300 { try await world.step() }
            try await world.calmDown()
            check(world, seed: seed)
            evidence.add(world)
            try world.close()
        }
        // Without these the run would prove nothing.
        #expect(evidence.losses > 100)
        #expect(evidence.crashes > 20)
        #expect(evidence.masterCrashes > 5)
        #expect(evidence.lateArrivals > 20)
        #expect(evidence.repeated > 5)
    }

    /// More of them by `FORWARDER_SEEDS=200 swift test --filter DeliveryLaws`.
    private static var seeds: UInt64 {
        ProcessInfo.processInfo.environment["FORWARDER_SEEDS"].flatMap(UInt64.init) ?? 12
    }

    private struct Evidence {
        var losses = 0
        var crashes = 0
        var masterCrashes = 0
        var lateArrivals = 0
        var repeated = 0

        mutating func add(_ world: SimulatedWorld) {
            losses += world.losses
            crashes += world.crashes
            masterCrashes += world.master.crashes
            lateArrivals += world.lateArrivals
            repeated += world.machine.counts.repeated
        }
    }

    private func check(_ world: SimulatedWorld, seed: UInt64) {
        for object in SimulatedWorld.objects {
            let took = world.master.effects.filter { $0.object == object }.map(\.output)
            #expect(took == world.accepted[object] ?? [], "seed \(seed), \(object)")
        }
    }
}
