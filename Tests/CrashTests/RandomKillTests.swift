import Spool
import TestSupport
import Testing

/// The main proof: every accepted result takes effect once and in order, whatever is killed when.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct RandomKillTests {
    private let plan = CrashPlan.current
    @Test func `results take effect once and in order, whatever is killed when`() throws {
        let scene = try CrashScene(
            "main", services: NumberedServices(count: 24, interval: plan.interval))
        for point in KillPoint.firstStart { try scene.kill(at: point) }
        for _ in 0..<plan.rounds {
            for point in KillPoint.everyday.shuffled(using: &scene.random) {
                try scene.kill(at: point)
            }
            for point in KillPoint.stop {
                try scene.kill(at: point) { daemon in
                    try daemon.waitUntilReady()
                    daemon.askToStop()
                }
            }
        }
        try killAtRandom(scene)
        try scene.finish()
        for point in KillPoint.firstStart + KillPoint.everyday + KillPoint.stop {
            #expect(scene.tally.points[point.name, default: 0] > 0, "\(point.name) never fired")
        }
        #expect(scene.tally.daemonKills >= plan.daemonKills)
        #expect(scene.tally.uplinkKills >= plan.uplinkKills)
        #expect(scene.ledger.entries.count >= plan.results)
        #expect(scene.ledger.repeats > 0, "no kill made a repeat necessary")
    }

    private func killAtRandom(_ scene: CrashScene) throws {
        var daemons = plan.daemonKills
        var uplinks = plan.uplinkKills
        while daemons > 0 || uplinks > 0 || scene.ledger.entries.count < plan.results {
            let some = min(max(uplinks, 0), Int.random(in: 0...2, using: &scene.random))
            try scene.randomLife(uplinkKills: some)
            daemons -= 1
            // every now and then while nothing runs
            if daemons % 20 == 0 { try scene.turnOver() }
            uplinks -= some
        }
    }
}
