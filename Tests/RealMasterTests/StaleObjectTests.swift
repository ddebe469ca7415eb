import Foundation
import TestSupport
import Testing

/// A passive object of which no result comes: the master is told so, once an interval.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct StaleObjectTests {
    private static let definitions = """
        object Host NodeName { check_command = "dummy" }
        template Service "submitted" {
            host_name = NodeName
            check_command = "passive"
            enable_active_checks = false
            max_check_attempts = 1
        }
        object Service "backup" { import "submitted"; check_interval = 2s }
        object Service "trap" { import "submitted"; check_interval = 2s; volatile = true }
        object Service "rare" { import "submitted" }
        """

    private func output(_ master: PrivateMaster, _ name: String) throws -> String {
        try master.objectState("web1!\(name)")?.lastCheckResult?.output ?? ""
    }

    private func submit(_ site: ForwarderSite, _ name: String) throws {
        let outcome = try site.run("submit", ["web1!\(name)", "ok", "done"])
        try #require(outcome.isSuccess, "\(outcome.errorText)")
    }

    @Test func `what nobody submits in time is UNKNOWN on the master, until somebody does`() throws
    {
        let master = try PrivateMaster()
        let site = try ForwarderSite(master: master, definitions: Self.definitions)
        try site.renderInto(master)
        try master.start()
        try site.withDaemon { daemon in
            for name in ["backup", "trap", "rare"] { try submit(site, name) }
            let rows = try site.list()
            #expect(rows["web1!backup"]?["stale_at"].number ?? 0 > Date().timeIntervalSince1970)
            #expect(rows["web1!backup"]?["is_stale"] == false)
            for name in ["web1!trap", "web1!rare"] {
                #expect(rows[name]?["expects_results"] == false, "\(name)")
                #expect(rows[name]?["stale_at"] == .null, "\(name)")
            }
            try eventually("the master is told") {
                try output(master, "backup").contains("submitted since that of 20")
            }
            let state = try #require(try master.objectState("web1!backup"))
            #expect(state.state == 3 && state.isHard)
            #expect(try site.list()["web1!backup"]?["is_stale"] == true)
            let passive = try site.status()["passive"]
            #expect(passive["expected"].number == 1 && passive["stale_count"].number == 1)
            #expect(passive["stale"] == ["web1!backup"])
            let text = try site.run("status").outputText
            #expect(
                text.contains("  passive   results of 1 object expected, 1 stale"), "\(text)")
            #expect(text.contains("    stale    web1!backup"), "\(text)")
            #expect(try site.run("list").outputText.contains("stale, again 20"))
            try submit(site, "backup")
            try eventually("the result is there") { try output(master, "backup") == "done" }
            #expect(try site.list()["web1!backup"]?["is_stale"] == false)
            #expect(try output(master, "trap") == "done" && output(master, "rare") == "done")
            #expect(try daemon.stop() == .exited(0))
        }
        try master.stop()
    }
}
