import Foundation
import TestSupport
import Testing

/// Subcommands on a host whose master nobody listens for.
@Suite struct LocalCommandTests {
    private static let definitions = """
        object CheckCommand "says" {
            command = [ "PLUGINS/says" ]
            arguments = { "--level" = "$level$" }
        }
        object Host NodeName { check_command = "says" }
        object Service "disk" {
            host_name = NodeName
            check_command = "says"
            vars.level = "a b"
        }
        """

    private static func site(definitions: String = definitions) throws -> ForwarderSite {
        let site = try ForwarderSite(master: PrivateMaster(), definitions: definitions)
        try site.plugin("says", #"echo "level $2 | used=7%;80;90"; exit 1"#)
        return site
    }

    /// Replaces a part of forwarder.conf.
    private static func replace(_ old: String, by new: String, in site: ForwarderSite) throws {
        let text = try String(contentsOfFile: site.configurationPath, encoding: .utf8)
        try #require(text.contains(old))
        try site.folder.write(text.replacing(old, with: new), to: "forwarder.conf")
    }

    @Test func `list --json shows resolved objects, without states while no daemon runs`() throws {
        let rows = try Self.site().list()
        let disk = try #require(rows["web1!disk"])
        let words = disk["command_line"].elements.compactMap(\.string)
        #expect(words.count == 3 && words.first?.hasSuffix("/plugins/says") == true, "\(words)")
        #expect(words.dropFirst() == ["--level", "a b"])
        #expect(disk["check_interval"].number == 300)
        #expect(disk["state"] == .null && disk["next_check"] == .null)
        #expect(rows.keys.sorted() == ["web1", "web1!disk", "web1!forwarder"])
    }

    @Test func `status --json without a daemon says so and reads the spool itself`() throws {
        let site = try Self.site()
        let outcome = try site.run("status", ["--json"])
        #expect(outcome.ending == .exited(1))
        let status = try JSON(parsing: outcome.output)
        #expect(status["node"].string == "web1")
        #expect(status["daemon_pid"] == .null && status["checks"] == .null)
        #expect(status["spool"]["path"].string == site.folder.path("spool.db"))
        #expect(status["destinations"][0]["name"].string == PrivateMaster.name)
        #expect(status["destinations"][0]["link"].string == "no daemon")
        let alarm = try #require(status["alarms"][0].string)
        #expect(alarm.contains(site.folder.path("control.sock")), "\(alarm)")
    }

    @Test func `run runs a check here and now, by short or full name`() throws {
        let site = try Self.site()
        for name in ["disk", "web1!disk"] {
            let outcome = try site.run("run", [name])
            #expect(outcome.isSuccess, "\(outcome.errorText)")
            let text = outcome.outputText
            #expect(text.hasPrefix("web1!disk: WARNING\nlevel a b"), "\(text)")
            #expect(text.contains("\n  used=7%;80;90\n"), "\(text)")
            #expect(text.contains("\nexit status 1, took "), "\(text)")
        }
        let parsed = try JSON(parsing: site.run("run", ["disk", "--json"]).output)
        #expect(parsed["state"].string == "WARNING" && parsed["exit_status"].number == 1)
        #expect(parsed["output"].string?.contains("level a b") == true)
        #expect(parsed["performance_data"] == ["used=7%;80;90"])
    }

    @Test func `run of what is not defined exits 1 and names list`() throws {
        let outcome = try Self.site().run("run", ["nonsense"])
        #expect(outcome.ending == .exited(1))
        #expect(outcome.output.isEmpty)
        #expect(outcome.errorText.contains("'nonsense'"))
        #expect(outcome.errorText.contains("forwarder list"))
    }

    @Test func `a second daemon on the same socket says so and exits 1, the first goes on`() throws
    {
        let site = try Self.site()
        try site.withDaemon { first in
            let second = try site.run("daemon")
            #expect(second.ending == .exited(1))
            #expect(second.errorText.contains("Another daemon listens on"), "\(second.errorText)")
            #expect(second.errorText.contains(site.folder.path("control.sock")))
            #expect(try site.status()["daemon_pid"].number == Double(first.pid))
            #expect(try first.stop() == .exited(0))
        }
    }

    /// Runs a subcommand as a user who may read the configuration and nothing else.
    private static func runAsStranger(
        _ subcommand: String, on site: ForwarderSite
    ) throws -> Command.Outcome {
        let arguments = [subcommand, "--config", site.configurationPath]
        guard geteuid() == 0 else { return try site.run(subcommand) }
        return try Command.run(
            "setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", BuiltProducts.forwarder]
                + arguments)
    }

