import Foundation
import TestSupport
import Testing

/// The commands of docs/migrating-from-nsca-ng.md, one after the other, with a real master.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct MigrationPageTests {
    /// What the site has on its master before it begins.
    private static let before = """
        object Host "web1" {
            check_command = "dummy"
            check_interval = 1d
        }
        object Service "backup" {
            host_name = "web1"
            check_command = "passive"
            check_interval = 1d
            max_check_attempts = 1
        }
        object Service "forwarder" {
            host_name = "web1"
            check_command = "passive"
            enable_active_checks = false
        }
        """
    private static let files = [
        "/etc/nsca-ng/nsca-ng.cfg": """
        authorize "web1" {
            password = "secret-of-web1"
            services = { "backup@web1", "disk|load@web1" }
        }
        """,
        "/etc/send_nsca.cfg": "identity = web1\npassword = \"secret-of-web1\"\ndelay = 2\n",
        "/etc/nagios/nrpe.cfg": "command[check_load]=/usr/lib/nagios/plugins/check_dummy 0 fine\n",
        "/etc/check_mk/mrpe.cfg":
            "Disk%20of%20logs (interval=300) /usr/lib/nagios/plugins/check_dummy 0 fine\n",
    ]

    /// The lines of the page's `sh` blocks, with the number of each.
    private static func commands() throws -> [(line: Int, text: String)] {
        let page = BuiltProducts.repository
            .appendingPathComponent("docs/migrating-from-nsca-ng.md")
        var commands: [(line: Int, text: String)] = []
        var isShell = false
        let lines = try String(contentsOf: page, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                isShell = line == "```sh"
            } else if isShell, !line.hasPrefix("#"), !line.isEmpty {
                commands.append((index + 1, String(line)))
            }
        }
        return commands
    }

    private struct Stage {
        let master: PrivateMaster
        let site: ForwarderSite

        init() throws {
            master = try PrivateMaster(configuration: MigrationPageTests.before)
            site = try ForwarderSite(
                master: master, definitions: "object Host NodeName { check_command = \"dummy\" }")
            for (path, text) in MigrationPageTests.files {
                try site.folder.write(text, to: String(path.dropFirst()))
            }
            try site.folder.makeFolder("tmp")
            try site.folder.write(
                """
                #!/bin/sh
                command=$1
                shift
                case $command in
                import | render) exec '\(BuiltProducts.forwarder)' "$command" "$@" ;;
                policy) subcommand=$1; shift
                    exec '\(BuiltProducts.forwarder)' policy "$subcommand" \
                --config '\(site.configurationPath)' "$@" ;;
                *) exec '\(BuiltProducts.forwarder)' "$command" \
                --config '\(site.configurationPath)' "$@" ;;
                esac

                """, to: "bin/forwarder", mode: 0o755)
        }

        /// Runs a line of the page as it stands, in this stage's folders.
        func run(_ line: String) throws -> Command.Outcome {
            var text = line.replacing("/etc/forwarder/", with: "\(site.folder.path)/")
            text = text.replacing("/etc/icinga2/conf.d/", with: "\(master.folder.path("extra"))/")
            for path in MigrationPageTests.files.keys {
                text = text.replacing(path, with: site.folder.path(String(path.dropFirst())))
            }
            text = text.replacing("/tmp/web1", with: site.folder.path("tmp/web1"))
            return try Command.run(
                "/bin/sh", ["-c", text],
                environment: ["PATH": "\(site.folder.path("bin")):/usr/bin:/bin"])
        }
    }

    @Test func `every command of the page works, in its order`() throws {
        let commands = try Self.commands()
        try #require(commands.count >= 20)
        let stage = try Stage()
        try stage.master.start()
        let daemon = try stage.site.startDaemon()
        defer { daemon.end() }
        try daemon.waitUntilReady()
        var reloads = 0
        for (number, line) in commands {
            switch line {
            case "icinga2 daemon -C":
                if reloads == 1 { try stage.master.write(configuration: "") }
                let checked = try stage.master.validate()
                #expect(checked.isSuccess, "line \(number): \(checked.outputText.suffix(2000))")
            case "systemctl reload icinga2":
                try stage.master.reload()
                reloads += 1
                if reloads == 1 { daemon.reload() }
            case _ where line.hasPrefix("forwarder submit"):
                // the daemon takes up the definitions of step 1 some time after it is told
                try eventually("line \(number): \(line)", patience: .seconds(60)) {
                    try stage.run(line).isSuccess
                }
                try eventually("the result of line \(number) is on the master") {
                    try stage.master.objectState("web1!backup")?.lastCheckResult?.output
                        .contains("tape written") == true
                }
            case "forwarder status":
                #expect(try stage.run(line).outputText.contains("forwarder "), "line \(number)")
            default:
                let outcome = try stage.run(line)
                #expect(outcome.isSuccess, "line \(number): \(line)\n\(outcome.errorText)")
            }
        }
        #expect(reloads == 2)
        try Self.after(stage)
        #expect(try daemon.stop() == .exited(0))
        try stage.master.stop()
    }

    /// The objects have moved, and what was known of them has not gone.
    private static func after(_ stage: Stage) throws {
        let answer = try stage.master.query(
            "services", names: ["web1!backup"], attributes: ["zone", "last_check_result"])
        let attributes = answer.json["results"][0]["attrs"]
        #expect(attributes["zone"].string == "web1")
        #expect(
            attributes["last_check_result"]["output"].string?.contains("tape written") == true,
            "the state stays with the name")
        let again = try stage.run("forwarder submit web1!backup warning 'tape is old'")
        #expect(again.isSuccess, "\(again.errorText)")
        try eventually("results go on after the move") {
            try stage.master.objectState("web1!backup")?.lastCheckResult?.output == "tape is old"
        }
        let rows = try stage.site.list()
        #expect(rows["web1!Disk of logs"] != nil && rows["web1!check_load"] != nil)
    }
}
