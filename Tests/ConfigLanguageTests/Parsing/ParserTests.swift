import ConfigLanguage
import Testing

@Suite struct ParserTests {
    @Test(arguments: GrammarVerdicts.accepted)
    func `what Icinga accepts is accepted`(text: String) {
        #expect(verdict(text) == "accepted")
    }

    @Test(arguments: GrammarVerdicts.refused)
    func `what Icinga refuses is refused`(text: String) {
        #expect(verdict(text) != "accepted")
    }

    @Test(arguments: ["(", "[", "{ a = ", "-", "!", "f(", "a = {{ ", "if (x) { ", "x => ", "&"])
    func `a hundred thousand levels of nesting are an error`(open: String) {
        let text = "x = " + String(repeating: open, count: 100_000)
        #expect(verdict(text) != "accepted")
    }

    @Test(arguments: [" + a", ".a", "()", "[0]", " && a", " in a"])
    func `a chain of a hundred thousand operations is an error`(link: String) {
        let text = "x = a" + String(repeating: link, count: 100_000)
        #expect(verdict(text).contains("operations depend on each other"))
    }

    @Test func `ten thousand statements in a row are fine`() {
        #expect(verdict(String(repeating: "x = 1\n", count: 10_000)) == "accepted")
        let branches = String(repeating: " else if (x) { }", count: 2_000)
        #expect(verdict("if (x) { }" + branches) == "accepted")
    }

    @Test(arguments: [
        ("\u{feff}x = 1", "begins with a byte order mark"),
        ("x\u{a0}= 1", "(U+A0) has"), ("x = \u{201c}y\u{201d}", "'\u{201c}' (U+201C)"),
        ("x = 'y'", "The character ''' has"),
    ])
    func `a character that begins nothing is told as people know it`(text: String, part: String) {
        #expect(verdict(text).contains(part))
    }

    @Test func `a syntax error names file, line and column and shows the line`() throws {
        let fault = try #require(throws: ConfigFault.self) {
            try ConfigSession.checkSyntax(
                of: Array("a = 1\n\tb = [ 1 2 ]\n".utf8),
                name: "/etc/x.conf"
            )
        }
        #expect(
            fault.description == """
                /etc/x.conf:2:10: error: Unexpected a number; expected ']'.
                   b = [ 1 2 ]
                           ^
                """
        )
    }
}
