import Foundation
import Monitoring
import Testing

@testable import ForwarderCommand

/// Who may submit results of what, by names and not by text.
@Suite struct SubmissionRightsTests {
    private static let master = ConfigurationFixture.master("m")

    private static func asker(_ user: uid_t, _ groups: gid_t...) -> ControlRights.Asker {
        ControlRights.Asker(user: user, groups: Set(groups))
    }

    private static let rights = ControlRights(
        ownUser: 100, uplinkUser: 200, groups: [.submit: [10]],
        submission: SubmissionRights([
            .init(users: [300, 200], groups: [], hosts: ["web1"], services: ["backup*"]),
            .init(users: [], groups: [20], hosts: ["R?uter*"], services: nil),
            .init(users: [400], groups: [], hosts: ["*"], services: []),
        ]))

    private static func allowed(_ asker: ControlRights.Asker) -> [String] {
        ["web1", "web1!backup", "web1!BACKUP home", "web2!backup", "web1!x;backup", "router1!if"]
            .filter { name in
                ObjectName(fullName: name).map { rights.allow(resultOf: $0, from: asker) } ?? false
            }
    }

    @Test func `root, the own user and submit_groups may for all objects`() {
        for asker in [Self.asker(0), Self.asker(100), Self.asker(999, 10)] {
            #expect(Self.allowed(asker).count == 6)
        }
    }

    @Test func `a Submitter object gives what it names, host and service each`() {
        #expect(Self.allowed(Self.asker(300)) == ["web1!backup", "web1!BACKUP home"])
        #expect(Self.allowed(Self.asker(999, 20)) == ["router1!if"])
        #expect(Self.allowed(Self.asker(400)) == ["web1"])
        #expect(Self.allowed(Self.asker(999)) == [])
        #expect(Self.allowed(Self.asker(300, 20)).count == 3)
    }

    @Test func `an empty list of services gives the host itself, and none of its services`() {
        let rights = SubmissionRights([
            .init(users: [300], groups: [], hosts: ["web1"], services: [])
        ])
        let names = ["web1", "web1!backup", "web1!", "web2"].compactMap { ObjectName(fullName: $0) }
        let allowed = names.filter { rights.allow($0, to: Self.asker(300)) }
        #expect(allowed.map(\.fullName) == ["web1"])
        #expect(rights.name(Self.asker(300)))
    }

    @Test func `the uplink's user may submit nothing, whatever is named`() {
        #expect(Self.allowed(Self.asker(200, 10, 20)) == [])
        #expect(!Self.rights.allow(.submit, to: Self.asker(200, 10, 20)))
    }

    @Test func `whom a Submitter object names may use the socket for that alone`() {
        #expect(Self.rights.allow(.submit, to: Self.asker(300)))
        #expect(!Self.rights.allow(.status, to: Self.asker(300)))
        #expect(!Self.rights.isStranger(Self.asker(300)))
        #expect(!Self.rights.isSubmissionPrivate && !Self.rights.isPrivate)
        #expect(ControlRights(groups: [.flush: [1]]).isSubmissionPrivate)
    }

    @Test func `the configuration says it, with defaults`() throws {
        let loaded = try ConfigurationFixture.load(
            Self.master
                + """
                object Submitter "cron" { users = [ "daemon" ]; services = [ "backup" ] }
                object Submitter "all" { groups = [ "daemon" ]; hosts = [ "sw*" ] }
                object Submitter "hosts" { users = [ "daemon" ]; services = [ ] }
                object Control "c" { drop_directory = "drop" }
                """)
        #expect(loaded.dropPath == "/etc/forwarder/drop")
        let cron = SubmitterSettings(
            name: "cron", users: ["daemon"], groups: [], hosts: ["*"], services: ["backup"])
        let all = SubmitterSettings(
            name: "all", users: [], groups: ["daemon"], hosts: ["sw*"], services: nil)
        let hosts = SubmitterSettings(
            name: "hosts", users: ["daemon"], groups: [], hosts: ["*"], services: [])
        let submitters = loaded.submitters.sorted { $0.name < $1.name }.map { one in
            SubmitterSettings(
                name: one.name, users: one.users, groups: one.groups, hosts: one.hosts,
                services: one.services)
        }
        #expect(submitters == [all, cron, hosts])
        let daemon = try #require(getpwnam("daemon")).pointee
        let rights = try ControlRights(loaded)
        let cronJob = ObjectName(host: "web1", service: "backup")
        #expect(rights.allow(resultOf: cronJob, from: Self.asker(daemon.pw_uid)))
        let host = ObjectName(host: "web1")
        #expect(rights.allow(resultOf: host, from: Self.asker(daemon.pw_uid)))
        #expect(
            rights.allow(resultOf: ObjectName(host: "sw1"), from: Self.asker(9, daemon.pw_gid)))
        #expect(try ConfigurationFixture.load(Self.master).dropPath == "/var/spool/forwarder")
    }

    @Test func `nobody named, and somebody unknown, are errors`() throws {
        let flaws = ConfigurationFixture.errors(
            in: Self.master + #"object Submitter "x" { services = [ "a" ] }"#)
        #expect(flaws.contains { $0.contains("names nobody") }, "\(flaws)")
        for kind in ["users", "groups"] {
            let unknown = try ConfigurationFixture.load(
                Self.master + #"object Submitter "x" { \#(kind) = [ "no-such-one" ] }"#)
            #expect {
                try ControlRights(unknown)
            } throws: { "\($0)".contains("Submitter object 'x'") }
            let faults = SubmissionRights.unknownNames(in: unknown.submitters)
            let line = Self.master.count { $0 == "\n" } + 1
            #expect(faults.map { "\($0)".contains("forwarder.conf:\(line):") } == [true])
        }
    }
}
