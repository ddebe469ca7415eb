import ConfigLanguage
import Testing

@Suite struct RegularExpressionTests {
    /// Patterns that hold other matchers for years, or take their memory.
    @Test(arguments: [
        "^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)(.*)(.*)(.*)(.*)x", "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(a?){50}a{50}", "^(.|.|.)*b$", "(x+x+)+y", "((a*)*)*b", "(?=(a+)+b)", "(a{0,30}){0,30}b",
    ])
    func `a pattern that makes others hang is answered`(pattern: String) {
        let text = String(repeating: "a", count: 800)
        let answer = shown("regex(\"\(pattern)\", \"\(text)\")")
        #expect(["true", "false"].contains(answer), "\(answer.prefix(200))")
    }

    @Test func `a long text with a large pattern ends at the limit of steps`() {
        let text = "var s = \"a\"; for (i in range(15)) { s += s }; regex(\"(a?){900}b\", s)"
        let fault = #expect(throws: ConfigFault.self) {
            try value(text, limits: EvaluationLimits(steps: 200_000))
        }
        #expect(fault?.message.contains("evaluation steps") == true)
    }

    @Test(arguments: [
        ("(a)\\\\1", "a reference"), ("(?<n>a)\\\\k<n>", "a reference"),
        ("(?>a)", "an atomic group"),
        ("a++", "a possessive repetition"), ("(?(?=a)a|b)", "an unusual sign"),
        ("(*FAIL)", "a verb"), ("a{1001}", "too large"), ("(((a{99}){99}){99})", "too large"),
        ("((((){999}){999}){999}){999}", "too large"), ("(?<=a*)b", "no fixed length"),
        ("(", "has no ')'"), ("[a", "has no ']'"), ("a\\\\", "ends with"), ("*", "nothing that"),
    ])
    func `what is not possible is refused in words`(pattern: String, words: String) {
        let answer = shown("regex(\"\(pattern)\", \"a\")")
        #expect(answer.hasPrefix("error: ") && answer.contains(words), "\(answer)")
    }

    @Test func `groups nested a thousand deep are refused`() {
        let pattern = String(repeating: "(", count: 1000) + String(repeating: ")", count: 1000)
        #expect(shown("regex(\"\(pattern)\", \"a\")").contains("too large"))
        let long = String(repeating: "a", count: 5000)
        #expect(shown("regex(\"\(long)\", \"a\")").contains("too large"))
    }
}
