import Foundation
import TestSupport
import Testing

/// The rendered objects, and the way the API speaks, on each version of the master.
@Suite(
    .serialized,
    .enabled(if: CompatVersion.isWanted, "versions are compared by `make compat`"),
    CompatTable.watch
)
struct CompatObjectTests {
    private let walk = WalkingServices(count: 2, interval: 0.5)
    private static let quickHealth = """
        object Service "forwarder" {
            host_name = NodeName
            check_interval = 0.5
            retry_interval = 0.5
        }
        """
    /// A host that goes through all four plugin states.
    private static let printer = """
        object CheckCommand "walk" { command = [ "PLUGINS/walk", "printer" ] }
        object Host NodeName { check_command = "dummy" }
        object Host "printer" {
            check_command = "walk"
            check_interval = 0.3
            retry_interval = 0.3
            max_check_attempts = 3
        }
        """

    @Test(arguments: CompatVersion.allCases)
    func `plugin states of a host become UP and DOWN`(version: CompatVersion) throws {
        try CompatTable.hold("host results", version) { installation, _ in
            let master = try PrivateMaster(installation: installation)
            let site = try ForwarderSite(
                master: master,
                otherHosts: ["printer"],
                definitions: Self.printer
            )
            try site.plugin("walk", WalkingServices.plugin)
            try site.renderInto(master)
            try master.start()
            let seen = try ProcessedResults(master)
            try site.withDaemon { daemon in
                try eventually("it went through its states") {
                    let output = try master.objectState("printer")?.lastCheckResult?.output
                    return WalkingServices.run(output ?? "") >= 11
                }
                try site.flushAll()
                #expect(try daemon.stop() == .exited(0))
            }
            try site.flushAll()
            let entries = try seen.drain().filter { $0.object == "printer" }
            let measured = try #require(try site.measured()["printer"])
            #expect(entries.map(\.output) == measured.map(\.output))
            // Icinga shows WARNING of a host as UP, so 1 must not be sent for it.
            #expect(entries.map { $0.state == 0 } == measured.map { $0.state <= 1 })
            let standing = try site.standings()["printer"]
            let object = try #require(try master.objectState("printer"))
            #expect(object.isHard == standing?.isHard)
            #expect(object.checkAttempt == standing?.attempt)
            try master.stop()
            return "\(entries.count) results, UP and DOWN as measured"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `the next check is as far away as the ttl says, and a reload leaves it`(
        version: CompatVersion
    ) throws {
        try CompatTable.hold("ttl", version) { installation, _ in
            let (master, site) = try walk.prepare(installation: installation)
            try master.start()
            try site.withDaemon { daemon in
                try walk.waitForRuns(2, on: master)
                #expect(try daemon.stop() == .exited(0))
            }
            let before = try #require(try master.objectState(walk.names[0]))
            // An interval, a minute and a minute more, in whole seconds.
            let distance = before.nextCheck - before.lastCheck
            #expect(distance > 119.9 && distance < 122, "\(distance)")
            try master.reload()
            let after = try #require(try master.objectState(walk.names[0]))
            #expect(abs(after.nextCheck - before.nextCheck) < 0.001, "a reload moved it")
            try master.stop()
            return String(format: "next check in %.1f s, kept over a reload", distance)
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `the rendered configuration loads, and the own host is DOWN and UP`(
        version: CompatVersion
    ) throws {
        try CompatTable.hold("rendered, own host", version) { installation, _ in
            let (master, site) = try walk.prepare(
                more: Self.quickHealth,
                installation: installation
            )
            let validated = try master.validate()
            #expect(validated.isSuccess, "\(validated.outputText.suffix(2000))")
            // What 2.16 has to say about the test's own listener is not about what is rendered.
            let warnings = (validated.outputText + validated.errorText)
                .components(separatedBy: "\n")
                .filter { $0.contains("warning/") && !$0.contains("warning/ApiListener") }
            #expect(warnings.isEmpty)
            try master.start()
            let node = PrivateMaster.Caller.client(site.identity)
            #expect(try master.submit("web1", state: 0, as: node).status == 403)
            let never = try OwnHostTests.checkNow(master)
            #expect(never.state == 1)
            #expect(never.lastCheckResult?.output.contains("never reported") == true)
            let old = Date().timeIntervalSince1970 - 40
            _ = try master.submit("web1!forwarder", state: 0, at: old, as: node)
            let silent = try OwnHostTests.checkNow(master)
            #expect(silent.state == 1 && silent.isHard)
            #expect(silent.lastCheckResult?.output.contains("is silent since") == true)
            try site.withDaemon { daemon in
                try eventually("the host is UP") { try OwnHostTests.checkNow(master).state == 0 }
                #expect(try daemon.stop() == .exited(0))
            }
            try master.stop()
            return "loads; DOWN, DOWN silent, UP"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `answers and events come in the framing that is expected`(version: CompatVersion) throws {
        try CompatTable.hold("framing", version) { installation, release in
            let (master, _) = try walk.prepare(installation: installation)
            try master.start()
            let seen = try ProcessedResults(master)
            let action = try Self.framing(
                master,
                "actions/process-check-result",
                #"{"service": "web1!walk1", "exit_status": 0, "plugin_output": "fine"}"#
            )
            let events = try Self.framing(
                master,
                "events",
                #"{"types": ["CheckResult"], "queue": "framing"}"#
            )
            let isNew = release.isAtLeast(2, 16)
            #expect(action == (isNew ? "chunked" : "length"))
            #expect(events == (isNew ? "chunked" : "until the end"))
            #expect(try seen.drain().map(\.object) == ["web1!walk1"])
            try master.stop()
            return "answers: \(action), events: \(events)"
        }
    }

    /// How the answer to a POST says where it ends.
    private static func framing(
        _ master: PrivateMaster,
        _ path: String,
        _ body: String
    ) throws -> String {
        let arguments = [
            "--silent", "--insecure", "--noproxy", "*", "--max-time", "2", "--dump-header", "-",
            "--output", "/dev/null", "--user", master.administrator,
            "--header", "Accept: application/json", "--data", body,
            "https://127.0.0.1:\(master.port)/v1/\(path)",
        ]
        // The event stream does not end; curl gives up on it and has shown the head by then.
        let head = try Command.run("curl", arguments).outputText.lowercased()
        guard head.hasPrefix("http/1.1 200") else { return "no answer: \(head)" }
        let isChunked = head.contains("transfer-encoding: chunked")
        let hasLength = head.contains("content-length:")
        return isChunked ? "chunked" : hasLength ? "length" : "until the end"
    }
}
