import TestSupport
import Testing

/// What the built program says about itself, and to those who misuse it.
@Suite struct HelpTests {
    private static func forwarder(_ arguments: String...) throws -> Command.Outcome {
        try Command.run(BuiltProducts.forwarder, arguments)
    }

    @Test(arguments: [
        "daemon", "flush", "status", "validate", "list", "queue", "run", "submit", "policy",
        "inventory", "render", "import",
    ])
    func `every subcommand explains itself`(name: String) throws {
        let outcome = try Self.forwarder(name, "--help")
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        #expect(outcome.outputText.contains("USAGE: forwarder \(name)"))
        #expect(outcome.outputText.contains("OVERVIEW: "))
        #expect(try Self.forwarder("--help").outputText.contains("\n  \(name) "))
    }

    @Test(arguments: [
        ("flush", "0: nothing is left"), ("status", "0: no alarm"), ("validate", "0 valid"),
        ("run", "0: the check ran"), ("submit", "0: the result was handed over"),
        ("import", "0: printed"),
    ])
    func `a status that scripts rely on is in the help`(name: String, meaning: String) throws {
        // The terminal's width breaks lines anywhere.
        let help = try Self.forwarder(name, "--help").outputText
            .split { $0.isWhitespace }.joined(separator: " ")
        #expect(help.contains("Exit status"), "\(help)")
        #expect(help.contains(meaning), "\(help)")
    }

    @Test(arguments: [
        ["chekc"], ["--frobnicate"], ["status", "--frobnicate"], ["run"], ["list", "planets"],
        ["validate", "--config"], ["render"], ["render", "--host", "a", "--only", "moon"],
        ["flush", "surplus"], ["policy", "explain"], ["policy", "check", "a", "b"],
        ["import", "nagios"], ["import", "mrpe", "a", "b"],
    ])
    func `wrong usage exits 64 and shows the right one`(arguments: [String]) throws {
        let outcome = try Command.run(BuiltProducts.forwarder, arguments)
        #expect(outcome.ending == .exited(64))
        #expect(outcome.output.isEmpty)
        #expect(outcome.errorText.contains("Error: "), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("Usage: forwarder"), "\(outcome.errorText)")
    }
}
