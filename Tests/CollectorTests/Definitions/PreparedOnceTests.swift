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
struct PreparedOnceTests {
    private static let service = ObjectName(host: "node1", service: "s")
    private static let host = ObjectName(host: "node1")
    private static let other = ObjectName(host: "node1", service: "other")

    /// Facts that a test changes between two checks, and how often they were asked for.
    private final class Changing: RuntimeFactsSource {
        var now = Timestamp(microseconds: 1_700_000_100_000_000)
        var objects: [ObjectName: RuntimeFacts.Object] = [:]
        var askedCount = 0

        func facts(of names: [ObjectName]) -> RuntimeFacts {
            askedCount += 1
            return RuntimeFacts(
                now: now,
                started: Timestamp(microseconds: 1_700_000_000_000_000),
                objects: objects.filter { names.contains($0.key) }
            )
        }

        /// A day later every object has another state and a result.
        func changeAll() {
            now = now + .seconds(90_061)
            for (name, state) in [(service, ServiceState.critical), (host, .ok)] {
                objects[name] = RuntimeFacts.Object(
                    checkState: CheckState(state: state, type: .hard, attempt: 3),
                    lastCheckState: CheckState(state: .warning, type: .hard, attempt: 1),
                    lastStateChange: now - .seconds(7),
                    lastResult: CheckResult(
                        object: name,
                        state: state,
                        exitStatus: 0,
                        output: "text",
                        performanceData: ["a=1"],
                        executionStart: now - .seconds(9),
                        executionEnd: now - .seconds(7)
                    ),
                    lastScheduledStart: now - .seconds(10)
                )
            }
        }
    }

    private static func definitions(_ command: String, _ more: String = "") throws -> Definitions {
        try DefinitionFixture.load(
            """
            object CheckCommand "c" { \(command) }
            object Service "s" { host_name = NodeName; check_command = "c"; vars.plain = "p" }
            \(more)
            """
        )
    }

    private static func words(_ preparer: CheckPreparer, _ name: ObjectName = service) -> [String] {
        preparer.prepare(name).snapshot.commandLine
    }

    @Test func `a check whose macros cannot change is made up once`() throws {
        let facts = Changing()
        let definitions = try Self.definitions(
            "command = [ \"/p\", \"$plain$\", \"$address$\", \"$nope$\", \"$$\", \"$host.name$\" ]",
            "object Host NodeName { address = \"::1\" }"
        )
        let preparer = CheckPreparer(definitions, runtime: facts)
        let first = Self.words(preparer)
        #expect(first == ["/p", "p", "::1", "", "$", "node1"])
        facts.changeAll()
        #expect(Self.words(preparer) == first)
        #expect(facts.askedCount == 1)
    }

    @Test(arguments: [
        "service.state", "service.state_id", "service.state_type", "service.last_state",
        "service.last_state_id", "service.last_state_type", "service.last_state_change",
        "service.duration_sec", "service.check_attempt", "service.output", "service.perfdata",
        "service.execution_time", "service.latency", "service.last_check", "output",
        "host.state", "host.state_id", "host.last_check", "host.num_services_pending",
        "icinga.timet", "icinga.long_date_time", "icinga.short_date_time", "icinga.date",
        "icinga.time", "icinga.uptime", "icinga.num_hosts_up", "num_services_critical", "indirect",
    ])
    func `a macro that changes is read for each check`(macro: String) throws {
        let facts = Changing()
        let definitions = try Self.definitions(
            "command = [ \"/p\", \"$\(macro)$\" ]; vars.indirect = \"<$service.output$>\""
        )
        let preparer = CheckPreparer(definitions, runtime: facts)
        let first = Self.words(preparer)
        facts.changeAll()
        let second = Self.words(preparer)
        #expect(second != first)
        #expect(second == Self.words(CheckPreparer(definitions, runtime: facts)))
    }

    @Test func `a downtime's depth has a value`() throws {
        let definitions = try Self.definitions("command = [ \"/p\", \"$service.downtime_depth$\" ]")
        #expect(
            Self.words(CheckPreparer(definitions, runtime: Changing())) == ["/p", "0"])
    }

    @Test func `a missing required macro is looked for again when it may appear`() throws {
        let facts = Changing()
        let definitions = try Self.definitions(
            """
            command = [ "/p" ]
            arguments = { "-o" = { value = "$service.output$"; required = true } }
            """
        )
        let preparer = CheckPreparer(definitions, runtime: facts)
        #expect(Self.words(preparer) == [])
        facts.changeAll()
        #expect(Self.words(preparer) == ["/p", "-o", "text"])
    }

    @Test func `a function is called for each check`() throws {
        let definitions = try Self.definitions(
            "command = [ \"/p\" ]; arguments = { \"-n\" = {{ host.vars.n += 1; host.vars.n }} }",
            "object Host NodeName { vars.n = 0 }"
        )
        let preparer = CheckPreparer(definitions, runtime: Changing())
        #expect(Self.words(preparer) == ["/p", "-n", "1"])
        #expect(Self.words(preparer) == ["/p", "-n", "2"])
    }

    @Test func `what a function changed is seen by all checks`() throws {
        let definitions = try Self.definitions(
            "command = [ \"/p\", \"$n$\" ]",
            """
            object Host NodeName { vars.n = 1 }
            object CheckCommand "g" { command = {{ host.vars.n = 2; [ "/g" ] }} }
            object Service "other" { host_name = NodeName; check_command = "g" }
            """
        )
        let preparer = CheckPreparer(definitions, runtime: Changing())
        #expect(Self.words(preparer) == ["/p", "1"])
        #expect(Self.words(preparer, Self.other) == ["/g"])
        #expect(Self.words(preparer) == ["/p", "2"])
    }
}
