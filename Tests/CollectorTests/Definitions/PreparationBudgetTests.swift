@testable import Collector
import ConfigLanguage
import Monitoring
import Testing

/// Making up one check is bounded, whatever its variables, functions and arguments refer to.
@Suite(
    .enabled(
        if: DiskFiles().facts(of: DefinitionSettings.defaultTemplateLibrary) != nil,
        "icinga2-common is not installed"
    )
)
struct PreparationBudgetTests {
    /// The command line in words, or why there is none.
    private func prepared(_ body: String, _ command: String, _ before: String = "") throws -> String
    {
        let definitions = try DefinitionFixture.load(
            """
            \(before)
            object CheckCommand "c" { \(command) }
            object Service "s" { host_name = NodeName; check_command = "c"; \(body) }
            """
        )
        let preparer = CheckPreparer(definitions, runtime: NothingKnown())
        let action = preparer.prepare(ObjectName(host: "node1", service: "s")).action
        switch action {
        case .plugin(let command):
            return command.argumentVector.map { String(decoding: $0, as: UTF8.self) }
                .joined(separator: " ")
        case .unbuildable(let reason): return reason
        default: return "\(action)"
        }
    }

    private static let laughs = (1...9).map { level in
        "vars.l\(level) = \"" + String(repeating: "$l\(level - 1)$ ", count: 10) + "\""
    }.joined(separator: "; ")

    @Test(arguments: [6, 9])
    func `variables that name each other ten times over are stopped`(level: Int) throws {
        let answer = try prepared(
            "vars.l0 = \"xxxxxxxxxx\"; " + Self.laughs,
            "command = [ \"/bin/true\", \"$l\(level)$\" ]"
        )
        #expect(answer.contains("was stopped at macro"))
        #expect(answer.contains("100000 macros"))
    }

    @Test func `variables that name each other a thousand times are replaced`() throws {
        let answer = try prepared(
            "vars.l0 = \"x\"; " + Self.laughs, "command = [ \"/bin/true\", \"$l3$\" ]")
        #expect(answer.utf8.count(where: { $0 == UInt8(ascii: "x") }) == 1000)
    }

    @Test(arguments: [
        "command = [ \"/p\", \"$long$\" ]", "command = \"/p $list$\"",
        "command = [ \"/p\" ]; arguments = { \"-a\" = { value = \"$list$\" } }",
        "command = [ \"/p\" ]; arguments = { \"-a\" = { value = \"$list$\"; separator = text } }",
        "command = [ \"/p\" ]; arguments = { \"-a\" = { value = \"$one$\"; key = text } }",
        "command = [ \"/p\" ]; env = { A = \"$long$\" }", "command = {{ macro(\"$list$\") }}",
        "command = {{ range(2000).map(x => text) }}",
    ])
    func `text that a check makes is bounded`(command: String) throws {
        let make = """
            const long = "0123456789abcdef"
            for (i in range(13)) { globals.text = if (i == 0) { long } else { text + text } }
            """
        let answer = try prepared(
            """
            vars.long = range(400).map(x => "$text$").join(" ")
            vars.text = text
            vars.list = range(2000).map(x => "$text$")
            vars.one = range(20000)
            """,
            command,
            make
        )
        #expect(answer.contains("16 MiB of text") || answer.contains("macros were replaced"))
    }

    @Test func `the functions of one check have limits together`() throws {
        let many = (0..<50).map { "\"-a\($0)\" = { set_if = {{ f() }} }" }.joined(separator: "; ")
        let answer = try prepared(
            "vars.a = 1",
            "command = [ \"/p\" ]; arguments = { \(many) }",
            "function f() { for (i in range(90000)) { if (i == -1) { break } }; return true }"
        )
        #expect(answer.contains("1000000 evaluation steps"))
        let text = String(repeating: "$f$ ", count: 50)
        let again = try prepared(
            "vars.f = {{ for (i in range(90000)) { if (i == -1) { break } }; return \"x\" }}",
            "command = [ \"/p\", \"\(text)\" ]"
        )
        #expect(again.contains("1000000 evaluation steps"))
    }

    @Test func `a function cannot go on behind the budget of macros`() throws {
        let answer = try prepared(
            "vars.l0 = \"xxxxxxxxxx\"; " + Self.laughs,
            """
            command = {{
              while (true) { try { macro("$l6$") } except { } }
            }}
            """
        )
        #expect(answer.contains("was stopped at macro"))
    }

    @Test func `what one check leaves behind is bounded over many checks`() throws {
        let definitions = try DefinitionFixture.load(
            """
            globals.leak = []
            object CheckCommand "c" {
              command = {{
                var z = "0123456789abcdef"; for (i in range(15)) { z += z }
                globals.leak.add(z + 1); return [ "/p" ]
              }}
            }
            object Service "s" { host_name = NodeName; check_command = "c" }
            """
        )
        let preparer = CheckPreparer(definitions, runtime: NothingKnown())
        var answers: Set<String> = []
        for _ in 0..<300 {
            let action = preparer.prepare(ObjectName(host: "node1", service: "s")).action
            if case .unbuildable(let reason) = action { answers.insert(reason) }
        }
        #expect(answers.count == 1)
        #expect(answers.first?.contains("the global 'leak'") == true)
    }
}
