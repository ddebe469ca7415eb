import Foundation
import TestSupport
import Testing

/// `forwarder validate` looks at what the network process will need.
@Suite struct KeyCheckTests {
    private static func site() throws -> ForwarderSite {
        try ForwarderSite(
            master: PrivateMaster(),
            definitions: #"object Host NodeName { check_command = "forwarder-x" }"#
                + "\n" + #"object CheckCommand "forwarder-x" { command = [ "/bin/true" ] }"#)
    }

    private typealias Damage = @Sendable (TemporaryDirectory) throws -> Void

    private static func setMode(_ mode: Int, _ name: String) -> Damage {
        { folder in
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: folder.path(name))
        }
    }

    private static func remove(_ name: String) -> Damage {
        { try FileManager.default.removeItem(atPath: $0.path(name)) }
    }

    private static let damages: [(file: String, words: String, damage: Damage)] = [
        ("pki/client.crt", "No such file", remove("pki/client.crt")),
        ("pki/client.key", "No such file", remove("pki/client.key")),
        ("pki/ca.crt", "No such file", remove("pki/ca.crt")),
        ("pki/client.key", "chmod 0600", setMode(0o604, "pki/client.key")),
        ("pki/client.crt", "chmod go-w", setMode(0o622, "pki/client.crt")),
        ("pki/ca.crt", "chmod go-w", setMode(0o602, "pki/ca.crt")),
        (
            "pki/client.crt", "no usable certificate", { try $0.write("?", to: "pki/client.crt") }
        ),
        ("pki/client.key", "no private key", { try $0.write("?", to: "pki/client.key") }),
        ("pki/ca.crt", "no CA certificate", { try $0.write("?", to: "pki/ca.crt") }),
        (
            "pki/client.crt", "not a regular file",
            {
                try remove("pki/client.crt")($0)
                try $0.makeFolder("pki/client.crt")
            }
        ),
        ("uplink", "No such file", remove("uplink")),
        ("uplink", "chmod go-w", setMode(0o722, "uplink")),
        ("uplink", "no program", setMode(0o600, "uplink")),
        (
            "uplink", "same version",
            { try $0.write("#!/bin/sh\nexit 3", to: "uplink", mode: 0o700) }
        ),
    ]

    @Test func `keys and program in order are valid, and nothing is left running`() throws {
        let outcome = try Self.site().run("validate")
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        #expect(outcome.errorText.isEmpty)
    }

    @Test(arguments: damages.indices)
    func `what keeps the uplink from delivering is an error with file and remedy`(
        index: Int
    ) throws {
        let (file, words, damage) = Self.damages[index]
        let site = try Self.site()
        try damage(site.folder)
        let outcome = try site.run("validate")
        #expect(outcome.ending == .exited(1))
        #expect(outcome.output.isEmpty)
        let text = outcome.errorText
        #expect(text.contains("error: ") && text.contains(site.folder.path(file)), "\(text)")
        #expect(text.contains(words) && text.contains("delivered"), "\(text)")
        if file != "uplink" { #expect(text.contains("Master '\(PrivateMaster.name)'"), "\(text)") }
    }

    @Test func `an unknown user of the uplink is an error`() throws {
        let site = try Self.site()
        let text = try String(contentsOfFile: site.configurationPath, encoding: .utf8)
        try site.folder.write(
            text.replacing(#"program = "uplink""#, with: #"program = "uplink", user = "no-such""#),
            to: "forwarder.conf")
        let outcome = try site.run("validate")
        #expect(outcome.ending == .exited(1))
        #expect(outcome.errorText.contains("no such user"), "\(outcome.errorText)")
    }

    @Test func `a daemon says the same as a warning at start and reload, and goes on`() throws {
        let site = try Self.site()
        try Self.setMode(0o604, "pki/client.key")(site.folder)
        try site.withDaemon { daemon in
            func warnings() -> Int {
                daemon.log.split(separator: "\n").count {
                    $0.hasPrefix("<4>uplink cannot deliver") && $0.contains("chmod 0600")
                }
            }
            try eventually("it warns at the start") { warnings() == 1 }
            daemon.reload()
            try eventually("it warns at the reload") { warnings() == 2 }
            #expect(try daemon.stop() == .exited(0))
        }
    }

    @Test func `both processes log in the form that the configuration names`() throws {
        let site = try ForwarderSite(
            master: PrivateMaster(), definitions: "",
            configuration: #"object Logging "log" { format = "json", level = "info" }"#)
        try Self.remove("pki/client.crt")(site.folder)
        try site.withDaemon { daemon in
            try eventually("the uplink complains") { daemon.log.contains("identity refused") }
            #expect(try daemon.stop() == .exited(0))
            for line in daemon.log.split(separator: "\n") {
                let parsed = try JSON(parsing: Data(line.utf8))
                #expect(parsed["message"].string != nil && parsed["level"].string != nil)
            }
            #expect(daemon.log.contains(#""logger":"uplink""#), "\(daemon.log)")
        }
    }
}