    @Test(arguments: ["status", "flush", "list"])
    func `a daemon that this user may not talk to is not taken for none`(
        subcommand: String
    ) throws {
        let site = try Self.site()
        try site.withDaemon { daemon in
            for (name, mode) in [
                ("", 0o755), ("forwarder.conf", 0o644), ("conf.d", 0o755),
                ("conf.d/test.conf", 0o644), ("plugins", 0o755), ("control.sock", 0),
            ] { try #require(chmod(site.folder.path(name), mode_t(mode)) == 0) }
            let outcome = try Self.runAsStranger(subcommand, on: site)
            #expect(outcome.isSuccess == (subcommand == "list"))
            let text = outcome.errorText
            #expect(text.contains("may not talk to the daemon"), "\(text)")
            #expect(text.contains(site.folder.path("control.sock")), "\(text)")
            #expect(text.contains("Run this as root or as the daemon's user (uid "), "\(text)")
            #expect(try daemon.stop() == .exited(0))
        }
    }

    @Test func `a reload that is asked for during the start is done after it`() throws {
        let site = try Self.site()
        // Somebody owns the spool: the daemon has read its configuration and waits.
        let lock = open(site.folder.path("spool.db.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        try #require(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        let daemon = try site.startDaemon()
        try eventually("it waits for the spool") { daemon.log.contains("waiting for the spool") }
        daemon.reload()
        close(lock)
        try daemon.waitUntilReady()
        try eventually("it reloads") { daemon.log.contains("definitions reloaded") }
        #expect(try daemon.stop() == .exited(0))
    }

    @Test func `a check that the stop cut off is stored as interrupted, so that it runs first`()
        throws
    {
        let site = try Self.site(
            definitions: Self.definitions.replacing(
                #"vars.level = "a b""#, with: "check_interval = 1"))
        try site.plugin("says", "echo begun >HERE/begun; trap '' TERM; while :; do sleep 60; done")
        try site.withDaemon { daemon in
            try eventually("a check runs") { site.pluginFile("begun") != "" }
            #expect(try daemon.stop() == .exited(0))
        }
        let query = """
            SELECT count(*) FROM schedule
            WHERE last_start_us > coalesce(last_end_us, 0) AND object NOT IN (
                SELECT object FROM result)
            """
        let count = try Command.require("sqlite3", [site.folder.path("spool.db"), query])
        #expect(["1\n", "2\n"].contains(count.outputText), "\(count.outputText)")
    }

    @Test(arguments: ["daemon", "flush", "status"])
    func `a spool below a regular file is a clear fault`(subcommand: String) throws {
        let site = try Self.site()
        try site.folder.write("", to: "file")
        try Self.replace(#""spool.db""#, by: #""file/spool.db""#, in: site)
        let outcome = try site.run(subcommand)
        #expect(outcome.ending == .exited(1))
        let text = outcome.errorText
        #expect(text.contains(site.folder.path("file") + " cannot be written"), "\(text)")
        #expect(text.contains("Not a directory") && text.contains("Spool object's path"), "\(text)")
    }

    @Test func `flush without daemon and master exits 1 with the reason, and keeps everything`()
        throws
    {
        let site = try Self.site(
            definitions: Self.definitions.replacing(
                "vars.level",
                with: "check_interval = 0.2, retry_interval = 0.2, vars.level"
            ))
        try site.withDaemon { daemon in
            try eventually("results wait") { try site.waitingCount() >= 3 }
            #expect(try daemon.stop() == .exited(0))
        }
        let before = try site.waitingCount()
        let outcome = try site.run("flush", ["--json"])
        #expect(outcome.ending == .exited(1))
        let said = try JSON(parsing: outcome.output)
        let left = said["left"][0]
        #expect(said["delivered"].number == 0)
        #expect(left["destination"].string == PrivateMaster.name)
        #expect(left["reason"].string?.contains("onnection refused") == true, "\(said)")
        #expect(try site.waitingCount() >= before)
        #expect(left["count"].number == Double(try site.waitingCount()))
    }

    @Test func `results for a master that is configured no more are alarmed and logged`()
        throws
    {
        let site = try Self.site(
            definitions: Self.definitions.replacing(
                "vars.level",
                with: "check_interval = 0.2, retry_interval = 0.2, vars.level"
            ))
        try site.withDaemon { daemon in
            try eventually("results wait") { try site.waitingCount() >= 2 }
            #expect(try daemon.stop() == .exited(0))
        }
        try Self.replace(
            #"zone = "\#(PrivateMaster.name)""#, by: #"zone = "elsewhere""#, in: site)
        try site.letOut(to: ["elsewhere"])
        try site.withDaemon { daemon in
            let alarm = try site.status()["alarms"].elements.compactMap(\.string)
                .filter { $0.contains("no Master object has this zone") }
            #expect(alarm.count == 1 && alarm[0].hasPrefix("\(PrivateMaster.name): "), "\(alarm)")
            try eventually("it is logged") { daemon.log.contains("destination not configured") }
            #expect(try daemon.stop() == .exited(0))
        }
    }

    @Test func `validate counts what it loaded and what it ignored`() throws {
        let site = try Self.site(
            definitions: Self.definitions + "\n" + #"object User "admin" { }"# + "\n")
        let outcome = try site.run("validate")
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        #expect(outcome.outputText.hasPrefix("Valid: 1 host, 2 services, "))
        #expect(outcome.outputText.contains("Ignored: 1 of type User"), "\(outcome.outputText)")
    }

    @Test func `validate names whom nobody knows, with the place, and a drop directory in use`()
        throws
    {
        let site = try Self.site(definitions: Self.definitions)
        let drops = try site.folder.makeFolder("drop")
        try site.folder.write("x", to: "drop/data", mode: 0o600)
        let used = try site.run("validate")
        #expect(used.isSuccess && used.errorText.contains("warning: The drop directory \(drops)"))

        let text = try String(contentsOfFile: site.configurationPath, encoding: .utf8)
        let wrong = """
            \(text)
            object Submitter "cron" {
              groups = [ "no-such-group" ]
            }
            """
        try site.folder.write(wrong, to: "forwarder.conf")
        let unknown = try site.run("validate")
        #expect(unknown.ending == .exited(1))
        let line = wrong.count { $0 == "\n" }
        let place = "forwarder.conf:\(line):"
        #expect(unknown.errorText.contains(place), "\(unknown.errorText)")
        #expect(unknown.errorText.contains("no-such-group"))
    }

    @Test func `a configuration that is not there is told with what to do`() throws {
        let site = try Self.site(definitions: Self.definitions)
        let missing = site.folder.path("missing.conf")
        let outcome = try Command.run(BuiltProducts.forwarder, ["validate", "-c", missing])
        #expect(outcome.ending == .exited(1))
        #expect(outcome.errorText.contains("Cannot read '\(missing)'"), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("Name another file with --config"))
    }

    @Test func `validate shows fifty errors and counts the others`() throws {
        let wrong = (1...60).map { number in
            """
            object Service "broken\(number)" { host_name = NodeName, check_command = "none" }

            """
        }
        let site = try Self.site(definitions: Self.definitions + "\n" + wrong.joined())
        let outcome = try site.run("validate")
        #expect(outcome.ending == .exited(1))
        #expect(outcome.output.isEmpty)
        let lines = outcome.errorText.split(separator: "\n")
        #expect(lines.count { $0.contains("error: ") } == 50)
        #expect(lines.last == "10 more errors. Mend these first.")
    }
}
