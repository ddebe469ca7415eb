import Spool
import TestSupport
import Testing

/// Kills where the spool makes room: at its limit, and when results need no more proof.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct SmallSpoolKillTests {
    private let plan = CrashPlan.current

    @Test func `a spool at its limit gives up only what was delivered, whatever is killed when`()
        throws
    {
        let services = NumberedServices(count: 8, interval: 0.4, outputBytes: 8000)
        let scene = try CrashScene(
            "small spool", services: services,
            spoolAttributes: "size_limit = 2 * 1024 * 1024")
        for _ in 0..<plan.rounds {
            for point in KillPoint.evicting { try scene.kill(at: point) }
            for point in KillPoint.emptying { try scene.kill(at: point) { try read(scene, $0) } }
        }
        try scene.lives(plan.sideKills)
        try scene.finish()
        for point in KillPoint.evicting + KillPoint.emptying {
            #expect(scene.tally.points[point.name, default: 0] > 0, "\(point.name) never fired")
        }
        let given = try scene.site.ask("SELECT sum(evicted_kept) AS n FROM lane")
        #expect((given.first?["n"].number ?? 0) > 0, "the limit was never reached")
    }

    @Test func `what needs no more proof is purged and not missed, whatever is killed when`()
        throws
    {
        let scene = try CrashScene(
            "proof", services: NumberedServices(count: 12, interval: 0.2), keepDelivered: 2)
        for _ in 0..<plan.rounds {
            for point in KillPoint.proved { try scene.kill(at: point) }
        }
        try scene.finish()
        for point in KillPoint.proved {
            #expect(scene.tally.points[point.name, default: 0] > 0, "\(point.name) never fired")
        }
        let left = try scene.site.ask("SELECT count(*) AS n FROM result")
        #expect((left.first?["n"].number ?? .infinity) < Double(scene.ledger.entries.count))
    }

    /// Lets the log grow under a reader now and then, so that it has to be emptied; for longer each
    /// time, however slow the daemon is.
    private func read(_ scene: CrashScene, _ daemon: RunningForwarder) throws {
        var seconds = 1
        while daemon.isRunning {
            let reader = try scene.site.holdReader(seconds: seconds)
            seconds = min(2 * seconds, 60)
            try eventually("the reader ends") {
                try scene.readLedger()
                return !daemon.isRunning || reader.poll() != nil
            }
            try scene.pass(0.3)
        }
    }
}

extension ForwarderSite {
    /// A program that reads the spool for so long: the log cannot begin anew meanwhile.
    fileprivate func holdReader(seconds: Int) throws -> ChildProcess {
        try ChildProcess(
            "sqlite3",
            [
                "-readonly", folder.path("spool.db"), "BEGIN", "SELECT count(*) FROM sqlite_master",
                ".shell sleep \(seconds)",
            ])
    }
}
