import Foundation
import TestSupport
import Testing

/// What a user without rights on this host hands over, with a daemon and without.
@Suite(
    .serialized,
    .enabled(
        if: PrivateMaster.isAvailable && geteuid() == 0, Comment(rawValue: PrivateMaster.absence))
)
struct SubmitterTests {
    private static let definitions =
        #"object Host NodeName { check_command = "dummy" }"#
        + ["backup", "other"].map { name in
            """

            object Service "\(name)" {
                host_name = NodeName
                check_command = "passive"
                enable_active_checks = false
            }
            """
        }.joined()

    /// Runs `send_nsca` as nobody.
    private static func send(_ site: ForwarderSite, _ records: String) throws -> Command.Outcome {
        let link = site.folder.path("as-nobody")
        if !FileManager.default.fileExists(atPath: link) {
            try FileManager.default.createDirectory(
                atPath: link, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o755])
            try FileManager.default.createSymbolicLink(
                atPath: link + "/send_nsca", withDestinationPath: BuiltProducts.forwarder)
        }
        return try Command.run(
            "setpriv",
            ["--reuid=nobody", "--regid=nogroup", "--clear-groups", link + "/send_nsca"],
            environment: ["PATH": "/usr/bin:/bin", "FORWARDER_CONFIG": site.configurationPath],
            input: Data(records.utf8))
    }

    @Test func `a user hands over what forwarder.conf names, also while the daemon is down`() throws
    {
        let master = try PrivateMaster()
        let site = try ForwarderSite(
            master: master, definitions: Self.definitions,
            configuration: """
                object Submitter "nobody" { users = [ "nobody" ], services = [ "back*" ] }
                """)
        for (path, mode) in [(site.folder.path, 0o711), (site.configurationPath, 0o644)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
        try site.renderInto(master)
        try master.start()
        let both = "web1\tother\t2\tnot mine\u{17}web1\tbackup\t1\tmine"
        try site.withDaemon { daemon in
            let mixed = try Self.send(site, both)
            #expect(mixed.ending == .exited(1))
            #expect(mixed.errorText.contains("Record 1 is not taken"), "\(mixed.errorText)")
            #expect(mixed.errorText.contains("The user nobody may not submit results of"))
            try eventually("the master holds what was taken") {
                try master.objectState("web1!backup")?.lastCheckResult?.output == "mine"
            }
            #expect(try daemon.stop() == .exited(0))
        }
        let dropped = try Self.send(site, both.replacing("mine", with: "later"))
        #expect(dropped.ending == .exited(0), "\(dropped.errorText)")
        #expect(site.droppedFiles().count == 1)
        try site.withDaemon { daemon in
            try eventually("the master holds what was dropped") {
                try master.objectState("web1!backup")?.lastCheckResult?.output == "later"
            }
            try eventually("the file is gone, and what it held of others is refused") {
                try site.droppedFiles().isEmpty && daemon.log.contains("result refused")
                    && site.status()["submissions"]["refused"].number == 1
            }
            #expect(try daemon.stop() == .exited(0))
        }
        #expect(try master.objectState("web1!other")?.lastCheckResult == nil)
        try master.stop()
    }
}
