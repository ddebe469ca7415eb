import Foundation
import TestSupport
import Testing

/// `Checks.user`: a whole forwarder whose plugins are another user's.
@Suite(.enabled(if: geteuid() == 0, "only root can have plugins of another user"))
struct SeparatePluginsTests {
    private static let plugins = "nobody"

    private static func definitions(timeout: String? = nil) -> String {
        let timeout = timeout.map { ", timeout = \($0)" } ?? ""
        return """
            object Host NodeName { check_command = "dummy" }
            object CheckCommand "says" { command = [ "PLUGINS/says" ]\(timeout) }
            object Service "says" {
                host_name = NodeName
                check_command = "says"
                check_interval = 0.5
            }
            """
    }

    /// A site that others may look into as far as the files' own modes let them.
    private static func site(
        user: String = plugins, saying script: String = "id -u", uplink: String = ""
    ) throws -> ForwarderSite {
        let site = try ForwarderSite(
            master: PrivateMaster(), definitions: definitions(),
            configuration: #"object Checks "checks" { user = "\#(user)" }"#)
        let path = try site.plugin("says", script)
        for (name, mode) in [
            ("", 0o755), ("plugins", 0o755), ("conf.d", 0o755), ("pki", 0o755),
            ("forwarder.conf", 0o644), ("conf.d/test.conf", 0o644),
        ] { try #require(chmod(site.folder.path(name), mode_t(mode)) == 0) }
        try #require(chmod(path, 0o755) == 0)
        guard !uplink.isEmpty else { return site }
        let text = try String(contentsOfFile: site.configurationPath, encoding: .utf8)
        try site.folder.write(
            text.replacing(
                #"program = "uplink""#, with: #"program = "uplink", user = "\#(uplink)""#),
            to: "forwarder.conf")
        return site
    }

    @Test func `run and daemon run plugins as the user that the Checks object names`() throws {
        let site = try Self.site(saying: #"echo "$(id -un) $USER $LOGNAME $HOME $(id -G) $(pwd)""#)
        let expected = "nobody nobody nobody /nonexistent 65534 /"
        let ran = try JSON(parsing: site.run("run", ["says", "--json"]).output)
        #expect(ran["output"].string == expected)
        try site.withDaemon { daemon in
            try eventually("a result is stored") {
                try site.measured()["web1!says"]?.contains { $0.output == expected } == true
            }
            #expect(try daemon.stop() == .exited(0))
        }
    }

    @Test func `a plugin of another user can read neither spool nor keys nor policy nor memory`()
        throws
    {
        let files = ["spool.db", "spool.db-wal", "pki/client.key", "policy.ini"]
        let site = try Self.site(
            saying: """
                cd HERE/..
                for file in \(files.joined(separator: " ")); do
                    test -e "$file" || echo "$file is not there"
                    cat "$file" > /dev/null 2>&1 && echo "$file was read"
                    echo x 2> /dev/null >> "$file" && echo "$file was written"
                done
                daemon=$(cat HERE/../pid)
                cat "/proc/$daemon/environ" > /dev/null 2>&1 && echo 'environment was read'
                head -c 1 "/proc/$daemon/mem" > /dev/null 2>&1 && echo 'memory was read'
                ls "/proc/$daemon/fd" > /dev/null 2>&1 && echo 'descriptors were seen'
                kill -0 "$daemon" 2> /dev/null && echo 'the daemon could be signalled'
                test -r forwarder.conf && echo 'what is for all can be read'
                exit 0
                """)
        try site.withDaemon { daemon in
            try site.folder.write("\(daemon.pid)", to: "pid", mode: 0o644)
            try eventually("the plugin has looked") {
                try site.measured()["web1!says"]?.last?.output == "what is for all can be read"
            }
            #expect(try daemon.stop() == .exited(0))
        }
    }

    @Test func `the control socket has nothing for the user of plugins`() throws {
        let program = try BuiltProducts.forwarder
        let site = try Self.site(
            saying: "exec \(program) status --config HERE/../forwarder.conf 2>&1")
        try site.withDaemon { daemon in
            try eventually("the plugin has asked") {
                try site.measured()["web1!says"]?.last?.output
                    .contains("may not talk to the daemon") == true
            }
            #expect(try daemon.stop() == .exited(0))
        }
    }

    private static let refusals: [(user: String, uplink: String, words: [String])] = [
        ("no-such-user", "", ["'no-such-user' is not on this host", "Make that user"]),
        ("root", "", ["is root", "sudo"]),
        ("nobody", "nobody", ["could read the private key", "Name another user"]),
        // In its main group, as some system users are.
        ("_apt", "nobody", ["could read the private key", "take it out of that group"]),
    ]

    @Test(
        arguments: ["daemon", "validate", "run"], refusals.indices)
    func `a user that plugins cannot or must not be is refused, with reason and remedy`(
        subcommand: String, index: Int
    ) throws {
        let (user, uplink, words) = Self.refusals[index]
        guard getpwnam(user) != nil || user == "no-such-user" else { return }
        let site = try Self.site(user: user, uplink: uplink)
        let outcome = try site.run(subcommand, subcommand == "run" ? ["says"] : [])
        #expect(outcome.ending == .exited(1))
        #expect(outcome.output.isEmpty)
        for word in words + ["'\(user)'", "The daemon does not start with it."] {
            #expect(outcome.errorText.contains(word), "\(word) in \(outcome.errorText)")
        }
    }

    // MARK: - A daemon that is not root

    /// Runs a subcommand as a user of its own with these capabilities, as a unit with
    /// AmbientCapabilities does.
    private static func runConfined(
        _ subcommand: [String], on site: ForwarderSite, with capabilities: [String]
    ) throws -> Command.Outcome {
        try #require(chmod(site.folder.path("policy.ini"), 0o644) == 0)
        let names = capabilities.map { "+\($0)" }.joined(separator: ",")
        let sets = names.isEmpty ? [] : ["--inh-caps=\(names)", "--ambient-caps=\(names)"]
        return try Command.run(
            "setpriv",
            ["--reuid=54321", "--regid=54321", "--clear-groups"] + sets
                + [BuiltProducts.forwarder] + subcommand + ["--config", site.configurationPath],
            folder: "/")
    }

    @Test func `three capabilities are enough to change users and end in time, and none is left`()
        throws
    {
        let names = "Uid|Groups|CapInh|CapPrm|CapEff|CapAmb"
        let site = try Self.site(saying: "grep -E '^(\(names)):' /proc/self/status")
        let all = ["setuid", "setgid", "kill"]
        let ran = try Self.runConfined(["run", "says", "--json"], on: site, with: all)
        #expect(ran.isSuccess, "\(ran.errorText)")
        let none = "\t0000000000000000"
        let expected = [
            "Uid:\t65534\t65534\t65534\t65534", "Groups:\t65534 ", "CapInh:" + none,
            "CapPrm:" + none, "CapEff:" + none, "CapAmb:" + none,
        ]
        let said = try JSON(parsing: ran.output)["output"].string
        #expect(said == expected.joined(separator: "\n"))
        try site.plugin("says", "trap '' TERM; echo $$; (trap '' TERM; sleep 300) & sleep 300")
        try #require(chmod(site.folder.path("plugins/says"), 0o755) == 0)
        let leader = try Self.timedOutLeader(on: site, with: all)
        try eventually("the whole group is gone") { kill(-leader, 0) != 0 && errno == ESRCH }
    }

    /// Runs the plugin past its timeout; returns its process id, which it says first of all.
    private static func timedOutLeader(
        on site: ForwarderSite, with capabilities: [String]
    ) throws -> pid_t {
        // it counts from the start: where all is slow a longer one lets it speak
        for timeout in ["1s", "5s", "25s", "100s"] {
            try site.definitions(definitions(timeout: timeout))
            try #require(chmod(site.folder.path("conf.d/test.conf"), 0o644) == 0)
            let ran = try runConfined(["run", "says", "--json"], on: site, with: capabilities)
            let said = try JSON(parsing: ran.output)["output"].string ?? ""
            let lines = said.split(separator: "\n")
            #expect(lines.last == "<Timeout exceeded.>")
            if let leader = lines.first.flatMap({ pid_t($0) }) { return leader }
        }
        throw SupportFault("the plugin never spoke")
    }

    @Test(arguments: ["setuid", "setgid", "kill", "all"])
    func `without one of them it says which, at start and in validate`(missing: String) throws {
        let site = try Self.site()
        let rest = ["setuid", "setgid", "kill"].filter { $0 != missing && missing != "all" }
        for subcommand in [["daemon"], ["validate"], ["run", "says"]] {
            let outcome = try Self.runConfined(subcommand, on: site, with: rest)
            #expect(outcome.ending == .exited(1))
            let text = outcome.errorText
            let names =
                missing == "all"
                ? "CAP_SETGID, CAP_SETUID, CAP_KILL" : "CAP_" + missing.uppercased()
            #expect(text.contains("lacks \(names): "), "\(text)")
            #expect(text.contains("could not become that user or not end what runs"), "\(text)")
            #expect(text.contains("AmbientCapabilities="), "\(text)")
        }
    }
}
