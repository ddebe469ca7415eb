import ConfigLanguage
import Testing

@Suite struct ExpressionTests {
    @Test(arguments: [
        ("5 + \"5\"", "\"55\""), ("0.1 + \"\"", "\"0.100000\""), ("1.5 + \"\"", "\"1.500000\""),
        ("1m + 2h", "7260"), ("500ms", "0.500000"), ("null + 5", "5"), ("\"a\" + null", "\"a\""),
        ("2 + 3 * 4", "14"), ("(2 + 3) * 4", "20"), ("7 % 3", "1"), ("1 << 4", "16"),
        ("6 & 3", "2"), ("6 | 3", "7"), ("6 ^ 3", "5"), ("~5", "-6"), ("-3 + 1", "-2"),
        ("1 == true", "true"), ("null == \"\"", "true"), ("null == 0", "false"),
        ("\"1\" == 1", "false"), ("[ 1, 2 ] == [ 1, 2 ]", "true"), ("{ } == { }", "false"),
        ("\"a\" < \"b\"", "true"), ("3 >= 3", "true"), ("\"a\" in [ \"a\" ]", "true"),
        ("\"a\" !in [ \"b\" ]", "true"), ("\"a\" in null", "false"),
        ("null || \"x\"", "\"x\""), ("0 && 5", "0"), ("true ? 1 : 2", "1"),
        ("!\"\"", "true"), ("!0", "true"), ("![ ]", "true"), ("!{ }", "true"),
        ("[ 1 ] + [ 2 ]", "[ 1.000000, 2.000000 ]"), ("[ 1, 2, 1 ] - [ 1 ]", "[ 2.000000 ]"),
        ("({ a = 1, b = 1 } + { b = 2 }).b", "2"), ("null.x.y", "null"), ("{ a = 1 }.b", "null"),
        ("[ 1, 2 ][1]", "2"), ("{ \"a b\" = 3 }[\"a b\"]", "3"), ("\"abc\".len()", "3"),
        ("((a, b) => a + b)(1, 2)", "3"), ("(x => x * 2)(4)", "8"), ("{{ return 3 }}()", "3"),
        ("{{{a\"b}}}", "\"a\"b\""), ("\"\\101\\n\"", "\"A\n\""), ("typeof(1).name", "\"Number\""),
        ("typeof(\"\") == String", "true"), ("current_line", "1"), ("if (1) { 5 } else { 6 }", "5"),
    ])
    func `an expression has the value that the language gives it`(text: String, expected: String) {
        #expect(shown(text) == expected)
    }

    @Test(arguments: [
        "true + 1", "1 / 0", "1 % 0", "[ 1 ][5]", "undefined_name", "\"a\" * 2", "\"a\" < 1",
        "5.foo", "null()", "1 in 5", "number(\"x\")", "1e1000 << 1", "throw \"x\"", "5 = 3",
        "(a => a)()", "\"a\".substr(9)", "Json.decode(\"{\")", "Json.get(\"nothing\")",
        "String.foo",
    ])
    func `what makes no sense is an error`(text: String) {
        #expect(throws: ConfigFault.self) { try value(text) }
    }

    @Test(arguments: [
        ("var s = 0; for (x in [ 1, 2, 3 ]) { s += x }; s", "6"),
        ("var s = \"\"; for (k => v in { b = 2, a = 1 }) { s += k + v }; s", "\"a1b2\""),
        ("var i = 0; while (true) { i += 1; if (i == 5) { break } }; i", "5"),
        ("var s = 0; for (x in range(5)) { if (x % 2) { continue }; s += x }; s", "6"),
        ("function f(n) { if (n < 2) { return n }; return f(n - 1) + f(n - 2) }; f(12)", "144"),
        ("var n = 2; var f = (x) use (n) => x * n; n = 9; f(4)", "8"),
        ("var f = (x) use (y = 1 + 1) => x + y; f(1)", "3"),
        ("var d = { }; d.a.b.c = 1; d.a.b.c", "1"),
        ("var r = null; try { throw \"x\" } except { r = \"caught\" }; r", "\"caught\""),
        ("var x = 1; var r = &x; *r = 5; x", "5"),
        ("namespace N { a = 4 }; N.a", "4"),
        ("var d = { x = 1; y = x + 1 }; d.y", "2"),
        ("var d = { f = function() { return this.v }; v = 7 }; d.f()", "7"),
        ("var d = { a = 1 }; d.f = function() { x = 5; return this.x }; d.f()", "5"),
        ("var d = { for (i in [ 1, 2 ]) { z = i } }; Json.encode(d)", "\"{\"z\":2}\""),
        (
            "var d = { var q = 3; w = q; if (true) { b = 2 } }; Json.encode(d)",
            "\"{\"b\":2,\"w\":3}\""
        ),
        ("var d = { x = { y = 1 } }; var e = d + { z = 1 }; e.x.y = 5; d.x.y", "5"),
        ("var a = [ 1 ]; var b = a; b += [ 2 ]; Json.encode(a)", "\"[1]\""),
        ("for (i in [ 1, 2 ]) { var z = i }; i + z", "4"),
        ("var f = () => { return 5 }; f()", "5"), ("var f = (x) => { x + 1 }; f(3)", "4"),
        ("var r = &globals.foo; *r = 3; globals.foo", "3"),
        ("globals.g = 3; g", "3"),
        ("const C = 4; C", "4"),
        ("var a = { b = 1 }; if (a.b) { a.c = 2 } else { a.c = 3 }; a.c", "2"),
    ])
    func `statements do what they say`(text: String, expected: String) {
        #expect(shown(text) == expected)
    }

    @Test func `a constant can be set once`() {
        #expect(shown("const A = 1; A = 2; A").contains("must not be modified"))
        #expect(shown("const A = 1; globals.A = 2; A").contains("must not be modified"))
        #expect(shown("const A = 1; globals.remove(\"A\")").contains("must not be modified"))
    }

    @Test func `a second const of a name has a warning, as in Icinga`() throws {
        let session = try committed("const A = 1\nconst A = 2")
        #expect(session.constant("A")?.asNumber == 2)
        #expect(session.warnings.map(\.location?.line) == [2])
        #expect(session.warnings[0].message.contains("already defined"))
    }
}
