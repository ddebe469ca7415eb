import ConfigLanguage
import Monitoring
import Testing

@testable import Collector

/// What the object IcingaApplication "app" says is a macro of every check.
@Suite struct ApplicationTests {
    private static let names = [
        "community", "nested", "icinga.vars.community", "icinga.vars.nested", "icinga.vars.d.a",
        "icinga.vars.missing", "icinga.enable_notifications", "icinga.enable_host_checks",
        "icinga.environment", "icinga.name", "icinga.type", "environment", "icinga.foo",
    ]

    /// The macros that have a value, with it.
    private static func macros(_ application: String) throws -> [String: String] {
        let arguments = names.map { "\"\($0)=\" = \"$\($0)$\"" }.joined(separator: "\n")
        let definitions = try DefinitionFixture.load(
            application + """

                object CheckCommand "probe" {
                  command = [ "/bin/probe" ]
                  arguments = {
                    \(arguments)
                  }
                }
                object Host "h" { check_command = "probe" }

                """)
        let line = CheckPreparer(definitions, runtime: NothingKnown())
            .prepare(ObjectName(host: "h")).snapshot.commandLine.dropFirst()
        var values: [String: String] = [:]
        for (index, word) in line.enumerated() where index.isMultiple(of: 2) {
            values[String(word.dropLast())] = line[line.startIndex + index + 1]
        }
        return values
    }

    @Test func `its custom variables and attributes are macros`() throws {
        let values = try Self.macros(
            """
            object IcingaApplication "app" {
              vars.community = "x"
              vars.nested = "<$community$>"
              vars.d = { a = 1 }
              enable_notifications = false
              environment = "prod"
            }
            """)
        #expect(
            values
                == [
                    "community": "x", "nested": "<x>", "icinga.vars.community": "x",
                    "icinga.vars.nested": "<x>", "icinga.vars.d.a": "1", "icinga.vars.missing": "",
                    "icinga.enable_notifications": "false", "icinga.enable_host_checks": "true",
                    "icinga.environment": "prod", "environment": "prod", "icinga.name": "app",
                    "icinga.type": "IcingaApplication",
                ].filter { $0.key != "icinga.vars.missing" })
    }

    @Test func `one that nothing defines is there all the same`() throws {
        let values = try Self.macros("")
        #expect(values["icinga.enable_notifications"] == "true")
        #expect(values["icinga.environment"]?.isEmpty == true)
        #expect(values["icinga.name"] == "app")
        #expect(values["community"] == nil)
    }

    @Test func `functions see it, as icinga and by its name`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object IcingaApplication "app" { vars.community = "x" }
            object CheckCommand "probe" {
              command = [ "/bin/probe" ]
              arguments = {
                "-g" = {{ get_object(IcingaApplication, "app").vars.community }}
                "-m" = {{ macro("$icinga.vars.community$") }}
                "-t" = {{ icinga.vars.community }}
              }
            }
            object Host "h" { check_command = "probe" }
            """)
        let line = CheckPreparer(definitions, runtime: NothingKnown())
            .prepare(ObjectName(host: "h")).snapshot.commandLine
        #expect(line == ["/bin/probe", "-g", "x", "-m", "x", "-t", "x"])
    }

    @Test func `what Icinga refuses of it is refused`() {
        let named = DefinitionFixture.errors(#"object IcingaApplication "other" { }"#)
        #expect(named.count == 1)
        #expect(named.first?.contains("Application object must be named 'app'.") == true)
        let open = DefinitionFixture.errors(
            #"object IcingaApplication "app" { vars.community = "$t" }"#)
        #expect(open.count == 1)
        #expect(open.first?.contains("Closing $ not found") == true)
    }
}
