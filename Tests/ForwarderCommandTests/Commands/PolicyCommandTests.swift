import Foundation
import TestSupport
import Testing

/// The policy on a host whose master nobody listens for.
@Suite struct PolicyCommandTests {
    private static func policy(
        on site: ForwarderSite, _ arguments: [String]
    ) throws -> Command.Outcome {
        try Command.run(
            BuiltProducts.forwarder,
            ["policy"] + arguments + ["--config", site.configurationPath])
    }

    private static func read(_ site: ForwarderSite, _ arguments: String...) throws -> JSON {
        let outcome = try policy(on: site, arguments + ["--json"])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        return try JSON(parsing: outcome.output)
    }

    // MARK: check

    @Test func `check shows each error with file, line and column and exits 1`() throws {
        let site = try PolicyFixtures.site("[a]\nmasters = mastre\npermissions = icingadb/comand/*")
        let outcome = try Self.policy(on: site, ["check"])
        #expect(outcome.ending == .exited(1))
        #expect(outcome.output.isEmpty)
        let path = site.folder.path("policy.ini")
        #expect(outcome.errorText.contains("\(path):2:11: error: "), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("\(path):3:15: error: "), "\(outcome.errorText)")
        let json = try JSON(parsing: Self.policy(on: site, ["check", "--json"]).output)
        #expect(json["errors"].elements.compactMap { $0["line"].number } == [2, 3])
        let validate = try site.run("validate")
        #expect(validate.ending == .exited(1))
        #expect(validate.errorText.contains("\(path):2:11: error: "), "\(validate.errorText)")
    }

    @Test func `check warns of what has no effect, and the file can be used`() throws {
        let site = try PolicyFixtures.site(
            PolicyFixtures.good.replacing("*password*", with: "*password*, *none*"))
        let outcome = try Self.policy(on: site, ["check"])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        #expect(outcome.outputText.contains("2 roles, 1 warning"), "\(outcome.outputText)")
        #expect(outcome.errorText.contains("'*none*'"), "\(outcome.errorText)")
        let json = try Self.read(site, "check")
        #expect(json["roles"].elements.compactMap(\.string) == ["disks", "secrets"])
        #expect(json["warnings"].elements.count == 1 && json["is_present"] == true)
    }

    @Test func `another file can be checked, and one that is not there is an error`() throws {
        let site = try PolicyFixtures.site(PolicyFixtures.good)
        let new = try site.folder.write("[a]\nmasters = nobody\n", to: "new.ini")
        #expect(try Self.policy(on: site, ["check", new]).errorText.contains("\(new):2:11: error"))
        let missing = try Self.policy(on: site, ["check", site.folder.path("missing.ini")])
        #expect(missing.ending == .exited(1))
        #expect(missing.errorText.contains("no file"), "\(missing.errorText)")
    }

    @Test func `without a file nothing is allowed, and that is said`() throws {
        let site = try PolicyFixtures.site(PolicyFixtures.good)
        try #require(unlink(site.folder.path("policy.ini")) == 0)
        let outcome = try Self.policy(on: site, ["check"])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        #expect(outcome.outputText.contains("own health alone leaves"), "\(outcome.outputText)")
        let explained = try Self.read(site, "explain", "disk")
        #expect(explained[0]["results"]["allowed"] == false)
        #expect(try Self.read(site, "explain", "forwarder")[0]["results"]["allowed"] == true)
    }

    // MARK: explain

    @Test func `explain tells which line of which role decides`() throws {
        let site = try PolicyFixtures.site(PolicyFixtures.good)
        let outcome = try Self.policy(
            on: site, ["explain", "disk", "--master", PrivateMaster.name])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        let text = outcome.outputText
        for words in [
            "web1!disk at \(PrivateMaster.name)", "results: allowed (role 'disks', line 3",
            "recheck: denied (no role allows", "source: allowed (role 'disks', line 3",
            "host.vars.snmp_community: masked by '*community*' (role 'secrets', line 8",
            "service.vars.password: hidden by '*password*' (role 'secrets', line 9",
            "servicegroups: left out (role 'secrets', line 10",
        ] {
            #expect(text.contains(words), "\(text)")
        }
        #expect(!text.contains("hunter2") && !text.contains("s3cr3t"), "values stay out")
        let json = try Self.read(site, "explain", "web1!intern")[0]
        #expect(json["object"] == "web1!intern" && json["results"]["allowed"] == false)
        let reason = try #require(json["results"]["reasons"][0].string)
        #expect(reason.contains("role 'disks' is about other objects, line"), "\(reason)")
    }

    @Test func `explain of what is not there exits 1 and says what is`() throws {
        let site = try PolicyFixtures.site(PolicyFixtures.good)
        let object = try Self.policy(on: site, ["explain", "nonsense"])
        #expect(object.ending == .exited(1))
        #expect(object.errorText.contains("forwarder list"), "\(object.errorText)")
        let master = try Self.policy(on: site, ["explain", "disk", "--master", "mars"])
        #expect(master.ending == .exited(1))
        #expect(master.errorText.contains("Destinations are: \(PrivateMaster.name)"))
    }
}
