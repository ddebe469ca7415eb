import Foundation
import TestSupport
import Testing

/// What a real master sees of a host whose policy keeps something back.
@Suite(
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct PolicyOnMasterTests {
    private static let definitions = """
        object CheckCommand "login" {
            command = [ "PLUGINS/login" ]
            arguments = { "--password" = "$password$"; "--user" = "$user$" }
        }
        object Host NodeName { check_command = "dummy" }
        for (name in [ "shown", "kept" ]) {
            object Service name {
                host_name = NodeName
                check_command = "login"
                check_interval = 1
                retry_interval = 1
                vars.user = "monitor"
                vars.password = "hunter2"
            }
        }
        """
    private static let plugin = #"echo "login of $4 with $2 failed | 'tries $2'=3;5"; exit 1"#

    private static func policy(_ name: String) -> String {
        """
        [shown]
        masters = \(PrivateMaster.name)
        permissions = icingadb/command/process-check-result, icingadb/object/show-source
        icingadb/filter/services = service.name=\(name)
        icingadb/protect/variables = password
        """
    }

    @Test func `a master holds what the policy lets out, masked, and nothing of the rest`() throws {
        let master = try PrivateMaster()
        let site = try ForwarderSite(master: master, definitions: Self.definitions)
        try site.plugin("login", Self.plugin)
        try site.policy(Self.policy("shown"))
        try site.renderInto(master)
        try master.start()
        try site.withDaemon { daemon in
            try eventually("results of one object arrive, the other's are withheld") {
                let isThere = try master.objectState("web1!shown")?.lastCheckResult != nil
                return try isThere && site.destination()["withheld"].number ?? 0 > 2
            }
            let result = try attributes(of: "web1!shown", on: master)["last_check_result"]
            #expect(result["output"].string?.hasPrefix("login of monitor with *** failed") == true)
            #expect(result["performance_data"] == ["'tries ***'=3;5"])
            let command = result["command"].elements.compactMap(\.string)
            #expect(command.dropFirst() == ["--password", "***", "--user", "monitor"])
            #expect(try attributes(of: "web1!kept", on: master)["last_check_result"] == .null)
            #expect(try site.status()["alarms"].elements.isEmpty)
            try eventually("withheld results do not wait") {
                try site.destination()["queued"].number ?? .infinity < 5
            }

            try site.policy(Self.policy("kept"))
            daemon.reload()
            try eventually("the reloaded policy counts") {
                try master.objectState("web1!kept")?.lastCheckResult != nil
            }
            let before = try attributes(of: "web1!shown", on: master)["last_check"].number
            let count = try site.destination()["withheld"].number ?? 0
            try eventually("more of the other object is withheld") {
                try site.destination()["withheld"].number ?? 0 > count + 1
            }
            #expect(try attributes(of: "web1!shown", on: master)["last_check"].number == before)
            #expect(try daemon.stop() == .exited(0))
        }
        let listed = try Command.run(
            BuiltProducts.forwarder,
            [
                "queue", "list", "--outcome", "withheld", "--json", "--config",
                site.configurationPath,
            ])
        let lines = listed.outputText.split(separator: "\n")
        #expect(lines.count == 1, "\(listed.outputText)")
        #expect(lines.first?.contains("is about other objects") == true, "\(listed.outputText)")
        try master.stop()
    }

    private func attributes(of service: String, on master: PrivateMaster) throws -> JSON {
        try #require(try master.objectState(service)).attributes
    }
}
