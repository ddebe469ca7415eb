import Foundation
import TestSupport
import Testing

/// What an operator gets who wrote something wrong; none of it needs the master to run.
@Suite struct BadDefinitionsTests {
    private static let sound = """
        object CheckCommand "says" { command = [ "PLUGINS/says" ] }
        object Host NodeName { check_command = "says" }
        object Service "beat" {
            host_name = NodeName
            check_command = "says"
            check_interval = 0.2
            retry_interval = 0.2
        }
        """
    /// Line 3 ends too early.
    private static let broken = """
        object CheckCommand "says" { command = [ "PLUGINS/says" ] }
        object Host NodeName { check_command = "says" }
        object Service "beat" { host_name = = NodeName }
        """

    private static func site(
        _ definitions: String = sound,
        masterAttributes: String = "grace = 1s",
        configuration: String = ""
    ) throws -> ForwarderSite {
        let site = try ForwarderSite(
            master: PrivateMaster(),
            definitions: definitions,
            masterAttributes: masterAttributes,
            configuration: configuration
        )
        try site.plugin("says", "echo beat >>HERE/beats; echo fine")
        return site
    }

    /// What `validate` complains of; it has to refuse.
    private static func complaint(_ site: ForwarderSite) throws -> String {
        let outcome = try site.run("validate")
        #expect(outcome.ending == .exited(1))
        #expect(outcome.output.isEmpty, "\(outcome.outputText)")
        return outcome.errorText
    }

    // MARK: Syntax

    @Test func `validate shows the place and the line of a syntax error`() throws {
        let site = try Self.site(Self.broken)
        let text = try Self.complaint(site)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let place = site.folder.path("conf.d/test.conf") + ":3:37: error: "
        #expect(lines[0].hasPrefix(place), "\(text)")
        #expect(lines[1] == #"  object Service "beat" { host_name = = NodeName }"#)
        #expect(lines[2] == "  " + String(repeating: " ", count: 36) + "^")
    }

    @Test func `the daemon refuses to start with a syntax error and runs nothing`() throws {
        let site = try Self.site(Self.broken)
        let outcome = try site.run("daemon")
        #expect(outcome.ending == .exited(1))
        #expect(outcome.errorText.contains("conf.d/test.conf:3:37: error: "))
        #expect(!FileManager.default.fileExists(atPath: site.folder.path("control.sock")))
        #expect(site.pluginFile("beats").isEmpty)
    }

    @Test func `a broken reload leaves the old definitions in force and alarms until it is mended`()
        throws
    {
        let site = try Self.site()
        try site.withDaemon { daemon in
            #expect(try Self.alarms(site) == [])
            try site.definitions(Self.broken)
            daemon.reload()
            try eventually("status alarms") { try Self.alarms(site).count == 1 }
            #expect(try site.run("status").ending == .exited(1))
            #expect(daemon.log.contains("conf.d/test.conf:3:37"), "\(daemon.log)")
            try Self.expectBeats(site, "the old definitions are in force")
            try site.definitions(Self.sound)
            daemon.reload()
            try eventually("the alarm ends") { try Self.alarms(site) == [] }
            try Self.expectBeats(site, "the mended definitions are in force")
            #expect(try daemon.stop() == .exited(0))
        }
    }

    /// The alarms about definitions; that the master is away is another one.
    private static func alarms(_ site: ForwarderSite) throws -> [String] {
        try site.status()["alarms"].elements.compactMap(\.string)
            .filter { $0.contains("forwarder validate") }
    }

    private static func expectBeats(_ site: ForwarderSite, _ claim: String) throws {
        let before = site.pluginFile("beats").count
        try eventually(claim) { site.pluginFile("beats").count >= before + 15 }
    }

    // MARK: Names

    @Test func `an unknown check command is named with object and place`() throws {
        let text = try Self.complaint(
            Self.site(
                #"object Host NodeName { check_command = "moon_phase" }"# + "\n"
                    + #"object Service "x" { host_name = NodeName, check_command = "moon_phase" }"#)
        )
        #expect(text.contains("conf.d/test.conf:2:"), "\(text)")
        #expect(text.contains("Object 'moon_phase' of type 'CheckCommand' does not exist."))
        #expect(!text.contains("icinga2-common"), "the library is there: \(text)")
    }

    @Test(arguments: [
        #"object Service "x" { host_name = NodeName, check_command = "load" }"#,
        #"object CheckCommand "x" { import "ping-common" }"#, "include <itl>",
    ])
    func `a missing template library is told first, with the package to install`(
        definition: String
    ) throws {
        let site = try Self.site(
            definition,
            configuration: #"object Checks "checks" { include_path = "nowhere" }"#
        )
        let text = try Self.complaint(site)
        let first = try #require(text.split(separator: "\n").first)
        #expect(first.contains("icinga2-common"), "\(text)")
        #expect(first.contains("'\(site.folder.path("nowhere"))'"), "\(text)")
    }

    // MARK: Rights

    @Test(arguments: [("conf.d/test.conf", 0o666), ("conf.d/test.conf", 0o620), ("conf.d", 0o777)])
    func `definitions that others can write are refused with the remedy`(
        place: String,
        mode: Int
    ) throws {
        let site = try Self.site()
        let path = site.folder.path(place)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let text = try Self.complaint(site)
        #expect(text.contains("(mode \(String(mode, radix: 8)))"), "\(text)")
        #expect(text.contains("Remedy: chmod go-w '\(path)'"), "\(text)")
        #expect(try site.run("daemon").ending == .exited(1))
        _ = try Command.require("chmod", ["go-w", path])
        #expect(try site.run("validate").isSuccess)
    }

    // MARK: forwarder.conf

    @Test(arguments: [
        (#"object Checks "c" { concurent_checks = 4 }"#, "concurent_checks"),
        (#"object Chekcs "c" { }"#, "Chekcs"),
        (#"object Checks "c" { concurrent_checks = 0 }"#, "from 1 to 4096"),
        (#"object Checks "c" { concurrent_checks = 99999999999999999999999 }"#, "from 1 to 4096"),
        (#"object Checks "c" { concurrent_checks = "many" }"#, "concurrent_checks"),
        (#"object Logging "l" { format = "xml" }"#, "Unknown log format 'xml'"),
        (#"object Logging "l" { level = "loud" }"#, "loud"),
    ])
    func `a wrong line of forwarder.conf is shown with its place`(
        line: String,
        reason: String
    ) throws {
        let site = try Self.site(configuration: line)
        let text = try Self.complaint(site)
        #expect(text.hasPrefix(site.configurationPath + ":"), "\(text)")
        #expect(text.contains(reason), "\(text)")
        #expect(text.contains("\n  \(line)\n"), "\(text)")
    }

    @Test(arguments: [
        ("port = 65536", "from 1 to 65535"), ("port = 0", "from 1 to 65535"),
        ("port = -1", "from 1 to 65535"), ("window = 1025", "from 1 to 1024"),
        ("connections = 65", "from 1 to 64"), ("answer_timeout = 0", "from 1ms to 1d"),
        ("connect_timeout = 2d", "from 1ms to 1d"),
    ])
    func `a number out of its bounds is refused with the bounds`(
        attribute: String,
        bounds: String
    ) throws {
        let site = try Self.site(masterAttributes: attribute)
        let text = try Self.complaint(site)
        #expect(text.hasPrefix(site.configurationPath + ":"), "\(text)")
        #expect(text.contains(bounds), "\(text)")
        #expect(text.contains(attribute), "\(text)")
    }
}
