@testable import Collector
import ConfigLanguage
import Monitoring
import TestSupport
import Testing

/// Checks that run no plugin.
@Suite(
    .enabled(
        if: DiskFiles().facts(of: DefinitionSettings.defaultTemplateLibrary) != nil,
        "icinga2-common is not installed"
    )
)
struct InternalCheckTests {
    private static func action(
        _ command: String,
        _ body: String = "",
        seed: UInt64 = 1,
        more: String = ""
    ) throws -> CheckAction {
        let definitions = try DefinitionFixture.load(
            """
            \(more)
            object Service "s" { host_name = NodeName; check_command = "\(command)"; \(body) }
            """
        )
        return CheckPreparer(
            definitions, runtime: NothingKnown(), random: SeededGenerator(seed: seed)
        ).prepare(ObjectName(host: "node1", service: "s")).action
    }

    /// State and output of a check that is told at once, or why there is none.
    private static func told(
        _ command: String, _ body: String = "", seed: UInt64 = 1
    ) throws
        -> String
    {
        switch try action(command, body, seed: seed) {
        case .immediate(let exitStatus, let output): "\(exitStatus) \(output)"
        case .unbuildable(let reason): reason
        case let other: "\(other)"
        }
    }

    @Test(arguments: [
        ("dummy", "", "0 Check was successful."),
        ("passive", "", "3 No Passive Check Result Received."),
        ("passive", "vars.dummy_state = 2; vars.dummy_text = \"t\"", "2 t"),
        ("dummy", "vars.dummy_state = 7; vars.dummy_text = \"a|b=5;6;7\"", "7 a|b=5;6;7"),
        ("dummy", "vars.dummy_state = -1; vars.dummy_text = [ \"a\" ]", "-1 [ \"a\" ]"),
        ("dummy", "vars.dummy_state = 1.7; vars.dummy_text = null", "1 "),
        ("dummy", "vars.dummy_state = true; vars.dummy_text = { a = 1 }", "1 {\n\ta = 1.000000\n}"),
        ("dummy", "vars.dummy_state = null; vars.dummy_text = \"$nope$\"", "0 "),
        ("dummy", "vars.dummy_state = {{ try { 2 } except { 3 } }}", "0 Check was successful."),
        ("dummy", "vars.dummy_state = {{ 1 + 1 }}; vars.dummy_text = {{ host.name }}", "2 node1"),
    ])
    func `dummy says what its variables say`(command: String, body: String, expected: String) throws
    {
        #expect(try Self.told(command, body) == expected)
    }

    @Test(arguments: ["\"x\"", "[ 1 ]", "{ }"])
    func `a state that is no number is UNKNOWN and named`(state: String) throws {
        let text = try Self.told("dummy", "vars.dummy_state = \(state)")
        #expect(text.hasPrefix("Can't convert '"))
        #expect(text.contains("to a floating point number; it is the value of 'dummy_state'."))
    }

    @Test func `random comes to every state and tells figures`() throws {
        let told = try (0..<40 as Range<UInt64>).map { try Self.told("random", seed: $0) }
        #expect(Set(told.map { $0.prefix(2) }) == ["0 ", "1 ", "2 ", "3 "])
        let again = try Self.told("random", seed: 0)
        #expect(told[0] == again, "the same seed, the same result")
        #expect(told.allSatisfy { $0.contains("Hello from node1. The forwarder has been running") })
        let output = PluginOutput(bytes: Array(told[0].dropFirst(2).utf8), ending: .exited(0))
        let labels = output.performanceData.map { $0.prefix { $0 != "=" } }
        #expect(labels == ["time", "value", "value_1m", "value_5m", "uptime"])
    }

    @Test func `random is another one each time`() throws {
        let definitions = try DefinitionFixture.load(
            "object Service \"s\" { host_name = NodeName; check_command = \"random\" }")
        let preparer = CheckPreparer(
            definitions, runtime: NothingKnown(), random: SeededGenerator(seed: 5))
        let name = ObjectName(host: "node1", service: "s")
        let told = (0..<20).map { _ in "\(preparer.prepare(name).action)" }
        #expect(Set(told).count > 10)
    }

