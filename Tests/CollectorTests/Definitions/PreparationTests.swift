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
