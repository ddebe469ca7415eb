import ConfigLanguage
import Testing

/// Functions and methods that work on long texts count for what they take.
@Suite struct NativeWorkTests {
    private static let long = "var z = \"0000000000000000\"; for (i in range(15)) { z += z }\n"

    @Test(arguments: [
        "z.trim()", "z.upper()", "z.lower()", "z.reverse()", "z.find(\"1\")", "z.contains(\"1\")",
        "z.replace(\"1\", \"2\")", "match(z, \"1\")", "escape_shell_arg(z)", "basename(z)",
        "cidr_match(\"::/0\", z)", "parse_performance_data(z)", "{ a = 1 }[z]",
    ])
    func `an operation on half a mebibyte counts for thousands of steps`(operation: String) {
        let limits = EvaluationLimits(steps: 60_000, allocatedBytes: 1 << 30)
        let text = Self.long + "for (i in range(50)) { try { \(operation) } except { } }"
        let fault = #expect(throws: ConfigFault.self) { try value(text, limits: limits) }
        guard case .limit = fault else {
            Issue.record("expected a limit, got \(String(describing: fault))")
            return
        }
    }

    // 250 ms for each before, which is over an hour
    @Test func `a text that is too long for a number is none, and told by its beginning`() throws {
        let text = Self.long + "for (i in range(20000)) { try { number(z) } except { } }; 1"
        let limits = EvaluationLimits(steps: 400_000_000)
        #expect(try value(text, limits: limits).asNumber == 1)
        #expect(shown(Self.long + "number(z)").count < 400)
    }

    @Test func `keys that move others count for it, and keys in order do not`() {
        let limits = EvaluationLimits(steps: 3_000_000)
        func insert(_ key: String) throws -> Value {
            try value(
                "var d = { }; for (i in range(30000)) { d[\(key)] = i }; d.len()",
                limits: limits)
        }
        #expect(throws: ConfigFault.self) { try insert("100000 - i") }
        #expect(throws: Never.self) { try insert("100000 + i") }
    }

    @Test func `JSON with keys in any order is read in bounded time and the last key counts`() {
        let text = """
            var a = [ ]
            for (i in range(60000)) { a.add("\\"" + (999999 - i) + "\\":1") }
            Json.decode("{" + a.join(",") + "}").len()
            """
        #expect(shown(text) == "60000")
        #expect(
            shown(#"Json.encode(Json.decode("{\"b\":1,\"a\":2,\"b\":3}"))"#)
                == #""{"a":2,"b":3}""#)
    }

    @Test func `JSON that is given up counts for what was written`() {
        let text = """
            var a = range(9999); var b = [ ]; for (i in range(90)) { b.add(a) }
            for (i in range(50)) { try { Json.encode(b) } except { } }
            """
        #expect(throws: ConfigFault.self) {
            try value(text, limits: EvaluationLimits(steps: 1_000_000))
        }
    }

    @Test func `texts are found wherever they are`() {
        #expect(shown("\"aaab\".find(\"ab\")") == "2")
        #expect(shown("\"aaab\".find(\"a\", 3)") == "-1")
        #expect(shown("\"aaab\".find(\"b\", 3)") == "3")
        #expect(shown("\"aaab\".find(\"\")") == "0")
        #expect(shown("\"aaab\".find(\"x\", 99)") == "-1")
        #expect(shown("\"a\\000b\".find(\"b\")") == "2")
    }
}