    @Test func `exception is UNKNOWN with icinga's words`() throws {
        #expect(
            try Self.told("exception")
                == "Exception occurred while checking 'node1!s': Error: Test")
    }

    @Test(arguments: [
        ("", "1.0 seconds", "Slept for 1 seconds."),
        ("vars.sleep_time = 0.5", "0.5 seconds", "Slept for 0.500000 seconds."),
        ("vars.sleep_time = -1", "0.0 seconds", "Slept for -1 seconds."),
        ("vars.sleep_time = \"2\"", "2.0 seconds", "Slept for 2 seconds."),
    ])
    func `sleep comes later`(body: String, time: String, output: String) throws {
        guard case .later(let wait, 0, output) = try Self.action("sleep", body) else {
            Issue.record("\(try Self.action("sleep", body))")
            return
        }
        #expect("\(wait)" == time)
    }

    @Test func `a time that is no number is UNKNOWN and named`() throws {
        let text = try Self.told("sleep", "vars.sleep_time = \"x\"")
        #expect(
            text
                == "Can't convert 'x' to a floating point number; it is the value of 'sleep_time'.")
    }

    @Test func `icinga is the forwarder's own health`() throws {
        guard case .health = try Self.action("icinga") else {
            Issue.record("icinga is another one")
            return
        }
    }

    @Test func `what is not judged is warned of`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object Service "a" {
              host_name = NodeName
              check_command = "icinga"
              vars.icinga_min_version = "2.14"
            }
            object Service "b" { host_name = NodeName; check_command = "icinga" }
            object Service "c" {
              host_name = NodeName
              check_command = "cluster-zone"
              vars.cluster_lag_warning = 300
            }
            """
        )
        #expect(
            definitions.warnings.map(\.message) == [
                "The icinga_min_version of 'node1!a' is not judged here.",
                "The cluster_lag_warning of 'node1!c' is not judged here.",
            ])
    }

    @Test func `cluster-zone asks for the zone that its variable names`() throws {
        for (body, zone) in [("", "node1"), ("vars.cluster_zone = \"master\"", "master")] {
            guard case .link(zone) = try Self.action("cluster-zone", body) else {
                Issue.record("\(try Self.action("cluster-zone", body))")
                continue
            }
        }
    }

    @Test(arguments: ["cluster-check-command", "ido-check-command", "icingadb-check-command"])
    func `what needs an Icinga 2 is UNKNOWN and says so`(template: String) throws {
        let command = "object CheckCommand \"own\" { import \"\(template)\" }"
        guard case .unbuildable(let text) = try Self.action("own", more: command) else {
            Issue.record("it runs")
            return
        }
        #expect(text.contains("'own' is not available on a client"))
    }

    @Test func `a function of one's own as 'execute' is UNKNOWN and says so`() throws {
        let command = "object CheckCommand \"own\" { execute = {{ 1 }} }"
        guard case .unbuildable(let text) = try Self.action("own", more: command) else {
            Issue.record("it runs")
            return
        }
        #expect(text.contains("'own' has a function of its own as 'execute'"))
    }

    // MARK: The link

    private static let report = HealthReport(
        state: .ok, text: "well",
        links: [
            "up": .connected, "down": .broken(since: Timestamp(microseconds: 0)), "new": .untried,
        ])

    @Test(arguments: [
        ("up", ServiceState.ok, "Zone 'up' is connected."),
        ("down", .critical, "Zone 'down' is not connected since 1970-01-01"),
        ("new", .unknown, "Zone 'new' has not been connected to yet."),
        ("other", .unknown, "Zone 'other' does not exist"),
    ])
    func `the way to a zone is told by its state`(zone: String, state: ServiceState, text: String) {
        let told = Self.report.report(onLinkTo: zone)
        #expect(told.state == state)
        #expect(told.text.hasPrefix(text), "\(told.text)")
        #expect(!["up", "down", "new"].contains { $0 != zone && told.text.contains("'\($0)'") })
    }

    @Test func `without a daemon the way is unknown`() {
        let told = HealthReport(state: .ok, text: "").report(onLinkTo: "up")
        #expect(told.state == .unknown)
        #expect(told.text.contains("running daemon"))
    }
}
