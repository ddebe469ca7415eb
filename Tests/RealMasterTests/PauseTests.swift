import Foundation
import TestSupport
import Testing

/// A paused object: nothing of it runs, and everybody can see why.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct PauseTests {
    private static let definitions = """
        object CheckCommand "count" { command = [ "PLUGINS/count" ] }
        object Host NodeName { check_command = "dummy" }
        object Service "disk" {
            host_name = NodeName
            check_command = "count"
            check_interval = 2
            retry_interval = 2
            max_check_attempts = 1
        }
        """
    private static let plugin = #"""
        echo x >> "HERE/runs"; echo "run $(wc -l < "HERE/runs")|runs=1"; exit 1
        """#
    private static let policy = """
        [all]
        masters = \(PrivateMaster.name)
        permissions = icingadb/command/process-check-result, icingadb/command/schedule-check
        """

    @Test func `a paused object is not run, the master sees why, and its end has it checked`()
        throws
    {
        let master = try PrivateMaster()
        let site = try ForwarderSite(
            master: master, definitions: Self.definitions,
            masterAttributes: "grace = 1s\nwatch_interval = 500ms")
        try site.plugin("count", Self.plugin)
        try site.policy(Self.policy)
        try site.renderInto(master)
        try master.start()
        try site.withDaemon { daemon in
            try eventually("it is checked") { try output(master).hasPrefix("run ") }
            let paused = try site.run(
                "pause", ["web1!disk", "--for", "1h", "--reason", "disk is replaced"])
            try #require(paused.isSuccess, "\(paused.errorText)")
            try eventually("the master sees why") {
                try output(master).contains(": disk is replaced - last state WARNING")
            }
            try daemon.kill()
        }
        let before = runs(site)
        try site.withDaemon { daemon in
            let told = try site.status()["pauses"]
            #expect(told.elements.count == 1)
            #expect(told[0]["object"].string == "web1!disk")
            #expect(told[0]["reason"].string == "disk is replaced")
            #expect(told[0]["author"].string == "root")
            let state = try #require(try master.objectState("web1!disk"))
            #expect(state.state == 1 && state.isHard, "the problem stays one")
            let seen = state.lastCheck
            try eventually("it is told again while it lasts") {
                try master.objectState("web1!disk")?.lastCheck ?? 0 > seen + 3
            }
            try eventually("a recheck is answered") {
                try ask(master)
                return daemon.log.contains("outcome=paused")
                    || daemon.log.contains("outcome=satisfied")
            }
            let local = try site.run("recheck", ["web1!disk"])
            #expect(!local.isSuccess && local.errorText.contains("disk is replaced"))
            #expect(runs(site) == before, "nothing ran")

            // An earlier end replaces the one before it.
            try #require(
                site.run("pause", ["web1!disk", "--for", "1s", "--reason", "soon over"]).isSuccess)
            try eventually("its end has it checked") { runs(site) > before }
            try eventually("the master holds a check again") {
                try output(master).hasPrefix("run ")
            }
            #expect(try site.status()["pauses"].elements.isEmpty)

            try #require(
                site.run("pause", ["web1!disk", "--for", "1h", "--reason", "again"]).isSuccess)
            let resumed = try site.run("resume", ["web1!disk"])
            #expect(resumed.outputText == "web1!disk is checked again.\n")
            #expect(try site.run("resume", ["web1!disk"]).outputText.contains("was not paused"))
            #expect(try daemon.stop() == .exited(0))
        }
        try site.withDaemon { daemon in
            #expect(try site.status()["pauses"].elements.isEmpty)
            for (object, reason) in [
                ("web1!forwarder", "cannot be paused"), ("web1!nothing", "no object"),
            ] {
                let refused = try site.run(
                    "pause", [object, "--for", "1h", "--reason", "why not"])
                #expect(!refused.isSuccess && refused.errorText.contains(reason))
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try master.stop()
    }

    /// "Check now" of Icinga DB Web, unless one stands; each result that is told takes it away.
    private func ask(_ master: PrivateMaster) throws {
        let now = Date().timeIntervalSince1970
        guard try master.objectState("web1!disk")?.nextCheck ?? 0 > now else { return }
        let asked = try master.post(
            "/v1/actions/reschedule-check",
            [
                "service": "web1!disk", "force": true, "next_check": .number(now.rounded(.down)),
            ])
        try #require(asked.status == 200)
    }

    private func output(_ master: PrivateMaster) throws -> String {
        try master.objectState("web1!disk")?.lastCheckResult?.output ?? ""
    }

    private func runs(_ site: ForwarderSite) -> Int {
        site.pluginFile("runs").split(separator: "\n").count
    }
}
