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
        #expect(nobody.errorText.contains("There is no drop directory"))
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
}
