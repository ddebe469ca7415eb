import ConfigLanguage
import Testing

@Suite struct LimitTests {
    @Test(arguments: [
        "while (true) { }",
        "function f() { f() }; f()",
        "var f = null; f = function() { return globals.f() }; globals.f = f; f()",
        "var a = [ 1 ]; while (true) { a = a + a }",
        "var s = \"x\"; while (true) { s = s + s }",
        "var a = [ ]; while (true) { a.add(1) }",
        "var d = { }; var i = 0; while (true) { d[i] = 1; i += 1 }",
        "range(1000000000)",
        "while (true) { try { while (true) { } } except { } }",
        "var f = function(g) { return g(g) }; f(f)",
        "var s = range(300).join(\"x\"); while (true) { s = s.replace(\"x\", \"xx\") }",
        "[ 1 ].map(function(x) { while (true) { } })",
        "while (true) { range(50000).sort() }",
        "var s = range(9999).join(\"\"); while (true) { s == s }",
        "var s = range(9999).join(\"\"); while (true) { s.find(\"xx\") }",
        "var s = range(9999).join(\"1\"); while (true) { match(\"*1*1*1*1*1*x\", s) }",
        "var a = range(9999); while (true) { a in [ a ] }",
        "var a = range(9999); while (true) { a < a }",
        "var a = range(9999); var d = { }; while (true) { d[a] = 1 }",
        "var a = range(9999); while (true) { string(a) }", "while (true) { var a = [ ]; a.add(a) }",
        "var d = { }; for (i in range(999)) { d[i] = 1 }; while (1) { d.x = 1; d.remove(\"x\") }",
        "var s = range(9999).join(\"\"); while (true) { Json.decode(Json.encode(s)) }",
        "var a = range(9999); while (true) { a.remove(0); a.add(1) }",
        "var a = [ ]; for (i in a + [ 1 ]) { }; a.add(1); for (i in a) { a.add(1) }",
        "var r = null; r = { x = &r }; while (true) { r = { x = r } }",
        "while (true) { path_exists(\"/\") }", "while (true) { glob(\"/etc/*\") }",
        "var a = range(9999); while (true) { a - a }",
        "var a = range(9999); while (true) { union(a, a) }",
        "var a = range(9999); while (true) { regex(\"x\", a) }",
        "var a = range(9999); while (true) { a.clone() }",
        "var x = null; while (true) { x = function() use (x) { }; }",
    ])
    func `what would run or grow for ever is stopped`(text: String) {
        let fault = #expect(throws: ConfigFault.self) {
            try value(text, limits: EvaluationLimits(steps: 200_000, allocatedBytes: 16 << 20))
        }
        guard case .limit = fault else {
            Issue.record("expected a limit, got \(String(describing: fault))")
            return
        }
    }

    @Test func `calls nest 150 deep in any build but not 301`() {
        let text = "function f(n) { if (n == 0) { return 0 }; return 1 + f(n - 1) }; "
        #expect(shown(text + "f(150)") == "150")
        #expect(shown(text + "f(301)").contains("limit of"))
    }

    @Test func `values nested a hundred thousand deep are released`() throws {
        let text = "var a = [ ]; for (i in range(90000)) { a = [ a ] }; a.len()"
        #expect(shown(text) == "1")
        let mixed =
            "var a = null; for (i in range(50000)) { var b = a; a = { x = (y) use (b) => b } }; 1"
        #expect(shown(mixed) == "1")
    }

    @Test func `values that contain themselves can be written and compared`() {
        #expect(shown("var a = [ ]; a.add(a); string(a).len() > 0") == "true")
        #expect(shown("var a = [ ]; a.add(a); var b = [ ]; b.add(b); a == b") == "false")
        #expect(shown("var a = [ ]; a.add(a); Json.encode(a)").hasPrefix("error"))
    }

    @Test func `arrays that share elements are compared and written in bounded time`() {
        let build = "= [ 1 ]; for (i in range(60)) { V = [ V, V ] }; "
        let two = ["a", "b"].map { "var \($0) " + build.replacing("V", with: $0) }.joined()
        #expect(shown(two + "a == b") == "false")
        #expect(shown(two + "[ a, a, a ].unique()").hasPrefix("error"))
    }

    @Test func `each call of the host program has limits of its own`() throws {
        let session = try committed("globals.f = function() { while (true) { } }")
        let function = try #require(try session.evaluate(Array("f".utf8)).asFunction)
        for _ in 0..<3 {
            #expect(throws: ConfigFault.self) {
                try session.call(function, within: CallBudget(EvaluationLimits(steps: 1000)))
            }
        }
        let fine = try #require(try session.evaluate(Array("() => 5".utf8)).asFunction)
        #expect(try session.call(fine).asNumber == 5)
    }
}
