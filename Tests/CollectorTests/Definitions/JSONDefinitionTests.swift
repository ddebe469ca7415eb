import ConfigLanguage
import Monitoring
import Testing

@testable import Collector

/// JSON in the shape of Icinga's API means what the same in the language means.
@Suite struct JSONDefinitionTests {
    private static func load(_ json: String, _ conf: String = "") throws -> Definitions {
        try DefinitionFixture.load(
            files: ["/etc/forwarder/conf.d/a.json": json, "/etc/forwarder/conf.d/b.conf": conf])
    }

    private static func errors(_ json: String) -> [Diagnostic] {
        do {
            _ = try load(json)
            return []
        } catch {
            return (error as? DefinitionsFault)?.errors ?? []
        }
    }

    @Test func `a service with template, times and variables is as in the language`() throws {
        let json = try Self.load(
            #"""
            [
              { "type": "Host", "name": "web1", "attrs": { "check_command": "dummy" } },
              {
                "type": "Service", "name": "web1!load", "templates": [ "generic" ],
                "attrs": {
                  "check_command": "load", "check_interval": "5m", "retry_interval": 30.5,
                  "enable_active_checks": true, "display_name": "Löad \"x\" \u00e4",
                  "vars.load_wload1": 5, "vars.os.name": "Linux", "vars.none": null,
                  "vars.list": [ 1, "a", [ ], { "b": false } ]
                }
              },
              { "type": "TimePeriod", "name": "p",
                "attrs": { "ranges": { "monday": "09:00-17:00" } } },
              { "type": "CheckCommand", "name": "mine",
                "attrs": { "command": [ "/bin/echo" ], "arguments": { "-x": "$host.name$" } } }
            ]
            """#, #"template Service "generic" { max_check_attempts = 7; check_period = "p" }"#)
        let conf = try Self.load(
            "[]",
            #"""
            object Host "web1" { check_command = "dummy" }
            template Service "generic" { max_check_attempts = 7; check_period = "p" }
            object Service "load" {
              host_name = "web1"
              import "generic"
              check_command = "load"
              check_interval = 5m
              retry_interval = 30.5
              enable_active_checks = true
              display_name = "Löad \"x\" ä"
              vars.load_wload1 = 5
              vars.os.name = "Linux"
              vars.none = null
              vars.list = [ 1, "a", [ ], { b = false } ]
            }
            object TimePeriod "p" { ranges = { "monday" = "09:00-17:00" } }
            object CheckCommand "mine" {
              command = [ "/bin/echo" ]
              arguments = { "-x" = "$host.name$" }
            }
            """#)
        #expect(json.plans == conf.plans)
        #expect(json.plans.contains { $0.maxCheckAttempts == 7 && $0.period?.name == "p" })
        #expect(json.entries.map(\.variables) == conf.entries.map(\.variables))
        #expect(json.entries.map(\.displayName) == conf.entries.map(\.displayName))
        #expect(json.checkCommands == conf.checkCommands)
    }

    @Test func `a text is never code, and a time only where a number belongs`() throws {
        let definitions = try Self.load(
            #"""
            { "type": "Host", "name": "x", "attrs": {
                "check_command": "dummy", "vars.a": "{{ exit(1) }}", "vars.b": "5m",
                "notes": "\" + exit(1) + \"" } }
            """#)
        let entry = try #require(definitions.entries.first { $0.name.fullName == "x" })
        #expect(entry.variables == #"{"a":"{{ exit(1) }}","b":"5m"}"#)
    }

    @Test(arguments: [
        (#"{ "type": "Host", "name": "x", "attrs": { "no_such": 1 } }"#, "no_such", 1),
        ("[\n{ \"type\": \"Host\",\n \"name\": \"x\", \"attr\": { } } ]", "'attr'", 3),
        (#"{ "type": "Hots", "name": "x" }"#, "'Hots'", 1),
        (#"{ "type": "Host" }"#, "no 'name'", 1),
        (#"{ "type": "Host", "name": 5 }"#, "must be a string", 1),
        (#"{ "type": "Host", "name": "x", "templates": "t" }"#, "array of names", 1),
        (#"{ "type": "Host", "name": "x", "attrs": [ ] }"#, "dictionary of attributes", 1),
        ("\n\n[ 1 ]", "A definition is a dictionary", 3),
        (#"{ "type": "Host", "name": "x" "#, "'}' is missing", 1),
        (#"{ "type": "Host", "name": "x" } x"#, "Nothing may follow", 1),
        (#"{ "type": "Host", "type": "Host", "name": "x" }"#, "there twice", 1),
        ("{ \"type\": \"Ho\u{1}st\" }", "value is missing or broken", 1),
        ("", "value is missing: the file is empty", 1),
        (" \n", "the file is empty", 2),
        ("// mine\n[ ]", "JSON has no comments", 1),
        ("[\n# mine\n]", "JSON has no comments", 2),
        ("[ ] /* mine */", "JSON has no comments", 1),
        ("{ \"type\": \"Host\",\n // mine\n \"name\": \"x\" }", "JSON has no comments", 2),
        (String(repeating: "[", count: 100), "nested more than", 1),
        (
            #"{ "type": "Service", "name": "web1!x", "attrs": { "host_name": "web2" } }"#,
            "contradict", 1
        ),
        (#"{ "type": "Service", "name": "a!b!c", "attrs": { } }"#, "too many parts", 1),
        (
            #"{ "type": "Host", "name": "x", "attrs": { "check_interval": "soon" } }"#,
            "check_interval", 1
        ),
        (
            #"{ "type": "Host", "name": "x", "attrs": { "check_interval": "1h 5m" } }"#,
            "'check_interval' must be a number, not '1h 5m'. Write a number of seconds, or one", 1
        ),
        (
            #"{ "type": "Host", "name": "x", "attrs": { "templates": [ "t" ] } }"#,
            "'templates' belongs beside attrs", 1
        ),
    ])
    func `what is wrong is told with its line`(_ json: String, _ part: String, _ line: Int) throws {
        let errors = Self.errors(json)
        let error = try #require(errors.first, "\(json)")
        #expect(error.description.contains(part), "\(error)")
        #expect(error.location?.line == line)
        #expect(error.location?.file.hasSuffix("a.json") == true)
    }
}
