import ConfigLanguage
import Testing

@Suite struct BuiltInTests {
    @Test(arguments: [
        ("match(\"*.Example.com\", \"web.example.COM\")", "true"),
        ("match(\"a?c\", \"abc\")", "true"),
        ("match(\"a*\", [ \"ab\", \"b\" ])", "false"),
        ("match(\"a*\", [ \"ab\", \"b\" ], MatchAny)", "true"), ("match(\"*\", [ ])", "false"),
        ("regex(\"^a\\\\d+$\", \"a42\")", "true"), ("regex(\"b\", \"abc\")", "true"),
        ("regex(\"^(?:x|y)$\", \"z\")", "false"), ("regex(\"[\\\\d.]+\", \"1.2\")", "true"),
        ("cidr_match(\"192.0.2.0/25\", \"192.0.2.127\")", "true"),
        ("cidr_match(\"192.0.2.0/25\", \"192.0.2.128\")", "false"),
        ("cidr_match(\"2001:db8::/32\", \"2001:db8::1\")", "true"),
        ("len([ 1, 2 ])", "2"), ("union([ \"b\", \"a\" ], [ \"a\" ])", "[ \"a\", \"b\" ]"),
        ("intersection([ \"a\", \"b\" ], [ \"b\" ])", "[ \"b\" ]"),
        ("intersection([ DateTime(5), \"1.5\" ])", "[ ]"),
        ("intersection(null, \"1\")", "[ ]"),
        ("intersection([ 1 ], null, \"1\")", "[ ]"),
        ("intersection([ 1, 2 ], [ 2, 3 ], null, [ ])", "[ 2.000000 ]"),
        ("[ [ len ] ].clone()[0][0]([ 1 ])", "1"),
        ("keys({ b = 1, a = 2 })", "[ \"a\", \"b\" ]"),
        ("string(0.5)", "\"0.500000\""), ("number(\"1.5\") + 1", "2.500000"),
        ("bool(\"x\")", "true"),
        ("range(2, 5)", "[ 2.000000, 3.000000, 4.000000 ]"),
        ("range(5, 0, -2)", "[ 5.000000, 3.000000, 1.000000 ]"),
        ("escape_shell_arg(\"it's\")", "\"'it'\\''s'\""), ("basename(\"/a/b.c\")", "\"b.c\""),
        ("dirname(\"/a/b/c\")", "\"/a/b\""), ("path_exists(\"/etc\")", "true"),
        ("getenv(\"NO_SUCH_VARIABLE_HERE\")", "\"\""), ("getenv(\"LANG\")", "\"C\""),
        ("get_time()", "1000000000.500000"), ("random()", "536870912"),
        ("Math.random()", "0.250000"), ("DateTime().value", "1000000000.500000"),
        ("glob(\"/etc/*.conf\")", "[ \"/etc/a.conf\" ]"),
        ("glob(\"/etc/*\", GlobDirectory)", "[ \"/etc/sub\" ]"),
        ("glob(\"/etc/[a-b].*\", GlobFile)", "[ \"/etc/a.conf\", \"/etc/b.txt\" ]"),
        (
            "glob_recursive(\"/etc\", \"*.conf\")",
            "[ \"/etc/a.conf\", \"/etc/sub/c.conf\" ]"
        ),
        (
            "Json.encode({ a = [ 1, 0.5, \"x\\n\", null, true ] })",
            "\"{\"a\":[1,0.5,\"x\\n\",null,true]}\""
        ),
        ("Json.decode(\"{\\\"a\\\":[1,{\\\"b\\\":null}]}\").a[0]", "1"),
        ("Math.floor(2.7) + Math.max(1, 5, 3) + Math.abs(-1)", "8"),
        ("\"a,b;c\".split(\",;\")", "[ \"a\", \"b\", \"c\" ]"), ("\" x \".trim()", "\"x\""),
        ("\"hello\".substr(1, 3)", "\"ell\""), ("\"hello\".find(\"l\")", "2"),
        // what 64 bits do not hold is 0, as a processor has it
        ("\"abc\".find(\"b\", number(\"inf\"))", "1"),
        ("\"abc\".find(\"b\", 9223372036854775808)", "-1"),
        ("\"abc\".find(\"\", number(\"nan\"))", "-1"),
        ("\"abc\".substr(1, number(\"inf\"))", "\"\""),
        ("\"abc\".substr(1, number(\"nan\"))", "\"bc\""),
        ("\"abc\".substr(1, -1)", "\"bc\""),
        ("\"hello\".replace(\"l\", \"L\")", "\"heLLo\""),
        ("\"Ab\".lower() + \"Ab\".upper()", "\"abAB\""),
        ("\"abc\".contains(\"b\")", "true"), ("\"abc\".reverse()", "\"cba\""),
        ("[ 3, 1, 2 ].sort()", "[ 1.000000, 2.000000, 3.000000 ]"),
        ("[ 3, 1, 2 ].sort((a, b) => a > b)", "[ 3.000000, 2.000000, 1.000000 ]"),
        ("[ 1, 2 ].map(x => x * 2)", "[ 2.000000, 4.000000 ]"),
        ("[ 1, 2, 3 ].filter(x => x > 1)", "[ 2.000000, 3.000000 ]"),
        ("[ 1, 2, 3 ].reduce((a, b) => a + b)", "6"), ("[ 1, 2 ].any(x => x == 2)", "true"),
        ("[ 1, 2 ].all(x => x == 2)", "false"), ("[ \"a\", \"b\" ].join(\"-\")", "\"a-b\""),
        ("[ 2, 1, 2 ].unique()", "[ 1.000000, 2.000000 ]"), ("{ a = 1 }.contains(\"a\")", "true"),
        ("{ b = 1, a = 2 }.values()", "[ 2.000000, 1.000000 ]"), ("{ a = 1 }.keys()", "[ \"a\" ]"),
    ])
    func `a built-in gives what Icinga gives`(text: String, expected: String) {
        #expect(shown(text) == expected)
    }

