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
struct PreparationTests {
    private static func prepare(
        _ text: String,
        _ service: String = "s",
        runtime: any RuntimeFactsSource = NothingKnown()
    ) throws -> PreparedCheck {
        CheckPreparer(try DefinitionFixture.load(text), runtime: runtime)
            .prepare(ObjectName(host: "node1", service: service))
    }

    private static func plugin(_ text: String) throws -> PluginCommand {
        let check = try prepare(text)
        guard case .plugin(let command) = check.action else {
            throw OracleFailure(text: "\(check.action)")
        }
        return command
    }

    private static func service(_ body: String, command: String) -> String {
        """
        object CheckCommand "c" { \(command) }
        object Service "s" { host_name = NodeName; check_command = "c"; \(body) }
        """
    }

    private static func words(_ command: PluginCommand) -> [String] {
        command.argumentVector.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `a text command goes to the shell with quoted values`() throws {
        let command = try Self.plugin(
            Self.service("vars.x = \"a'b\"", command: "command = \"echo $x$\"")
        )
        #expect(Self.words(command) == ["/bin/sh", "-c", "echo 'a'\\''b'"])
    }

    @Test func `a function's array is the command line, its text goes to the shell`() throws {
        let array = try Self.plugin(
            Self.service("vars.x = 5", command: "command = {{ [ \"/bin/echo\", macro(\"$x$\") ] }}")
        )
        #expect(Self.words(array) == ["/bin/echo", "5"])
        let text = try Self.plugin(Self.service("", command: "command = {{ \"echo a\" }}"))
        #expect(Self.words(text) == ["/bin/sh", "-c", "echo a"])
    }

    @Test func `functions see the objects of the check`() throws {
        let command = try Self.plugin(
            Self.service(
                "",
                command: """
                    command = [ "/p" ]
                    arguments = { "-n" = {{ host.name + service.name + command.name }} }
                    """
            )
        )
        #expect(Self.words(command) == ["/p", "-n", "node1sc"])
    }

    @Test func `the object's check_timeout wins over the command's timeout`() throws {
        let command = "command = [ \"/p\" ]; timeout = 90"
        #expect(
            try Self.plugin(Self.service("check_timeout = 5s", command: command)).timeout
                == .seconds(5)
        )
        #expect(try Self.plugin(Self.service("", command: command)).timeout == .seconds(90))
        #expect(
            try Self.plugin(Self.service("", command: "command = [ \"/p\" ]")).timeout
                == .seconds(60)
        )
    }

    @Test func `the environment is resolved like words of the command`() throws {
        let command = try Self.plugin(
            Self.service(
                "vars.l = [ \"a\", \"b\" ]",
                command: "command = [ \"/p\" ]; env = { L = \"$l$\", N = \"<$nope$>\", X = 5 }"
            )
        )
        #expect(
            command.environment == [
                PluginVariable(name: "L", value: Array("a;b".utf8)),
                PluginVariable(name: "N", value: Array("<>".utf8)),
                PluginVariable(name: "X", value: Array("5".utf8)),
            ]
        )
    }

    @Test func `the snapshot says what the words were made of, and knows the command's variables`()
        throws
    {
        let check = try Self.prepare(
            Self.service(
                "vars.pin = \"1234\"",
                command: """
                    command = [ "/p" ]; arguments = { "-p" = "$pin$", "-o" = "$own$" }
                    vars.own = "c"
                    """
            )
        )
        #expect(check.snapshot.commandLine == ["/p", "-o", "c", "-p", "1234"])
        #expect(
            check.snapshot.wordOrigins == [
                WordOrigin(), WordOrigin(isKey: true, variables: ["own"]),
                WordOrigin(variables: ["own"]), WordOrigin(isKey: true, variables: ["pin"]),
                WordOrigin(variables: ["pin"]),
            ])
        #expect(check.snapshot.commandVariables == #"{"own":"c"}"#)
        let shell = try Self.prepare(
            Self.service("vars.pin = \"1234\"", command: "command = \"echo $pin$\""))
        #expect(
            shell.snapshot.wordOrigins == [
                WordOrigin(), WordOrigin(), WordOrigin(variables: ["pin"]),
            ])
    }

    @Test func `dummy checks run nothing`() throws {
        let check = try Self.prepare(
            """
            object Service "s" {
              host_name = NodeName
              check_command = "dummy"
              vars.dummy_state = {{ 1 + 1 }}
              vars.dummy_text = "for $host.name$"
            }
            """
        )
        guard case .immediate(let status, let output) = check.action else {
            Issue.record("\(check.action)")
            return
        }
        #expect(status == 2)
        #expect(output == "for node1")
        #expect(check.snapshot.commandLine == [])
    }

    @Test(arguments: [
        ("vars.x = 1", "command = [ ]", "has no command line"),
        (
            "", "command = [ \"/p\" ]; arguments = { a = { value = \"$x$\"; required = true } }",
            "Non-optional macro 'x' used in argument 'a' is missing."
        ),
        (
            "vars.x = \"$y$\"; vars.y = \"$x$\"", "command = [ \"/p\", \"$x$\" ]",
            "Infinite recursion"
        ),
        ("", "command = [ \"/p\", \"a\\0b\" ]", "NUL"),
        ("", "command = {{ throw \"out of luck\" }}", "out of luck"),
        ("", "import \"cluster-check-command\"", "not available on a client"),
    ])
    func `a command that cannot be built says why`(
        body: String,
        command: String,
        expected: String
    ) throws {
        let check = try Self.prepare(Self.service(body, command: command))
        guard case .unbuildable(let text) = check.action else {
            Issue.record("\(check.action)")
            return
        }
        #expect(text.contains(expected), "\(text)")
    }

    @Test func `an unknown object says so`() throws {
        let check = try Self.prepare("", "nope")
        guard case .unbuildable(let text) = check.action else {
            Issue.record("\(check.action)")
            return
        }
        #expect(text.contains("'node1!nope' is not defined"))
    }

    @Test func `the snapshot holds groups, variables in byte order and the command line`() throws {
        let check = try Self.prepare(
            """
            object HostGroup "linux" { assign where host.vars.os == "Linux" }
            object ServiceGroup "all" { assign where service.name }
            object CheckCommand "c" { command = [ "/p" ] }
            object Host NodeName { vars.os = "Linux"; vars.Z = 1; vars.f = {{ 1 }} }
            object Service "s" {
              host_name = NodeName
              check_command = "c"
              vars.b = [ true, null, 0.5 ]
              vars.a = "tab\\t\\"q\\""
            }
            """
        )
        #expect(
            check.snapshot
                == ObjectSnapshot(
                    name: "node1!s",
                    hostGroups: ["linux"],
                    serviceGroups: ["all"],
                    hostVariables: #"{"Z":1,"f":"Object of type 'Function'","os":"Linux"}"#,
                    serviceVariables: #"{"a":"tab\t\"q\"","b":[true,null,0.5]}"#,
                    commandLine: ["/p"], wordOrigins: [WordOrigin()]
                )
        )
    }

    @Test func `macros tell the state that the last check left`() throws {
        let name = ObjectName(host: "node1", service: "s")
        let facts = RuntimeFacts.Object(
            checkState: CheckState(state: .critical, type: .soft, attempt: 2)
        )
        let check = try Self.prepare(
            Self.service(
                "",
                command: "command = [ \"/p\", \"$state$ $state_id$ $state_type$ $check_attempt$\" ]"
            ),
            runtime: Known(objects: [name: facts])
        )
        #expect(check.snapshot.commandLine == ["/p", "CRITICAL 2 SOFT 2"])
    }

    @Test func `functions read the states that checks left, of this object and of others`() throws {
        let name = ObjectName(host: "node1", service: "s")
        let other = ObjectName(host: "node1", service: "other")
        let end = Timestamp(microseconds: 1_700_000_000_000_000)
        let result = CheckResult(
            object: other, state: .warning, exitStatus: 1, output: "it is warm",
            performanceData: ["t=30"], executionStart: end - .seconds(1), executionEnd: end)
        let facts = RuntimeFacts.Object(
            checkState: CheckState(state: .warning, type: .hard, attempt: 1), lastResult: result)
        let source = Changing()
        let text = """
            object Service "other" { host_name = NodeName; check_command = "dummy" }
            object Service "s" {
              host_name = NodeName
              check_command = "dummy"
              vars.dummy_text = {{
                var o = get_service(host.name, "other")
                Json.encode([ o.state, o.state_type, o.last_check, o.last_check_result == null,
                  o.last_check_result.output, o.last_check_result.performance_data,
                  get_host(NodeName).state, get_service(get_host(NodeName), "s").state ])
              }}
            }
            """
        let definitions = try DefinitionFixture.load(text)
        let preparer = CheckPreparer(definitions, runtime: source)
        func told() throws -> String {
            guard case .immediate(_, let output) = preparer.prepare(name).action else {
                throw OracleFailure(text: "no dummy")
            }
            return output
        }
        #expect(try told() == "[3,0,-1,true,null,null,1,3]")
        source.objects[other] = facts
        source.objects[name] = RuntimeFacts.Object(
            checkState: CheckState(state: .ok, type: .hard, attempt: 1))
        source.objects[ObjectName(host: "node1")] = RuntimeFacts.Object(
            checkState: CheckState(state: .warning, type: .hard, attempt: 1))
        #expect(
            try told() == #"[1,1,1700000000,false,"it is warm",["t=30"],0,0]"#)
    }

    @Test func `an attribute that changes is read for each check`() throws {
        let source = Changing()
        let definitions = try DefinitionFixture.load(
            Self.service(
                "",
                command: "command = [ \"/p\", \"$service.last_hard_state$ $host.state_raw$\" ]"))
        let preparer = CheckPreparer(definitions, runtime: source)
        let name = ObjectName(host: "node1", service: "s")
        #expect(preparer.prepare(name).snapshot.commandLine == ["/p", "3 3"])
        source.objects[name] = RuntimeFacts.Object(
            checkState: CheckState(state: .critical, type: .hard, attempt: 1))
        source.objects[name]?.lastHardState = .critical
        source.objects[ObjectName(host: "node1")] = RuntimeFacts.Object(
            checkState: CheckState(state: .ok, type: .hard, attempt: 1))
        #expect(preparer.prepare(name).snapshot.commandLine == ["/p", "2 0"])
    }

    @Test func `a state that a definition assigns is warned of and has no effect`() throws {
        let definitions = try DefinitionFixture.load(
            Self.service(
                "state = 0; next_check = 5",
                command: "command = [ \"/p\", \"$service.state_raw$\" ]"))
        #expect(definitions.warnings.count == 2)
        #expect(definitions.warnings.first?.message.contains("'state' to Service 's'") == true)
        #expect(
            CheckPreparer(definitions, runtime: NothingKnown())
                .prepare(ObjectName(host: "node1", service: "s")).snapshot.commandLine
                == ["/p", "3"])
    }

    @Test func `a definition's variable takes the place of an inherited one`() throws {
        let command = try Self.plugin(
            Self.service(
                "vars.l = \"own\"",
                command: """
                    command = [ "/usr/bin/env" ]
                    env = { LANG = "$l$", PATH = "/own", LC_NUMERIC = "x", NEW = "a b" }
                    """))
        let launcher = try PluginLauncher(
            time: SystemTime(),
            environment: PluginEnvironment(
                inheriting: ["PATH": "/usr/bin:/bin", "LANG": "de_DE", "HOME": "/h", "TZ": "UTC"]))
        launcher.start(command, as: RunID(number: 1))
        var finished: [FinishedPlugin] = []
        while finished.isEmpty { finished = launcher.turn(until: nil) }
        #expect(
            finished[0].output.text.split(separator: "\n").sorted() == [
                "HOME=/h", "LANG=own", "LC_NUMERIC=x", "NEW=a b", "PATH=/own", "TZ=UTC",
            ])
    }

    @Test(arguments: [
        ("check_timeout = 0", Definitions.longestInterval),
        ("check_timeout = -1", .milliseconds(1)),
        ("check_timeout = \"5\"", .seconds(5)), ("check_timeout = null", .seconds(90)),
    ])
    func `a timeout of 0 is none, and one below ends at once`(
        body: String, expected: Duration
    )
        throws
    {
        let command = "command = [ \"/p\" ]; timeout = 90"
        #expect(try Self.plugin(Self.service(body, command: command)).timeout == expected)
    }

    @Test func `the sample definitions load and build`() throws {
        let folder = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let definitions = try Definitions.load(
            DefinitionSettings(directory: "/\(folder)/conf/conf.d", nodeName: "node1"),
            files: DiskFiles(),
            trust: FileTrust(runningUser: 0)
        )
        #expect(definitions.warnings.isEmpty)
        #expect(definitions.plans.count == 11)
        let preparer = CheckPreparer(definitions, runtime: NothingKnown())
        for plan in definitions.plans where plan.object.service != "forwarder" {
            guard case .plugin = preparer.prepare(plan.object).action else {
                Issue.record("\(plan.object) runs no plugin")
                continue
            }
        }
        #expect(
            preparer.prepare(ObjectName(host: "node1", service: "memory")).snapshot.commandLine
                .last == "/proc/meminfo"
        )
    }

    private final class Changing: RuntimeFactsSource {
        var objects: [ObjectName: RuntimeFacts.Object] = [:]

        func facts(of names: [ObjectName]) -> RuntimeFacts {
            RuntimeFacts(
                now: Timestamp(microseconds: 1), started: Timestamp(microseconds: 0),
                objects: objects.filter { names.contains($0.key) })
        }
    }

    private struct Known: RuntimeFactsSource {
        let objects: [ObjectName: RuntimeFacts.Object]

        func facts(of names: [ObjectName]) -> RuntimeFacts {
            RuntimeFacts(
                now: Timestamp(microseconds: 1),
                started: Timestamp(microseconds: 0),
                objects: objects
            )
        }
    }
}
