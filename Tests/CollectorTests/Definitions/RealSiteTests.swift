@testable import Collector
import ConfigLanguage
import Monitoring
import Testing

/// Definitions as sites write them, which an Icinga 2 takes and which once went wrong here.
@Suite struct RealSiteTests {
    private static let command = "object CheckCommand \"c\" { command = [ \"/p\" ] }\n"

    @Test func `files come before directories, as Icinga reads them`() throws {
        let definitions = try DefinitionFixture.load(files: [
            "/etc/forwarder/conf.d/vars.conf": "const Z = \"1\"\n",
            "/etc/forwarder/conf.d/hosts/a.conf":
                Self.command + "object Host \"k\" + Z { check_command = \"c\" }",
        ])
        #expect(definitions.objects.keys.contains(ObjectName(host: "k1")))
    }

    @Test func `where other hosts are defined, rules meet no host that nobody wrote`() throws {
        let definitions = try DefinitionFixture.load(
            Self.command + """
                object Host "h" { check_command = "c"; vars.roles = [ "db" ] }
                apply Service "s" {
                    check_command = "c"
                    assign where host.vars.roles.contains("db")
                }
                apply Service "t" { check_command = "c"; assign where host.name != "router" }
                """,
            ownHost: .missing)
        #expect(
            definitions.objects.keys.map(\.fullName).sorted() == ["h", "h!s", "h!t"])
    }

    @Test func `the own host is there where something names it or nothing else is`() throws {
        let named = try DefinitionFixture.load(
            Self.command + """
                object Host "h" { check_command = "c" }
                object Service "s" { host_name = NodeName; check_command = "c" }
                """,
            ownHost: .missing)
        #expect(named.objects.keys.map(\.fullName).sorted() == ["h", "node1", "node1!s"])
        let alone = try DefinitionFixture.load(
            Self.command + "apply Service \"s\" { check_command = \"c\"; assign where true }",
            ownHost: .missing)
        #expect(alone.objects.keys.map(\.fullName).sorted() == ["node1", "node1!s"])
    }

    @Test func `a mistake is told once, whether or not the own host is defined`() {
        for text in ["object Host \"h\" { foo = 1 }", "object Host NodeName { foo = 1 }"] {
            let found = DefinitionFixture.errors(text)
            #expect(found.count == 1 && found[0].contains("'foo'"), "\(found)")
        }
    }

    @Test func `the constants of Icinga's own process are there, and no file changes them`() throws
    {
        let definitions = try DefinitionFixture.load(
            Self.command + """
                const LogDir = "/elsewhere"
                object SyslogLogger "syslog" { severity = "warning"; facility = FacilityLocal3 }
                object Host "h" {
                    check_command = "c"
                    vars.a = [
                        LogDir, globals.LogDir, StatePath, System.Configuration.RLimitFiles,
                        DbCatConfig | DbCatState, FacilityAuthPriv, PlatformVersion
                    ]
                    vars.b = Concurrency > 0 && PlatformArchitecture.len() > 0
                }
                """)
        let host = try #require(definitions.objects[ObjectName(host: "h")])
        let vars = try #require(host.attribute("vars")?.asDictionary)
        #expect(
            vars["a"]?.toText.description == """
                [ "/var/log/icinga2", "/elsewhere", "/var/lib/icinga2/icinga2.state", \
                16384.000000, 3.000000, "LOG_AUTHPRIV", "12 (bookworm)" ]
                """)
        #expect(vars["b"]?.isTruthy == true)
        for text in [
            "FacilityCron = 1", "DbCatState = 1", "System.Configuration.Concurrency = 4",
            "System = 3", "globals.Types = 3", "namespace Icinga { x = 1 }", "RunDir += 1",
        ] {
            let found = DefinitionFixture.errors(text)
            #expect(
                found.count == 1 && found[0].contains("must not be modified"), "\(text): \(found)")
        }
    }

    @Test func `bodies see what the built-in templates capture`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object CheckCommand "c" {
              import "dummy-check-command"
              execute = PluginCheck
              command = [ "/p" ]
              vars.names = locals.keys()
            }
            object TimePeriod "p" { update = LegacyTimePeriod }
            """)
        let command = definitions.session.registry.object(type: "CheckCommand", name: "c")
        #expect(command.flatMap(Execution.init(of:)) == .plugin)
        #expect(
            command?["vars"].asDictionary?["names"]?.toText
                == "[ \"DummyCheck\", \"PluginCheck\" ]")
    }

    @Test func `what a rule makes is in its host's zone`() throws {
        let definitions = try DefinitionFixture.load(
            Self.command + """
                object Zone "node1" { }
                object Host "h" { check_command = "c"; zone = "node1" }
                apply Service "s" {
                    check_command = "c"; vars.z = zone; assign where host.zone == "node1"
                }
                """)
        let service = try #require(definitions.objects[ObjectName(host: "h", service: "s")])
        #expect(service["zone"].toText == "node1")
        #expect(service.variables == #"{"z":"node1"}"#)
    }

    @Test func `nothing that is checked can be in a global zone`() {
        let found = DefinitionFixture.errors(
            Self.command + """
                object Zone "everywhere" { global = true }
                object Host "h" { check_command = "c"; zone = "everywhere" }
                """)
        #expect(found.count == 1 && found[0].contains("global zone 'everywhere'"), "\(found)")
    }

    @Test func `a group is added to groups that nothing set before`() throws {
        let definitions = try DefinitionFixture.load(
            Self.command + """
                object HostGroup "g" { }
                object Host "h" { check_command = "c"; groups.add("g") }
                """)
        #expect(definitions.objects[ObjectName(host: "h")]?.groups == ["g"])
    }

    @Test func `a mistake in a part of vars is told at the line of that part`() throws {
        let found = DefinitionFixture.errors(
            Self.command + """
                template Host "t" {
                    vars.ok = "fine"
                }
                object Host "h" {
                    import "t"
                    check_command = "c"
                    vars.price = "5$"
                }
                """)
        let line = try #require(found.first)
        #expect(found.count == 1 && line.contains("test.conf:8:"), "\(found)")
    }

    @Test func `JSON has vars before its parts, whatever comes first`() throws {
        let attributes = [#""vars.x":1,"vars":{"y":2}"#, #""vars":{"y":2},"vars.x":1"#]
        for text in attributes {
            let definitions = try DefinitionFixture.load(files: [
                "/etc/forwarder/conf.d/c.conf": Self.command,
                "/etc/forwarder/conf.d/h.json":
                    #"{"type":"Host","name":"h","attrs":{"check_command":"c",\#(text)}}"#,
            ])
            let host = try #require(definitions.objects[ObjectName(host: "h")])
            #expect(host.variables == #"{"x":1,"y":2}"#)
        }
    }

    @Test func `what fails while a check is made up is told with its place`() throws {
        let definitions = try DefinitionFixture.load(
            Self.command + """
                object Service "s" {
                    host_name = NodeName
                    check_command = "dummy"
                    vars.dummy_text = {{ host.nope }}
                }
                """)
        let preparer = CheckPreparer(definitions, runtime: NothingKnown())
        let action = preparer.prepare(ObjectName(host: "node1", service: "s")).action
        guard case .unbuildable(let text) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(text.contains("'nope'") && text.contains("test.conf:5:"), "\(text)")
    }
}
