import Foundation
import Spool
import TestSupport
import Testing

/// Rechecks that a master asks for, with the daemon killed around what makes them durable.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct RecheckKillTests {
    private static let object = "web1!asked"
    private static let definitions = """
        object CheckCommand "asked" { command = [ "PLUGINS/asked" ] }
        object Service "asked" {
            host_name = NodeName
            check_command = "asked"
            check_interval = 1h
        }
        """

    @Test func `a request is honoured once at most, whatever is killed when`() throws {
        let scene = try CrashScene(
            "recheck", services: NumberedServices(count: 4, interval: 0.5),
            masterAttributes: "grace = 1s\nwatch_interval = 300ms",
            definitions: Self.definitions)
        try scene.site.plugin("asked", #"echo x >> "HERE/asked.runs"; echo asked"#)
        try scene.site.policy(
            """
            [all]
            masters = \(PrivateMaster.name)
            permissions = icingadb/command/process-check-result, icingadb/command/schedule-check
            forwarder/recheck/minimum-interval = 1s
            forwarder/recheck/limit = 1000/1h
            """)
        try scene.site.withDaemon { daemon in
            try #require(scene.site.run("recheck", [Self.object]).isSuccess)
            try eventually("the master knows it") {
                try scene.master.objectState(Self.object)?.lastCheckResult != nil
            }
            try scene.site.awaitFirstLook()
            #expect(try daemon.stop() == .exited(0))
        }
        var asked = 0
        let first = runs(scene)
        for _ in 0..<CrashPlan.current.rounds {
            for point in KillPoint.rechecking {
                asked += 1
                try scene.kill(at: point) { daemon in
                    do {
                        try daemon.waitUntilReady()
                    } catch {
                        // a request that stood before came to the point before it was ready
                        guard !daemon.isRunning else { throw error }
                        return
                    }
                    try ask(scene)
                }
            }
            asked += 1
            let daemon = try scene.startDaemon()
            defer { daemon.end() }
            try daemon.waitUntilReady()
            try ask(scene)
            try scene.pass(Double.random(in: 0.2...2, using: &scene.random))
            try scene.kill(daemon)
        }
        try scene.finish()
        for point in KillPoint.rechecking {
            #expect(scene.tally.points[point.name, default: 0] > 0, "\(point.name) never fired")
        }
        #expect(runs(scene) - first <= asked, "a request was honoured twice")
    }

    /// Another whole second than every request before.
    private func ask(_ scene: CrashScene) throws {
        let value = Date().timeIntervalSince1970.rounded(.down)
        let asked = try scene.master.post(
            "/v1/actions/reschedule-check",
            ["service": .string(Self.object), "force": true, "next_check": .number(value)])
        try #require(asked.status == 200)
    }

    private func runs(_ scene: CrashScene) -> Int {
        scene.site.pluginFile("asked.runs").split(separator: "\n").count
    }
}
