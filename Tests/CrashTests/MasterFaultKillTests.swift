import Spool
import TestSupport
import Testing

/// Kills on both sides: a master that crashes, hangs or reloads while forwarders come and go.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct MasterFaultKillTests {
    private let plan = CrashPlan.current
    private let services = NumberedServices(count: 24, interval: 0.2)

    @Test func `a master that crashes, hangs or reloads loses and doubles nothing either`() throws {
        let scene = try CrashScene("failing master", services: services)
        try scene.randomLife()
        for _ in 0..<plan.masterFaults {
            try scene.stallMaster()
            try scene.crashMaster()
            for point in KillPoint.forgetful { try scene.kill(at: point) }
            try scene.randomLife(uplinkKills: 1)
            try scene.reloadMaster()
            try scene.randomLife()
            try scene.crashMasterBesideDaemon()
        }
        try scene.finish()
        for point in KillPoint.forgetful {
            #expect(scene.tally.points[point.name, default: 0] > 0, "\(point.name) never fired")
        }
        #expect(scene.ledger.repeats > 0, "nothing was repeated")
    }
}
