import ConfigLanguage
import Foundation
import Testing

/// The same questions to Icinga and to this library; `FORWARDER_ORACLE=full` asks many more.
@Suite(.enabled(if: Oracle.isInstalled, "Icinga 2 is not installed"), .serialized)
struct OracleTests {
    /// Some seconds in the short form, some minutes in the long one.
    private static var syntaxCount: Int { Oracle.isFull ? 3000 : 120 }
    private static var expressionCount: Int { Oracle.isFull ? 40_000 : 2000 }
    /// Bodies in one script.
    private static let batch = 200

    @Test func `mutated real files get the verdict that Icinga gives`() throws {
        var random = SeededGenerator(seed: Oracle.seed)
        let files = try RealFiles()
        var tally = OracleTally("syntax")
        var recorded: [RecordedAnswer] = []
        for round in 0..<Self.syntaxCount {
            let isOurs = files.sections.isEmpty || round % 2 == 0
            let text =
                isOurs
                ? Mutations.text(&random)
                : Mutations.mutated(random.pick(files.sections), &random)
            guard let expected = Oracle.accepts(Array(text.utf8)) else {
                tally.skip()
                continue
            }
            let mine = verdict(text)
            tally.compare(
                "\(text)\n  (\(mine))",
                ours: mine == "accepted" ? "accepted" : "refused",
                theirs: expected ? "accepted" : "refused"
            )
            // only texts of our own may be kept
            if isOurs {
                recorded.append(
                    RecordedAnswer(text: text, answer: expected ? "accepted" : "refused")
                )
            }
        }
        try Recording.add(recorded, as: "syntax")
        report(tally)
    }

    @Test func `generated expressions have the values that Icinga gives`() throws {
        var generator = ExpressionGenerator(seed: Oracle.seed)
        var oracle = ExpressionOracle("expressions")
        var left = Self.expressionCount
        while left > 0 {
            let bodies = (0..<min(left, Self.batch)).map { _ in generator.body() }
            // what asks for the time has no value that both could have
            oracle.compare(bodies.filter { !$0.contains("DateTime()") })
            left -= Self.batch
        }
        try Recording.add(oracle.answers, as: "expressions")
        report(oracle.tally)
    }

    @Test func `chosen expressions have the values that Icinga gives`() throws {
        var oracle = ExpressionOracle("chosen expressions")
        for bodies in try ChosenExpressions.all { oracle.compare(bodies) }
        try Recording.add(oracle.answers, as: "chosen")
        report(oracle.tally)
    }

    private func report(_ tally: OracleTally) {
        for difference in tally.differences.prefix(40) { Issue.record("\(difference)") }
        #expect(tally.differences.isEmpty)
        #expect(tally.agreements > tally.skipped * 10)
        print(tally.summary)
    }
}

/// What Icinga answered when the samples were recorded; needs no Icinga.
@Suite struct RecordedOracleTests {
    @Test func `recorded texts get the verdict that Icinga gave`() throws {
        let recorded = try Recording.read("syntax")
        #expect(recorded.count > 50)
        for sample in recorded {
            let mine = verdict(sample.text)
            #expect(
                (mine == "accepted") == (sample.answer == "accepted"), "\(sample.text)\n\(mine)")
        }
    }

    @Test(arguments: ["chosen", "expressions"])
    func `recorded expressions have the values that Icinga gave`(name: String) throws {
        let recorded = try Recording.read(name)
        #expect(recorded.count > 500)
        for start in stride(from: 0, to: recorded.count, by: 200) {
            let samples = recorded[start..<min(start + 200, recorded.count)]
            let ours = ExpressionOracle.evaluated(ExpressionOracle.script(samples.map(\.text)))
            #expect(ours.count == samples.count, "\(ours.last ?? "")")
            for (mine, sample) in zip(ours, samples) {
                #expect(mine == sample.answer, "\(sample.text)")
            }
        }
    }
}

/// The recorded samples beside this file: texts that these tests made, with Icinga's answers.
enum Recording {
    /// Most samples of a kind that are kept.
    private static let most = 1200

    private static func path(_ name: String, in folder: String?) -> String {
        let own = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Recorded").path
        return "\(folder ?? own)/\(name).json"
    }

    static func read(_ name: String) throws -> [RecordedAnswer] {
        let content = try Data(contentsOf: URL(fileURLWithPath: path(name, in: nil)))
        return try JSONDecoder().decode([RecordedAnswer].self, from: content)
    }

    /// Writes samples into the folder that `FORWARDER_ORACLE_RECORD` names, if it names one.
    static func add(_ samples: [RecordedAnswer], as name: String) throws {
        guard let folder = Oracle.recordPath else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let lines = try samples.prefix(most).map {
            String(decoding: try encoder.encode($0), as: UTF8.self)
        }
        let text = "[\n" + lines.joined(separator: ",\n") + "\n]\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name, in: folder)))
    }
}
