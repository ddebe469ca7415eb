@testable import Collector
import ConfigLanguage
import Monitoring
import Testing

@Suite(
    .enabled(
        if: DiskFiles().facts(of: DefinitionSettings.defaultTemplateLibrary) != nil,
        "icinga2-common is not installed"
    )
)
struct PlanTests {
    private static let health = ObjectName(host: "node1", service: "forwarder")

    @Test func `nothing defined still has the own host and the forwarder's health`() throws {
        let definitions = try DefinitionFixture.load("", ownHost: .missing)
        #expect(definitions.plans.map(\.object) == [Self.health])
        #expect(definitions.entries.map(\.name) == [ObjectName(host: "node1"), Self.health])
        let check = CheckPreparer(definitions, runtime: NothingKnown()).prepare(Self.health)
        guard case .health = check.action else {
            Issue.record("health runs no command")
            return
        }
    }

    @Test func `rules apply to the own host that nobody defined`() throws {
        let definitions = try DefinitionFixture.load(
            """
            apply Service "load" {
              check_command = "load"
              check_interval = 10s
              retry_interval = 2.5s
              max_check_attempts = 7
              assign where host.name == NodeName
            }
            """,
            ownHost: .missing
        )
        #expect(
            definitions.plans.last
                == CheckPlan(
                    object: ObjectName(host: "node1", service: "load"),
                    checkInterval: .seconds(10),
                    retryInterval: .milliseconds(2500),
                    maxCheckAttempts: 7
                )
        )
    }

    @Test func `other hosts are scheduled, the own host never is`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Host NodeName { check_command = "dummy" }
            object Host "switch" { check_command = "hostalive"; enable_active_checks = false }
            """
        )
        #expect(definitions.plans.map(\.object.fullName) == ["node1!forwarder", "switch"])
        #expect(definitions.plans.last?.isActive == false)
    }

    @Test func `results are expected where check_interval says how often they come`() throws {
        let definitions = try DefinitionFixture.load(
            """
            template Service "often" { check_interval = 10m }
            template Service "submitted" {
              host_name = NodeName
              check_command = "passive"
              enable_active_checks = false
            }
            object Service "a-said" { import "submitted"; check_interval = 1h }
            object Service "b-by-template" { import "often"; import "submitted" }
            object Service "c-unsaid" { import "submitted" }
            object Service "d-event" { import "submitted"; check_interval = 1h; volatile = true }
            object Service "e-checked" {
              import "often"
              host_name = NodeName
              check_command = "dummy"
            }
            """
        )
        let rules = definitions.plans.filter { $0.object != Self.health }
            .map { $0.freshness?.interval }
        #expect(rules == [.seconds(3600), .seconds(600), nil, nil, nil])
    }

    @Test func `results of other hosts are expected as those of services`() throws {
        let definitions = try DefinitionFixture.load(
            """
            template Host "submitted" {
              check_command = "passive"
              enable_active_checks = false
              check_interval = 1h
            }
            object Host NodeName { import "submitted" }
            object Host "switch" { import "submitted" }
            object Host "trap" { import "submitted"; volatile = true }
            """
        )
        let rules = Dictionary(
            uniqueKeysWithValues: definitions.plans.map { ($0.object.fullName, $0.freshness) })
        #expect(rules.keys.sorted() == ["node1!forwarder", "switch", "trap"])
        #expect(rules["switch"] == FreshnessRule(interval: .seconds(3600)))
        #expect(rules["trap"] == .some(nil))
    }

    @Test func `a definition sets the health's intervals`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Service "forwarder" {
              host_name = NodeName
              check_interval = 30s
              retry_interval = 10s
            }
            """
        )
        #expect(
            definitions.plans == [
                CheckPlan(
                    object: Self.health,
                    checkInterval: .seconds(30),
                    retryInterval: .seconds(10)
                )
            ]
        )
    }

    @Test func `anything else about the health is an error that says so`() {
        let errors = DefinitionFixture.errors(
            "object Service \"forwarder\" { host_name = NodeName; check_command = \"dummy\" }"
        )
        #expect(errors.count == 1)
        #expect(errors.first?.contains("'node1!forwarder' is the forwarder's own health") == true)
        #expect(errors.first?.contains("'check_command'") == true)
    }

    @Test func `what names another zone or endpoint is listed as not ours`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Host "a" { check_command = "dummy"; zone = "master" }
            object Host "b" { check_command = "dummy"; zone = ZoneName }
            object Service "s" { host_name = "a"; check_command = "dummy" }
            object Service "t" {
              host_name = "b"
              check_command = "dummy"
              command_endpoint = "other"
            }
            object Service "u" {
              host_name = "b"
              check_command = "dummy"
              command_endpoint = NodeName
            }
            """
        )
        #expect(definitions.plans.map(\.object.fullName) == ["b", "b!u", "node1!forwarder"])
        #expect(
            definitions.foreign.map { "\($0.name): \($0.reason)" } == [
                "a: zone = \"master\"", "a!s: zone = \"master\"",
                "b!t: command_endpoint = \"other\"",
            ]
        )
    }

    @Test func `zones with this node among their endpoints are its own`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Endpoint NodeName { }
            object Endpoint "m" { }
            object Zone "top" { endpoints = [ "m" ] }
            object Zone "sat" { endpoints = [ NodeName ]; parent = "top" }
            object Zone "empty" { parent = "sat" }
            object Host "a" { check_command = "dummy"; zone = "sat" }
            object Service "s" { host_name = "a"; check_command = "dummy" }
            object Host "b" {
              check_command = "dummy"
              command_endpoint = NodeName
              zone = "sat"
            }
            object Host "c" { check_command = "dummy"; zone = "top" }
            object Host "d" { check_command = "dummy"; zone = "empty" }
            """
        )
        #expect(
            definitions.plans.map(\.object.fullName) == ["a", "a!s", "b", "node1!forwarder"])
        #expect(definitions.foreign.map(\.name.fullName) == ["c", "d"])
    }

    @Test func `the zone that the definitions name as ZoneName is its own`() throws {
        let definitions = try DefinitionFixture.load(
            """
            const ZoneName = "sat"
            object Host "a" { check_command = "dummy"; zone = ZoneName }
            object Host "b" { check_command = "dummy"; zone = "sat" }
            object Host "c" { check_command = "dummy"; zone = "top" }
            """
        )
        #expect(definitions.plans.map(\.object.fullName) == ["a", "b", "node1!forwarder"])
        #expect(definitions.foreign.map(\.name.fullName) == ["c"])
    }

    @Test func `an own host in the master's zone leaves its services ours`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Host NodeName { check_command = "dummy"; zone = "master" }
            object Service "s" { host_name = NodeName; check_command = "dummy" }
            """
        )
        #expect(definitions.plans.map(\.object.fullName) == ["node1!forwarder", "node1!s"])
        #expect(definitions.foreign == [])
    }

    @Test func `what is not ours is so by templates, rules and its host's zone, too`() throws {
        let definitions = try DefinitionFixture.load(
            """
            template Host "far" { zone = "satellite" }
            template Service "remote" { command_endpoint = "agent2" }
            object Host "a" { import "far"; check_command = "dummy" }
            object Host "b" { check_command = "dummy" }
            apply Service "s" { check_command = "dummy"; assign where host.name in [ "a", "b" ] }
            apply Service "t" {
              import "remote"
              check_command = "dummy"
              assign where host.name == "b"
            }
            apply Service "u" {
              check_command = "dummy"
              zone = ZoneName
              assign where host.name == "a"
            }
            """
        )
        #expect(
            definitions.plans.map(\.object.fullName) == ["a!u", "b", "b!s", "node1!forwarder"])
        #expect(
            definitions.foreign.map { "\($0.name): \($0.reason)" } == [
                "a: zone = \"satellite\"", "a!s: zone = \"satellite\"",
                "b!t: command_endpoint = \"agent2\"",
            ]
        )
    }

    @Test func `a service of somebody else's host knows that host's groups and variables`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object HostGroup "far" { assign where host.zone == "satellite" }
            object ServiceGroup "mine" { assign where host.vars.os == "BSD" }
            object Host "a" { check_command = "dummy"; zone = "satellite"; vars.os = "BSD" }
            object Service "s" { host_name = "a"; check_command = "dummy"; zone = ZoneName }
            object Dependency "d" { parent_host_name = "a"; child_host_name = NodeName }
            """
        )
        #expect(definitions.foreign.map(\.name.fullName) == ["a"])
        #expect(definitions.entries.map(\.name.fullName).contains("a") == false)
        let snapshot = CheckPreparer(definitions, runtime: NothingKnown())
            .snapshot(of: ObjectName(host: "a", service: "s"))
        #expect(snapshot.hostGroups == ["far"])
        #expect(snapshot.serviceGroups == ["mine"])
        #expect(snapshot.hostVariables == #"{"os":"BSD"}"#)
    }

    @Test func `zones, endpoints and event commands are counted`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Zone "everywhere" { global = true }
            object Zone "master" { endpoints = [ "m" ] }
            object Endpoint "m" { }
            object EventCommand "restart" { import "plugin-event-command"; command = [ "x" ] }
            object Host "a" {
              check_command = "dummy"
              event_command = "restart"
            }
            object Host "b" { check_command = "dummy"; zone = "master" }
            """
        )
        #expect(definitions.plans.map(\.object.fullName) == ["a", "node1!forwarder"])
        #expect(definitions.foreign.map(\.name.fullName) == ["b"])
        #expect(definitions.ignored == ["Endpoint": 1, "EventCommand": 1, "Zone": 2])
    }

    @Test func `a check period is part of the plan`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object TimePeriod "never" { ranges = { } }
            object Host "x" { check_command = "dummy"; check_period = "never" }
            """
        )
        #expect(definitions.warnings.isEmpty)
        #expect(definitions.plans.compactMap(\.period?.name) == ["never"])
    }

    @Test func `volatile is reported because the master is not told`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Host "x" { check_command = "dummy"; volatile = true }
            object Host "y" { check_command = "dummy"; volatile = false }
            """
        )
        #expect(definitions.warnings.count == 1)
        #expect(definitions.warnings.first?.message.contains("volatile of 'x'") == true)
    }
}
