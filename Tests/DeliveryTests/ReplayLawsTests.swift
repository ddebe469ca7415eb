import Foundation
import Monitoring
import Spool
import TestSupport
import Testing

@testable import Delivery

/// What holds where results are skipped, in a world that loses, delays, crashes and forgets.
@Suite struct ReplayLawsTests {
    private static let settings = [
        ReplaySettings(mode: .changes),
        ReplaySettings(mode: .latest),
        ReplaySettings(mode: .all, maximumAge: .seconds(20)),
        ReplaySettings(mode: .changes, maximumAge: .seconds(20)),
    ]

    @Test(arguments: settings)
    func `the master ends up where each object stands, in order, and no problem is lost`(
        replay: ReplaySettings
    ) async throws {
        let folder = try TemporaryDirectory("replay")
        var skipped = 0
        var masterCrashes = 0
        var repeated = 0
        for seed in 1...Self.seeds {
            var world = try await SimulatedWorld(
                seed: seed, folder: folder, masterSkews: [.zero], version: "r2.14.6-1",
                replay: replay)
            for _ in 0..<400 { try await world.step() }
            try await world.calmDown()
            for object in SimulatedWorld.objects { check(object, of: world, replay, seed: seed) }
            let report = world.machine.report(at: world.now)
            #expect(report.isSettled && report.waiting == 0, "seed \(seed): \(report)")
            #expect(try await world.contradictions() == [], "seed \(seed)")
            skipped += try await world.skippedCount()
            masterCrashes += world.zone.crashes
            repeated += world.machine.counts.repeated
            try world.close()
        }
        // Without these the run would prove nothing.
        #expect(skipped > 100)
        #expect(masterCrashes > 2)
        #expect(repeated > 0)
    }

    /// More of them by `FORWARDER_SEEDS=200 swift test --filter ReplayLaws`.
    private static var seeds: UInt64 {
        ProcessInfo.processInfo.environment["FORWARDER_SEEDS"].flatMap(UInt64.init) ?? 6
    }

    private func check(
        _ object: ObjectName, of world: SimulatedWorld, _ replay: ReplaySettings, seed: UInt64
    ) {
        let accepted = world.accepted[object] ?? []
        let took = world.zone.nodes[0].effects.filter { $0.object == object }.map(\.output)
        let place: Comment = "seed \(seed), \(object)"
        #expect(took == accepted.filter(Set(took).contains), place)
        #expect(took.last == accepted.last, place)
        var master = SimulatedWorld.firstStanding
        for output in took {
            _ = master.apply(
                world.states[output] ?? .unknown,
                maxCheckAttempts: SimulatedWorld.maxCheckAttempts, kind: .service)
        }
        #expect(master == world.standings[object] ?? SimulatedWorld.firstStanding, place)
        if replay == ReplaySettings(mode: .changes) {
            let missing = accepted.filter(world.changes.contains).filter { !took.contains($0) }
            #expect(missing == [], place)
        }
    }
}
