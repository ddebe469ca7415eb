import ConfigLanguage
import Testing

@Suite struct NamespaceTests {
    @Test(arguments: [
        ("namespace N { a = 4 }; N.a", "4"), ("namespace N { a = 4 }; N.b", "null"),
        ("namespace N { a = 1; function f() { return a } }; N.f()", "1"),
        ("namespace N { a = 1; if (true) { b = a + 1 } }; N.b", "2"),
        ("namespace N { var a = 1 }; N.contains(\"a\")", "false"),
        ("namespace N { a = 1 }; namespace N { b = 1 }; keys(N)", "[ \"b\" ]"),
        ("namespace A { namespace B { c = 1 } }; B.c", "1"),
        ("namespace A.B { c = 1 }; A.B.c", "1"),
        ("namespace N { a = 1 }; typeof(N).name", "\"Namespace\""),
        ("namespace N { }; N ? 1 : 2", "1"), ("string(Json)", "\"Object of type 'Namespace'\""),
        ("namespace N { a = 1 }; var s = \"\"; for (k => v in N) { s += k + v }; s", "\"a1\""),
        ("namespace N { a = 1 }; N.b = 2; N.b", "2"), ("namespace N { x.y = 1 }; N.x.y", "1"),
        ("Types.String == String", "true"), ("System.len(\"abc\")", "3"),
        ("globals.contains(\"len\")", "false"), ("globals.System.contains(\"len\")", "true"),
        ("Icinga.nothing", "null"), ("var len = 5; len", "5"),
    ])
    func `a namespace holds names`(text: String, expected: String) {
        #expect(shown(text) == expected)
    }

    @Test(arguments: [
        "namespace N { a = 1 }; N.a = 2", "namespace N { a = 1; a = 2 }",
        "namespace N { a = 1 }; N.remove(\"a\")", "namespace N { a = 1 }; var r = &N.a; *r = 2",
        "namespace N { }; N.b = 1; N.b = 2", "Math.PI = 3", "Json.foo = 1", "len = 5",
        "System.foo = 1", "Types.Foo = 1", "Icinga.foo = 1", "namespace N { len = 1 }",
        "namespace N { a = 1 }; N.get(\"b\")", "namespace N { a = 1 }; N.len()",
        "namespace N { a = 1 }; \"a\" in N", "namespace N { a = 1 }; N + { }",
        "namespace N { a = 1 }; N.freeze()", "globals.clear()",
    ])
    func `what a namespace holds is constant`(text: String) {
        #expect(shown(text).hasPrefix("error"))
    }

    @Test(arguments: [
        ("namespace N { n = 1 }; using N; n", "1"), ("using Math; PI > 3", "true"),
        ("var x = 1; using { x = 5 }; x", "1"), ("using { len = 5 }; len", "5"),
        ("var f = function() { using { g = 1 }; return g }; f() + g", "2"),
        ("using { v = 5 }; v = 6; v", "5"), ("using { v = [ ] }; v.add(1); v.len()", "0"),
    ])
    func `using brings names into reach to the end of the file`(text: String, expected: String) {
        #expect(shown(text) == expected)
    }

    @Test(arguments: ["var f = function() { return q }; using { q = 5 }; f()", "using 5; nope"])
    func `using reaches nothing before it and nothing that has no names`(text: String) {
        #expect(shown(text).hasPrefix("error"))
    }

    @Test func `using in one file does not reach into another`() {
        let found = errors(
            in: "using { secret = 5 }\ninclude \"b.conf\"\nglobals.x = secret",
            files: ["/etc/test/b.conf": "globals.y = secret"]
        )
        #expect(found.map(\.location?.file) == ["/etc/test/b.conf"])
    }

    @Test func `constants of the host program stand in their namespaces`() throws {
        let session = try committed(
            "globals.a = Icinga.OK + OK\nconst PluginDir = \"/p\"",
            constants: ["OK": "ok", "PluginDir": "/x", "PlatformName": "Linux"]
        )
        #expect(session.constant("a")?.asString == "okok")
        #expect(session.constant("PluginDir")?.asString == "/p")
        #expect(session.constant("PlatformName")?.asString == "Linux")
        #expect(session.warnings.isEmpty)
    }
}
