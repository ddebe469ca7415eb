import Foundation
import TestSupport
import Testing

/// The threat model names tests; they must be there.
@Suite struct ThreatModelTests {
    /// A claim's evidence: the suite, and a test in it.
    private struct Evidence: Hashable {
        var suite: String
        var test: String
    }

    /// `Suite: ` followed by one or more names in backticks.
    private static func evidence(in text: String) -> [Evidence] {
        var found: [Evidence] = []
        var suite = ""
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index % 2 == 1 {
                if !suite.isEmpty {
                    let words = part.split(whereSeparator: \.isWhitespace)
                    found.append(Evidence(suite: suite, test: words.joined(separator: " ")))
                }
                continue
            }
            let between = part.trimmingCharacters(in: .whitespacesAndNewlines)
            if between == "," { continue }
            let last = between.split { !$0.isLetter && $0 != ":" }.last.map(String.init) ?? ""
            suite =
                between.hasSuffix(":") && last.hasSuffix("Tests:") ? String(last.dropLast()) : ""
        }
        return found
    }

    @Test func `every test that the threat model names is there`() throws {
        let path = BuiltProducts.repository.appendingPathComponent("docs/threat-model.md")
        let evidence = Self.evidence(in: try String(contentsOf: path, encoding: .utf8))
        #expect(evidence.count > 40, "\(evidence.count)")
        let files = try SourceFile.all(in: ["Tests"])
        for one in Set(evidence) {
            let file = try #require(
                files.first { $0.path.hasSuffix("/\(one.suite).swift") }, "no suite \(one.suite)")
            #expect(
                file.lines.contains { $0.contains("func `\(one.test)`") },
                "\(one.suite) has no `\(one.test)`"
            )
        }
    }

    @Test func `what is named is understood`() {
        let text = "x | ATests: `one`, `two\nlines`; BTests: `three` |\n`no test` | see C: `four`"
        #expect(
            Self.evidence(in: text) == [
                Evidence(suite: "ATests", test: "one"),
                Evidence(suite: "ATests", test: "two lines"),
                Evidence(suite: "BTests", test: "three"),
            ])
    }
}
