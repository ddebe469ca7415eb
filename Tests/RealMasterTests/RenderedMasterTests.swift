import Foundation
import TestSupport
import Testing

/// What `forwarder render` writes, in a real master.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence)),
    .enabled(if: RenderSubcommand.isThere, "this build's `forwarder` has no `render` yet")
)
struct RenderedMasterTests {
    private static let inventory = """
        {"schema": 1, "node": "web1", "hosts": [
          {"name": "web1", "check_interval": 60, "retry_interval": 60, "max_check_attempts": 3,
           "services": [
             {"name": "disk", "check_interval": 60, "retry_interval": 5, "max_check_attempts": 3},
             {"name": "forwarder", "check_interval": 10, "retry_interval": 10,
              "max_check_attempts": 1}]},
          {"name": "printer", "check_interval": 60, "retry_interval": 60, "max_check_attempts": 3,
           "services": []}]}
        """
    /// Three intervals of `forwarder` and 30 s.
    private static let silenceLimit = 60.0

    private static func withMaster(_ body: (PrivateMaster) async throws -> Void) async throws {
        let rendered = try Command.require(
            BuiltProducts.forwarder,
            ["render", "--host", "web1", "--other-host", "printer"],
            input: Data(inventory.utf8)
        )
        let victim = """

            object Host "victim" { check_command = "dummy", enable_active_checks = false }
            object Service "disk" {
                host_name = "victim"
                check_command = "dummy"
                enable_active_checks = false
            }
            """
        try await PrivateMaster.run(rendered.outputText + victim, body)
    }

    @Test func `results of the rendered objects are taken from the node's certificate`()
        async throws
    {
        try await Self.withMaster { master in
            let node = PrivateMaster.Caller.client(try master.client("web1"))
            for name in ["web1!disk", "web1!forwarder", "printer"] {
                let answer = try master.submit(name, state: 1, at: 1000.5, as: node)
                #expect(answer.status == 200, "\(name): \(answer.json)")
                let object = try #require(try master.objectState(name))
                #expect(object.lastCheckResult?.executionStart == 1000.5)
                #expect(object.state == 1)
            }
            let seen = try master.query(
                "services",
                names: ["web1!disk"],
                attributes: ["next_check"],
                as: node
            )
            #expect(seen.status == 200)
        }
    }

    @Test func `another host's objects can neither be changed nor seen`() async throws {
        try await Self.withMaster { master in
            let node = PrivateMaster.Caller.client(try master.client("web1"))
            for name in ["victim!disk", "victim"] {
                #expect(try master.submit(name, state: 1, as: node).status == 404)
                #expect(try master.objectState(name)?.lastCheckResult == nil)
            }
            let query = { try master.query($0, names: [$1], attributes: ["name"], as: node).status }
            #expect(try query("services", "victim!disk") == 404)
            #expect(try query("hosts", "victim") == 404)
            let other = PrivateMaster.Caller.client(try master.client("victim"))
            #expect(try master.submit("web1!disk", state: 1, as: other).status == 401)
        }
    }

    @Test func `the node cannot say that its own host is up`() async throws {
        try await Self.withMaster { master in
            let node = PrivateMaster.Caller.client(try master.client("web1"))
            #expect(try master.submit("web1", state: 0, as: node).status == 403)
        }
    }

    @Test
    func `the own host follows the age of the node's health, and a forced check changes nothing`()
        async throws
    {
        try await Self.withMaster { master in
            let node = PrivateMaster.Caller.client(try master.client("web1"))
            let never = try Self.check(master)
            #expect(never.state == 1)
            #expect(never.isHard)
            #expect(never.lastCheckResult?.output == "The forwarder of this host never reported")

            let start = Date().timeIntervalSince1970
            let silent = start - Self.silenceLimit - 5
            _ = try master.submit("web1!forwarder", state: 0, at: silent, as: node)
            let down = try Self.check(master)
            #expect(down.state == 1)
            #expect(down.lastCheckResult?.output.contains("is silent since") == true)
            #expect(try Self.check(master).state == 1)

            let fresh = start - Self.silenceLimit + 55
            _ = try master.submit("web1!forwarder", state: 2, at: fresh, as: node)
            #expect(try Self.check(master).state == 0)
            let up = try Self.check(master)
            #expect(up.state == 0)
            #expect(up.lastCheckResult?.output.contains("reported at") == true)
            let health = try #require(try master.objectState("web1!forwarder")?.lastCheckResult)
            #expect(abs(health.executionStart - fresh) < 0.000_01)
        }
    }

    @Test func `a result is no younger than its arrival, whatever its own times say`()
        async throws
    {
        try await Self.withMaster { master in
            let now = Date().timeIntervalSince1970
            _ = try master.submit("web1!forwarder", state: 0, at: now + 86_400)
            let output = try #require(try Self.check(master).lastCheckResult?.output)
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.dateFormat = "yyyy-MM-dd HH:mm:ss Z"
            let when = output.replacing("The forwarder of this host reported at ", with: "")
            let shown = try #require(format.date(from: when), "\(output)")
            #expect(abs(shown.timeIntervalSince1970 - now) < 3600)
        }
    }

    @Test func `a forced check of a service stays visible and touches no result`() async throws {
        try await Self.withMaster { master in
            _ = try master.submit("web1!disk", state: 2, at: 1000)
            let asked = try master.post(
                "/v1/actions/reschedule-check",
                ["service": "web1!disk", "force": true, "next_check": 1_700_000_000]
            )
            #expect(asked.status == 200)
            _ = try Self.check(master)
            let object = try #require(try master.objectState("web1!disk"))
            #expect(object.nextCheck == 1_700_000_000)
            #expect(object.isCheckForced)
            #expect(object.lastCheckResult?.isActive == false)
            #expect(object.state == 2)
        }
    }

    /// Has the master check the own host now, as "Check now" of Icinga DB Web does.
    private static func check(_ master: PrivateMaster) throws -> MasterObject {
        let before = try master.objectState("web1")?.lastCheckResult?.executionStart ?? 0
        let asked = try master.post(
            "/v1/actions/reschedule-check",
            ["host": "web1", "force": true]
        )
        try #require(asked.status == 200)
        return try eventually("the master checked the own host") {
            guard let object = try master.objectState("web1"),
                let result = object.lastCheckResult, result.executionStart > before
            else { return nil }
            return object
        }
    }
}

/// The subcommand of the built executable.
enum RenderSubcommand {
    static var isThere: Bool {
        // lost on purpose: no executable, no subcommand
        let help = try? Command.run(BuiltProducts.forwarder, ["render", "--help"])
        return help?.outputText.contains("--other-host") == true
    }
}