    @Test func `a comparison that contradicts itself only gives some order`() {
        #expect(shown("range(100).sort((a, b) => true).len()") == "100")
    }

    @Test(arguments: ["(x => x)", "{ }", "String", "DateTime(5)", "Math", "&Math"])
    func `patterns are held against texts and arrays of them alone`(value: String) {
        for name in ["match", "regex", "cidr_match"] {
            #expect(shown("\(name)(\"::/0\", \(value))").hasPrefix("error"), "\(name)")
        }
    }

    @Test(arguments: [
        "Math.round(number(\"inf\"))", "Math.round(number(\"nan\"))", "DateTime(true, 1, 1)",
        "DateTime(2020, \"1\", 1)", "[ DateTime(5) ].clone()", "[ &Math ].clone()",
        "cidr_match(\"x\", [ ], len)",
    ])
    func `what Icinga refuses is an error`(text: String) {
        #expect(shown(text).hasPrefix("error"))
    }

    @Test(arguments: ["(a{1,999}){1,999}", "(", "a{99999}"])
    func `a regular expression that is broken or huge is an error`(pattern: String) {
        #expect(shown("regex(\"\(pattern)\", \"a\")").hasPrefix("error"))
    }

    @Test func `a function of the host program gets this and arguments`() throws {
        let macro = FunctionValue("macro") { call throws(ConfigFault) in
            .string("<" + call.argument(0).toText + ">")
        }
        let session = try committed(
            "globals.f = {{ if (macro(\"$x$\")) { return macro(\"$y$\") } }}"
        )
        let this: Value = ["macro": .function(macro)]
        let function = try #require(try session.evaluate(Array("f".utf8)).asFunction)
        #expect(try session.call(function, this: this).asString == "<$y$>")
    }
}
