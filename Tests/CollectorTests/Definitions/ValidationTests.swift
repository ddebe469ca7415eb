@testable import Collector
import ConfigLanguage
import Testing

@Suite(
    .enabled(
        if: DiskFiles().facts(of: DefinitionSettings.defaultTemplateLibrary) != nil,
        "icinga2-common is not installed"
    )
)
struct ValidationTests {
    private static let host = "object Host \"x\" { check_command = \"dummy\"; "
    private static let command = "object CheckCommand \"c\" { command = [ \"a\" ]; "

    @Test(arguments: [
        "vars.x = [ 1 ]; vars.y = [ vars.x, vars.x ]",
        "var v = 1; for (i in range(62)) { v = { a = v } }; vars.x = v",
        "var v = 1; for (i in range(40)) { v = [ v, v ] }; vars.y = { }",
    ])
    func `variables that hold one value twice, or are deep, are taken`(body: String) {
        #expect(DefinitionFixture.errors(Self.host + body + " }") == [])
    }

    @Test(arguments: [
        (
            host + "vars.x = vars }",
            "Attribute 'vars' -> 'x': Circular references are not allowed"
        ),
        (
            host + "var v = 1; for (i in range(63)) { v = { a = v } }; vars.x = v }",
            "Custom variables must not be nested deeper than 64."
        ),
        (
            host + "check_interval = 0 }",
            "Attribute 'check_interval': Interval must be greater than 0."
        ),
        (
            host + "retry_interval = -1 }",
            "Attribute 'retry_interval': Interval must be greater than 0."
        ),
        (
            host + "max_check_attempts = 0 }",
            "Attribute 'max_check_attempts': Value must be greater than 0."
        ),
        (
            host + "check_period = \"p\" }",
            "Attribute 'check_period': Object 'p' of type 'TimePeriod' does not exist."
        ),
        (
            host + "groups = [ \"g\" ] }",
            "Attribute 'groups': Object 'g' of type 'HostGroup' does not exist."
        ),
        (
            host + "vars.a = \"$x\" }",
            "Attribute 'vars' -> 'a': Closing $ not found in macro format string '$x'."
        ),
        (
            host + "var d = [ ]; d.add({ x = d }); vars.d = d }",
            "Attribute 'vars' -> 'd' -> '0' -> 'x': Circular references are not allowed"
        ),
        (
            host + "vars.me = this }",
            "Attribute 'vars' -> 'me' -> 'vars': Circular references are not allowed"
        ),
        (
            command + "vars.v = vars }",
            "Attribute 'vars' -> 'v': Circular references are not allowed"
        ),
        (
            "object Dependency { parent_host_name = NodeName; child_host_name = NodeName }",
            "of type 'Dependency' is invalid: Object name must not be empty."
        ),
        (
            "object Service { host_name = NodeName; check_command = \"dummy\" }",
            "of type 'Service' is invalid: Object name must not be empty."
        ),
        (host + "vars.a = { b = \"$x\" } }", "Attribute 'vars' -> 'a' -> 'b': Closing $ not found"),
        ("object Host \"x\" { }", "Attribute 'check_command': Attribute must not be empty."),
        (
            "object Host \"x\" { check_command = \"n\" }",
            "Object 'n' of type 'CheckCommand' does not exist."
        ),
        ("object Host \"a!b\" { check_command = \"dummy\" }", "must not contain '!'"),
        (
            "object Service \"s\" { check_command = \"dummy\"; host_name = \"h\" }",
            "Object 'h' of type 'Host' does not exist."
        ),
    ])
    func `what icinga refuses in hosts and services is refused in its words`(
        text: String,
        expected: String
    ) {
        let errors = DefinitionFixture.errors(text)
        #expect(errors.count == 1)
        #expect(errors.first?.contains(expected) == true, "\(errors)")
    }

    @Test(arguments: [
        (
            "arguments = { a = { foo = 1 } } }",
            "'arguments' -> 'a' -> 'foo': Invalid attribute: foo"
        ),
        ("arguments = { a = [ \"b\" ] } }", "'arguments' -> 'a': Invalid type."),
        ("arguments = { a = { value = [ 1 ] } } }", "'a' -> 'value': Invalid type."),
        ("arguments = { a = { set_if = [ 1 ] } } }", "'a' -> 'set_if': Invalid type."),
        ("arguments = { a = { order = \"x\" } } }", "'a' -> 'order': Invalid type."),
        ("arguments = { a = { required = \"x\" } } }", "'a' -> 'required': Invalid type."),
        ("arguments = { a = { key = [] } } }", "'a' -> 'key': Invalid type."),
        ("arguments = { a = \"$x\" } }", "'arguments' -> 'a': Closing $ not found"),
        ("arguments = { a = { set_if = \"$x\" } } }", "'a' -> 'set_if': Closing $ not found"),
        ("env = { a = \"$x\" } }", "'env' -> 'a': Closing $ not found"),
        ("env = { a = [ \"x\" ] } }", "'env' -> 'a': Invalid type."),
        (
            "arguments = { }; command = \"a\" }",
            "must be an array if the 'arguments' attribute is set."
        ),
        (
            "arguments = { }; command = {{ 1 }} }",
            "must be an array if the 'arguments' attribute is set."
        ),
    ])
    func `what icinga refuses in check commands is refused in its words`(
        text: String,
        expected: String
    ) {
        let errors = DefinitionFixture.errors(Self.command + text)
        #expect(errors.count == 1)
        #expect(errors.first?.contains(expected) == true, "\(errors)")
    }

