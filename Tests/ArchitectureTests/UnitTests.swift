import Foundation
import TestSupport
import Testing

/// The systemd units as systemd itself judges them.
@Suite(
    .enabled(
        if: Command.find("systemd-analyze") != nil,
        "systemd-analyze is not here; `make test` installs it from the package systemd"
    )
)
struct UnitTests {
    private static func path(_ unit: String) -> String {
        BuiltProducts.repository.appendingPathComponent("conf/systemd/\(unit).service").path
    }

    private static func text(_ unit: String) throws -> String {
        try String(contentsOfFile: path(unit), encoding: .utf8)
    }

    /// What is set, without comments.
    private static func settings(_ unit: String) throws -> [(key: String, value: String)] {
        try text(unit).split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }

    /// The judgement, with a threshold in tenths for the exit status.
    private static func judge(_ path: String, below tenths: Int) throws -> Command.Outcome {
        try Command.run(
            "systemd-analyze",
            ["security", "--offline=true", "--threshold=\(tenths)", "--no-pager", path]
        )
    }

    @Test func `the uplink's exposure is at most 2,0`() throws {
        let outcome = try Self.judge(Self.path("forwarder-uplink"), below: 20)
        #expect(outcome.outputText.contains("Overall exposure level"))
        #expect(outcome.isSuccess, "\(outcome.outputText.suffix(300))")
    }

    @Test func `the threshold tells a unit that is not locked down`() throws {
        let outcome = try Self.judge(Self.path("forwarder"), below: 20)
        #expect(!outcome.isSuccess)
        #expect(outcome.outputText.contains("Overall exposure level"))
    }

    @Test(arguments: ["forwarder", "forwarder-uplink"])
    func `systemd knows every setting`(unit: String) throws {
        // The programs are not installed here; nothing else may be said.
        let outcome = try Command.run("systemd-analyze", ["verify", Self.path(unit)])
        let complaints = outcome.errorText.split(separator: "\n").filter {
            $0.contains("\(unit).service:") && !$0.contains("is not executable")
        }
        #expect(complaints == [])
    }

    @Test func `the daemon's unit sets or names each hardening that systemd knows`() throws {
        let text = try Self.text("forwarder")
        let said = try Command.require(
            "systemd-analyze",
            ["security", "--offline=true", "--json=short", Self.path("forwarder")]
        )
        let rows = try JSON(parsing: said.output).elements
        #expect(rows.count > 50)
        for row in rows {
            let name = row["name"].string ?? ""
            let directive = name.prefix { $0.isLetter }
            #expect(text.contains(directive), "\(name) is neither set nor left out for a reason")
        }
    }

    /// What implies NoNewPrivileges for a user other than root, or gives a mount namespace.
    ///
    /// - Source: systemd.exec(5), NoNewPrivileges=.
    private static let breaking: Set = [
        "NoNewPrivileges", "SystemCallFilter", "SystemCallArchitectures", "SystemCallLog",
        "RestrictAddressFamilies", "RestrictNamespaces", "PrivateDevices", "ProtectKernelTunables",
        "ProtectKernelModules", "ProtectKernelLogs", "ProtectClock", "MemoryDenyWriteExecute",
        "RestrictRealtime", "RestrictSUIDSGID", "DynamicUser", "LockPersonality",
        "RestrictFileSystems", "ProtectHostname", "PrivateTmp", "PrivateMounts", "ProtectSystem",
        "ProtectHome", "ReadOnlyPaths", "InaccessiblePaths", "ProtectProc", "ProcSubset",
        "PrivateUsers", "PrivateNetwork",
    ]

    @Test func `plugins that use sudo keep their way under the daemon's unit`() throws {
        let set = try Self.settings("forwarder")
        #expect(Self.breaking.intersection(set.map(\.key)) == [])
        let dropped = set.filter { $0.key == "CapabilityBoundingSet" }.map(\.value)
        #expect(!dropped.isEmpty)
        for list in dropped {
            #expect(list.hasPrefix("~"), "an allow-list would leave out what sudo needs")
            for needed in ["CAP_SETUID", "CAP_SETGID", "CAP_AUDIT_WRITE", "CAP_DAC_OVERRIDE"] {
                #expect(!list.contains(needed))
            }
        }
    }

    @Test func `the two units have different users, and agree on the socket`() throws {
        let daemon = try Self.settings("forwarder")
        let uplink = try Self.settings("forwarder-uplink")
        func value(_ key: String, _ unit: [(key: String, value: String)]) -> String {
            unit.first { $0.key == key }?.value ?? ""
        }
        #expect(value("User", daemon) == "forwarder")
        #expect(value("User", uplink) == "forwarder-uplink")
        let users = try String(
            contentsOf: BuiltProducts.repository.appendingPathComponent(
                "conf/sysusers.d/forwarder.conf"),
            encoding: .utf8)
        for user in ["forwarder", "forwarder-uplink"] { #expect(users.contains("u \(user) ")) }
        let sample = try String(
            contentsOf: BuiltProducts.repository.appendingPathComponent("conf/forwarder.conf"),
            encoding: .utf8)
        let socket = "/run/forwarder/uplink.sock"
        #expect(value("ExecStart", uplink).contains("--connect \(socket) "))
        #expect(sample.contains("socket = \"\(socket)\""))
        #expect(value("RuntimeDirectory", daemon) == "forwarder")
        let made = try String(
            contentsOf: BuiltProducts.repository.appendingPathComponent(
                "conf/tmpfiles.d/forwarder.conf"),
            encoding: .utf8)
        #expect(made.contains("\nd /var/spool/forwarder 3777 forwarder forwarder -\n"))
        #expect(sample.contains("drop_directory = \"/var/spool/forwarder\""))
    }
}
