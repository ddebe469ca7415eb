import Foundation
import TestSupport
import Testing

/// What the daemon and `inventory` make of a policy, where no master listens.
@Suite struct DaemonPolicyTests {
    @Test func `a policy that others can write is refused with what to do`() throws {
        let site = try PolicyFixtures.site(PolicyFixtures.good)
        let path = site.folder.path("policy.ini")
        try #require(chmod(path, 0o666) == 0)
        for subcommand in ["validate", "daemon", "flush"] {
            let outcome = try site.run(subcommand)
            #expect(outcome.ending == .exited(1), "\(subcommand)")
            #expect(outcome.errorText.contains("chmod go-w '\(path)'"), "\(outcome.errorText)")
            #expect(outcome.errorText.contains("see and ask for more"), "\(outcome.errorText)")
        }
    }

    // MARK: inventory

    @Test func `an inventory for a master has what the policy shows it`() throws {
        let site = try PolicyFixtures.site(PolicyFixtures.good)
        let outcome = try site.run("inventory", ["--master", PrivateMaster.name])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        let text = outcome.outputText
        for secret in ["hunter2", "s3cr3t", "password", "intern", "storage"] {
            #expect(!text.contains(secret), "\(text)")
        }
        let hosts = try JSON(parsing: outcome.output)["hosts"].elements
        #expect(hosts.compactMap { $0["name"].string } == ["db1", "web1"])
        let own = try #require(hosts.last)
        #expect(
            own["services"].elements.compactMap { $0["name"].string } == ["disk", "forwarder"])
        #expect(own["services"][0]["vars"] == ["team": "Support"])
        #expect(own["vars"] == .null || own["vars"] == [:], "no filter lets hosts through")

        let wanted = try site.run(
            "inventory", ["--master", PrivateMaster.name, "--variable", "password"])
        #expect(!wanted.outputText.contains("hunter2"), "a wish shows nothing more")
        #expect(!wanted.outputText.contains("Support"), "and leaves out what is not wished for")
        let rendered = try Command.run(
            BuiltProducts.forwarder, ["render", "--host", "web1", "--other-host", "db1"],
            input: outcome.output)
        #expect(rendered.isSuccess, "\(rendered.errorText)")
    }

    @Test func `a protected variable's name is in an inventory, its value is not`() throws {
        let site = try PolicyFixtures.site(
            PolicyFixtures.good.replacing(
                "icingadb/filter/services = service.name=disk\n", with: ""
            )
            .replacing("icingadb/filter/hosts = service.name=disk\n", with: ""))
        let outcome = try site.run("inventory", ["--master", PrivateMaster.name])
        let own = try #require(try JSON(parsing: outcome.output)["hosts"].elements.last)
        #expect(own["vars"] == ["os": "Linux", "snmp_community": "***"])
        #expect(own["groups"] == ["linux"])
        #expect(own["services"][0]["groups"] == .null || own["services"][0]["groups"] == [])
        #expect(!outcome.outputText.contains("password"))
    }

    // MARK: The daemon

    @Test func `a broken policy is refused at the start, and at a reload leaves the old one`()
        throws
    {
        let site = try PolicyFixtures.site("[a]\nmasters = nobody\n")
        let refused = try site.run("daemon")
        #expect(refused.ending == .exited(1))
        #expect(refused.errorText.contains("policy.ini:2:11: error"), "\(refused.errorText)")
        try site.policy(PolicyFixtures.good)
        try site.withDaemon { daemon in
            #expect(try site.status()["policy"]["roles"] == ["disks", "secrets"])
            #expect(try site.status()["alarms"].elements.allSatisfy { !Self.isAboutPolicy($0) })
            try site.policy("[b]\nmasters = nobody\n")
            daemon.reload()
            try eventually("the broken policy is alarmed") {
                try site.status()["alarms"].elements.contains(where: Self.isAboutPolicy)
            }
            #expect(try site.status()["policy"]["roles"] == ["disks", "secrets"])
            try site.policy(PolicyFixtures.good.replacing("[secrets]", with: "[quiet]"))
            daemon.reload()
            try eventually("the mended policy is in force") {
                let status = try site.status()
                return status["policy"]["roles"] == ["disks", "quiet"]
                    && status["alarms"].elements.allSatisfy { !Self.isAboutPolicy($0) }
            }
            try #require(unlink(site.folder.path("policy.ini")) == 0)
            daemon.reload()
            try eventually("a missing policy is alarmed") {
                let status = try site.status()
                return status["policy"]["is_present"] == false
                    && status["alarms"].elements.contains(where: Self.isAboutPolicy)
            }
            #expect(try daemon.stop() == .exited(0))
        }
    }

    private static func isAboutPolicy(_ alarm: JSON) -> Bool {
        alarm.string?.contains("policy") == true
    }
}
