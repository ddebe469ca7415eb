import ConfigLanguage
import Testing

/// What bodies do beyond plain assignments: includes, returns, imports, captures, places.
@Suite struct BodyTests {
    private static func host(
        _ text: String, _ name: ByteString = "h", files: [String: String] = [:]
    ) throws -> ConfigObject {
        let session = try committed(text, files: files)
        return try #require(session.registry.object(type: "Host", name: name))
    }

    @Test func `an include in a body assigns to the object and sees the names in reach`() throws {
        let host = try Self.host(
            """
            object Host "h" {
                var own = 5
                include "part.inc"
                vars.after = vars.part + own
            }
            """,
            files: ["/etc/test/part.inc": "vars.part = own + 1\nvar own = 7\n"])
        #expect(host["vars"].toText.text.contains("part = 6.0"))
        #expect(host["vars"].toText.text.contains("after = 13.0"))
    }

    @Test func `what is wrong in an included body is an error of the object, with its own place`() {
        let found = errors(
            in: "object Host \"h\" { include \"part.inc\" }\n",
            files: ["/etc/test/part.inc": "vars.a = 1\nvars.b = nope\nvars.c = nope2\n"])
        #expect(found.count == 1)
        #expect(found.first?.location?.file == "/etc/test/part.inc")
        #expect(found.first?.location?.line == 2)
    }

    @Test func `a variable of a file reaches the files that it includes`() throws {
        let session = try committed(
            "var greeting = \"hi\"\ninclude \"part.conf\"\n",
            files: ["/etc/test/part.conf": "object Host \"h\" use (greeting) { vars.a = greeting }"]
        )
        let host = try #require(session.registry.object(type: "Host", name: "h"))
        #expect(host["vars"].toText.text.contains("a = \"hi\""))
    }

    @Test func `a return in a template ends the body that imports it`() throws {
        let text = """
            template Host "t" { vars.t = 1; if (name == "quiet") { return } }
            object Host "quiet" { import "t"; vars.after = 1 }
            object Host "loud" { import "t"; vars.after = 1 }
            """
        #expect(try !Self.host(text, "quiet")["vars"].toText.text.contains("after"))
        #expect(try Self.host(text, "loud")["vars"].toText.text.contains("after"))
    }

    @Test(arguments: [
        "object Host \"h\" { vars.d = { import \"t\" } }",
        "globals.f = function() { import \"t\" }\nobject Host \"h\" { f() }",
    ])
    func `what is no object's body imports nothing`(text: String) {
        let found = errors(in: "template Host \"t\" { vars.x = 1 }\n" + text)
        #expect(found.first?.message.contains("'import' is only allowed") == true, "\(found)")
    }

    /// Source: each tried on Icinga 2.13.6.
    @Test(arguments: [
        // a body assigns where a name is found: a local, what was captured, a global
        ("var d = { }; d.x = 1; vars.r = d", "x = 1.0"),
        ("var d = { x = 1 }; d.x += 1; vars.r = d", "x = 2.0"),
        ("var d = { }; if (true) { d.x = 1 }; vars.r = d", "x = 1.0"),
        ("var d = { }; try { d.x = 1 } except { }; vars.r = d", "x = 1.0"),
        ("captured.x = 1; vars.r = captured", "x = 1.0"),
        ("captured = 7; vars.r = captured", "r = 7"),
        ("shared.x = 1; vars.r = shared", "x = 1.0"),
        ("var address = 1; address = 2; vars.r = address", "r = 2"),
        // the braces of a dictionary assign to it alone, blocks within them where a name is found
        ("var d = { }; vars.m = { d.x = 1 }; vars.r = d.x", "r = "),
        ("var d = { }; vars.m = { if (true) { d.x = 1 } }; vars.r = d", "x = 1.0"),
        ("var d = { }; vars.m = { try { d.x = 1 } except { } }; vars.r = d", "x = 1.0"),
    ])
    func `a name is assigned where it is found`(body: String, expected: String) throws {
        let host = try Self.host(
            """
            globals.shared = { }
            var captured = { }
            object Host "h" use (captured) { \(body) }
            """)
        let text = try #require(host["vars"].asDictionary?["r"]).toText.text
        #expect(expected == "r = " ? text.isEmpty : "r = \(text)".contains(expected), "\(text)")
        #expect(host["address"].toText.isEmpty)
    }

    @Test func `a local of an attribute's name hides it`() throws {
        let host = try Self.host("object Host \"h\" { var vars = { }; vars.x = 1 }")
        #expect(host["vars"].isNull)
    }

    @Test func `use takes what using names`() throws {
        let host = try Self.host(
            """
            namespace N { v = 5 }
            using N
            object Host "h" use (v) { vars.v = v }
            """)
        #expect(host["vars"].toText.text.contains("v = 5.0"))
    }

    @Test(arguments: [
        "object Host \"h\" use (nope) { }", "template Host \"t\" use (nope) { }",
        "globals.f = function() use (nope) { }", "globals.f = (x) use (nope) => x",
    ])
    func `a name that use does not find is told with its place`(text: String) {
        let found = errors(in: "\n" + text)
        #expect(found.first?.location?.line == 2, "\(found)")
    }

    @Test(arguments: ["object Host \"h\"", "template Host \"h\""])
    func `a filter belongs into groups and rules alone`(head: String) {
        let found = errors(in: "\(head) { assign where true }")
        #expect(found.first?.message.contains("must not have 'assign where'") == true, "\(found)")
        #expect(errors(in: "object HostGroup \"g\" { assign where true }").isEmpty)
        #expect(errors(in: "object UserGroup \"g\" { assign where true }").isEmpty)
    }

    @Test func `a constant of the program can be declared anew and not be assigned`() throws {
        for text in ["PluginDir = \"/x\"", "globals.PluginDir = \"/x\""] {
            let session = session(text, constants: ["PluginDir": "/p"])
            #expect(throws: ConfigFault.self) { try session.commit() }
        }
        let declared = session("const PluginDir = \"/x\"", constants: ["PluginDir": "/p"])
        try declared.commit()
        #expect(declared.constant("PluginDir")?.toText == "/x")
    }

    @Test func `a part of an attribute is at the place where it was assigned`() throws {
        let host = try Self.host(
            """
            template Host "t" {
                vars.ok = "fine"
            }
            object Host "h" {
                import "t"
                vars.deep.price = "5"
            }
            """)
        #expect(host.location(of: "vars", ["ok"]).line == 2)
        #expect(host.location(of: "vars", ["deep", "price"]).line == 6)
        #expect(host.location(of: "vars", ["deep", "price", "x"]).line == 6)
        #expect(host.location(of: "vars", ["nope"]).line == 2)
    }

    @Test func `of the elements of a rule each one is tried`() {
        let found = errors(
            in: """
                object Host "h" { }
                apply Service "s" for (name in [ "a", "b!", "c", "d!" ]) to Host { }
                """)
        #expect(found.count == 2, "\(found)")
        #expect(found.first?.context.contains { $0.contains("'sb!'") } == true)
    }

    @Test(arguments: [
        ("globals.f = function() { typeof(this).name }\nf()", "Namespace"),
        ("(() => typeof(this).name)()", "Namespace"),
        ("globals.f = function() { typeof(this).name }\nvar d = { a = f() }\nd.a", "Namespace"),
        ("var d = { f = function() { typeof(this).name } }\nd.f()", "Dictionary"),
    ])
    func `a function is called on what it was found in`(text: String, type: String) {
        #expect(shown(text) == "\"\(type)\"")
    }
}
