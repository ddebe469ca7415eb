import Foundation
import Monitoring
import Policy
import Spool
import TestSupport
import Testing

@testable import Delivery

/// What holds where a policy withholds results, in a world that loses, delays, crashes and forgets.
@Suite struct PolicyLawsTests {
    private static let all = "permissions = *"
    private static let some =
        "permissions = *\nicingadb/filter/objects = service.name=s0|service.name=s1"
    private static let none = "refusals = *"

    private static func rules(_ lines: String) throws -> PolicyRules {
        try PolicyReader.read(
            Array("[role]\nmasters = master\n\(lines)\n".utf8), file: "policy.ini",
            destinations: ["master"], nodeName: "h")
    }

    /// More of them by `FORWARDER_SEEDS=200 swift test --filter PolicyLaws`.
    private static var seeds: UInt64 {
        ProcessInfo.processInfo.environment["FORWARDER_SEEDS"].flatMap(UInt64.init) ?? 6
    }

    @Test func `nothing of a denied object takes effect, all of the others does, in order`()
        async throws
    {
        let folder = try TemporaryDirectory("policy")
        var withheld = 0
        for seed in 1...Self.seeds {
            var world = try await SimulatedWorld(
                seed: seed, folder: folder, masterSkews: [.zero], version: "r2.14.6-1")
            let desk = ReleaseDesk(
                PolicyInForce(try Self.rules(Self.some)), destination: "master",
                time: SystemTime())
            world.release = desk.release
            for _ in 0..<300 { try await world.step() }
            try await world.calmDown()
            for (place, object) in SimulatedWorld.objects.enumerated() {
                let took = world.zone.nodes[0].effects.filter { $0.object == object }
                    .map(\.output)
                let wanted = place < 2 ? world.accepted[object] ?? [] : []
                #expect(took == wanted, "seed \(seed), \(object)")
            }
            withheld += try await check(world, seed: seed)
            try world.close()
        }
        #expect(withheld > 100)
    }

    @Test func `while the policy changes, results go once, in order, or are counted as withheld`()
        async throws
    {
        let folder = try TemporaryDirectory("policies")
        let policies = try [Self.all, Self.some, Self.none].map(Self.rules)
        var withheld = 0
        var took = 0
        for seed in 1...Self.seeds {
            var world = try await SimulatedWorld(
                seed: seed, folder: folder, masterSkews: [.zero], version: "r2.14.6-1")
            let policy = PolicyInForce(policies[0])
            world.release =
                ReleaseDesk(policy, destination: "master", time: SystemTime()).release
            for step in 0..<400 {
                if step % 20 == 0 {
                    policy.replace(
                        with: policies[Int(seed) * 7 % 3 + step / 20 % 2 == 1 ? 1 : step % 3])
                }
                try await world.step()
            }
            policy.replace(with: policies[0])
            try await world.calmDown()
            let lanes = try await world.spool.lanes(
                of: try await world.spool.register(destinations: ["master"])[0])
            for object in SimulatedWorld.objects {
                let accepted = world.accepted[object] ?? []
                let effects = world.zone.nodes[0].effects.filter { $0.object == object }
                    .map(\.output)
                #expect(effects == accepted.filter(Set(effects).contains), "seed \(seed)")
                let missing = accepted.count - effects.count
                let counted = lanes.first { $0.object == object }?.losses.withheld ?? 0
                #expect(missing <= counted, "seed \(seed), \(object)")
                took += effects.count
            }
            withheld += try await check(world, seed: seed)
            try world.close()
        }
        #expect(withheld > 50)
        #expect(took > 50)
    }

    /// Nothing waits and nothing contradicts itself; how many results were withheld.
    private func check(_ world: SimulatedWorld, seed: UInt64) async throws -> Int {
        let report = world.machine.report(at: world.now)
        #expect(report.isSettled && report.waiting == 0, "seed \(seed): \(report)")
        #expect(try await world.contradictions() == [], "seed \(seed)")
        let status = try await world.spool.status().destinations[0]
        #expect(status.queued == 0 && status.leased == 0, "seed \(seed)")
        return status.losses.withheld
    }
}
