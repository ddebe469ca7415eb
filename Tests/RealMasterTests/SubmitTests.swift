import Foundation
import TestSupport
import Testing

/// Results that others on the host submit reach the master like those of checks.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct SubmitTests {
    private static let definitions = """
        object Host NodeName { check_command = "dummy" }
        object Host "router" { check_command = "dummy"; enable_active_checks = false }
        object Service "backup" {
            host_name = NodeName
            check_command = "passive"
            enable_active_checks = false
            max_check_attempts = 1
        }
        object Service "load" {
            host_name = NodeName
            check_command = "dummy"
            check_interval = 1h
        }
        """

    @Test func `what was accepted is on the master once, also when the daemon is killed then`()
        throws
    {
        let master = try PrivateMaster()
        let site = try ForwarderSite(
            master: master, otherHosts: ["router"], definitions: Self.definitions,
            masterAttributes: "grace = 1s")
        try site.renderInto(master)
        let nobody = try site.run("submit", ["web1!backup", "ok", "done"])
        #expect(!nobody.isSuccess && nobody.errorText.contains("No daemon listens"))
        try site.withDaemon { daemon in
            let accepted = try site.run(
                "submit", ["web1!backup", "critical", "no tape|size=0B"])
            try #require(accepted.isSuccess, "\(accepted.errorText)")
            #expect(accepted.outputText == "web1!backup is CRITICAL (HARD, attempt 1).\n")
            let host = try site.run("submit", ["router", "down", "no answer"])
            #expect(host.outputText.hasPrefix("router is DOWN"))
            try daemon.kill()
        }
        try master.start()
        try site.withDaemon { daemon in
            try eventually("the master holds them") {
                try master.objectState("web1!backup")?.lastCheckResult?.output == "no tape"
                    && master.objectState("router")?.lastCheckResult?.output == "no answer"
            }
            let state = try #require(try master.objectState("web1!backup"))
            #expect(state.state == 2 && state.isHard)
            #expect(
                state.attributes["last_check_result"]["performance_data"][0].string == "size=0B")
            for (object, reason) in [
                ("web1!load", "is checked by this host itself"), ("web1!none", "no object"),
                ("web1!forwarder", "is checked by this host itself"), ("web1", "no object"),
            ] {
                let refused = try site.run("submit", [object, "ok", "all is well"])
                #expect(!refused.isSuccess && refused.errorText.contains(reason), "\(object)")
            }
            #expect(try site.run("submit", ["web1!backup", "fine", "x"]).isSuccess == false)
            try #require(site.run("submit", ["web1!backup", "0", "tape is back"]).isSuccess)
            try eventually("the newest is there") {
                try master.objectState("web1!backup")?.lastCheckResult?.output == "tape is back"
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try master.stop()
    }

    @Test func `a plugin that is run now is on the master with its own times`() throws {
        let master = try PrivateMaster()
        let site = try ForwarderSite(
            master: master, otherHosts: ["router"], definitions: Self.definitions)
        try site.renderInto(master)
        try site.plugin("tape", "sleep 1; echo \"tape $1|size=1B\"; exit $2")
        let plugin = site.folder.path("plugins/tape")
        try master.start()
        try site.withDaemon { daemon in
            func submit(_ status: String) throws {
                let ran = try site.run(
                    "submit", ["--run", "web1!backup", "--", plugin, "a b", status])
                try #require(ran.isSuccess, "\(ran.errorText)")
                let state = status == "1" ? "WARNING" : "UNKNOWN"
                #expect(ran.outputText == "web1!backup is \(state) (HARD, attempt 1).\n")
            }
            try submit("1")
            try eventually("the master holds it") {
                try master.objectState("web1!backup")?.lastCheckResult?.output == "tape a b"
            }
            let result = try #require(try master.objectState("web1!backup"))
                .attributes["last_check_result"]
            let start = result["execution_start"].number ?? 0
            let took = (result["execution_end"].number ?? 0) - start
            #expect(took > 0.9 && took < 60, "\(took)")
            #expect(result["performance_data"][0].string == "size=1B")
            try submit("5")
            try eventually("the next one too") {
                try master.objectState("web1!backup")?.lastCheckResult?.output
                    .contains("<Terminated with exit code 5 (0x5).>") == true
            }
            let refused = try site.run("submit", ["--run", "web1!load", "--", "/bin/true"])
            #expect(!refused.isSuccess && refused.errorText.contains("is checked by this host"))
            #expect(try daemon.stop() == .exited(0))
        }
        try master.stop()
    }
}