    @Test(arguments: [
        "arguments = { a = { order = \"5\" } } }", "arguments = { a = { key = 3 } } }",
        "arguments = { a = { description = 3 } } }", "arguments = { a = 5 } }", "timeout = 0 }",
        "arguments = { a = { } }; env = { A = 5 } }",
    ])
    func `what icinga accepts in check commands is accepted`(text: String) {
        #expect(DefinitionFixture.errors(Self.command + text) == [])
    }

    @Test(arguments: [
        ("object Host \"x\" { foo = 1 }", "foo"),
        ("object Host \"x\" { groups = \"g\" }", "groups"),
        ("object Host \"x\" { check_interval = \"abc\" }", "check_interval"),
        ("object Host \"x\" { import \"nope\" }", "nope"),
        ("object Host \"x\" { }\nobject Host \"x\" { }", "x"), ("object Foo \"x\" { }", "Foo"),
        ("object Host \"x\" {", ""),
    ])
    func `what cannot be evaluated is refused with the name and the place`(
        text: String,
        name: String
    ) {
        let errors = DefinitionFixture.errors(text)
        #expect(errors.first?.contains(name) == true, "\(errors)")
        #expect(errors.first?.hasPrefix(DefinitionFixture.files + ":") == true, "\(errors)")
    }

    @Test func `an error points at the line of the attribute and shows it`() throws {
        let text = """
            object Host "x" {
              check_command = "dummy"
              check_interval = 0
            }
            """
        let fault = #expect(throws: DefinitionsFault.self) { try DefinitionFixture.load(text) }
        let description = try #require(fault).description
        #expect(description.hasPrefix("\(DefinitionFixture.files):3:3: error: "))
        #expect(description.contains("\n    check_interval = 0\n"))
    }

    @Test(arguments: ["\\377", "tab\\t", String(repeating: "n", count: 1025)])
    func `a name that cannot be told apart or carried is refused`(name: String) {
        let errors = DefinitionFixture.errors(
            "object Host \"\(name)\" { check_command = \"dummy\" }")
        #expect(errors.count == 1)
        #expect(errors.first?.contains("is invalid") == true, "\(errors)")
    }

    @Test(arguments: ["\"nan\"", "\"inf\"", "-0.0", "400000000"])
    func `an interval that time cannot hold is refused`(interval: String) {
        let errors = DefinitionFixture.errors(Self.host + "check_interval = \(interval) }")
        #expect(errors.count == 1)
        #expect(errors.first?.contains("Interval must") == true, "\(errors)")
    }

    @Test func `all errors are reported at once`() {
        let text = """
            object Host "x" { check_command = "dummy"; check_interval = 0 }
            object Host "y" { check_command = "nope"; retry_interval = 0 }
            """
        #expect(DefinitionFixture.errors(text).count == 3)
    }

    @Test func `a missing library is named with path and package when something needs it`() {
        let text = "object Host \"x\" { check_command = \"hostalive\" }"
        let errors = DefinitionFixture.errors(text, library: "/nowhere/include")
        #expect(errors.count == 2)
        #expect(errors.first?.contains("/nowhere/include") == true)
        #expect(errors.first?.contains("icinga2-common") == true)
    }

    @Test func `a missing library is no error when nothing needs it`() {
        let text = """
            object CheckCommand "c" { command = [ "/bin/true" ] }
            object Host "x" { check_command = "c" }
            """
        #expect(DefinitionFixture.errors(text, library: "/nowhere/include") == [])
    }

    @Test func `a definitions file that others can write is refused by name`() {
        let files = MemoryFiles(
            content: ["/d/a.conf": ""],
            facts: FileFacts(owner: 0, permissions: 0o666)
        )
        let fault = #expect(throws: DefinitionsFault.self) {
            try Definitions.load(
                DefinitionSettings(directory: "/d", nodeName: "node1"),
                files: files,
                trust: FileTrust(runningUser: 0)
            )
        }
        #expect(fault?.description.contains("chmod go-w '/d/a.conf'") == true)
    }

    @Test func `a definitions directory that does not exist is refused by name`() {
        let fault = #expect(throws: DefinitionsFault.self) {
            try Definitions.load(
                DefinitionSettings(directory: "/nowhere", nodeName: "node1"),
                files: MemoryFiles(content: [:]),
                trust: FileTrust(runningUser: 0)
            )
        }
        #expect(fault?.description.contains("'/nowhere' does not exist") == true)
    }

    @Test func `a definitions directory with more names than anybody writes is refused whole`() {
        let names = (0...20_000).map { ("/d/\($0).txt", "") }
        let fault = #expect(throws: DefinitionsFault.self) {
            try Definitions.load(
                DefinitionSettings(directory: "/d", nodeName: "node1"),
                files: MemoryFiles(content: Dictionary(names) { $1 }),
                trust: FileTrust(runningUser: 0)
            )
        }
        #expect(fault?.description.contains("'/d' leads to more than 20000 names") == true)
    }
}
