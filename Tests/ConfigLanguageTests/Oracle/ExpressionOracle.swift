import ConfigLanguage
import Foundation

/// Asks Icinga and this library for the values of function bodies.
struct ExpressionOracle {
    private(set) var tally: OracleTally
    /// What Icinga answered, in order.
    private(set) var answers: [RecordedAnswer] = []

    init(_ subject: String) {
        tally = OracleTally(subject)
    }

    /// Compares bodies in one script, or in halves of it where Icinga crashes.
    mutating func compare(_ bodies: [String]) {
        guard !bodies.isEmpty else { return }
        let script = Self.script(bodies)
        let theirs = Oracle.answer(to: script).flatMap { Self.answers(in: Array($0.utf8)) }
        guard let theirs, theirs.count == bodies.count else {
            guard bodies.count > 1 else {
                skipOrCompareVerdict(bodies[0])
                return
            }
            compare(Array(bodies[..<(bodies.count / 2)]))
            compare(Array(bodies[(bodies.count / 2)...]))
            return
        }
        let ours = Self.evaluated(script)
        for (index, body) in bodies.enumerated() {
            let mine = index < ours.count ? ours[index] : ours.last ?? "nothing"
            if DeliberateDifference.all[body] != nil {
                // one that is no difference any more has to leave the list
                tally.compare(
                    "\(body) is no deliberate difference",
                    ours: mine == theirs[index] ? "the same" : "different",
                    theirs: "different"
                )
                continue
            }
            tally.compare(body, ours: mine, theirs: theirs[index])
            answers.append(RecordedAnswer(text: body, answer: theirs[index]))
        }
    }

    /// A body that Icinga gives no answer to is not of the language, or crashes Icinga.
    private mutating func skipOrCompareVerdict(_ body: String) {
        let script = Self.script([body])
        guard let accepts = Oracle.accepts(Array(script.utf8)), !accepts else {
            tally.skip()
            return
        }
        let isAccepted = verdict(script) == "accepted"
        tally.compare(body, ours: isAccepted ? "accepted" : "refused", theirs: "refused")
    }

    /// A script whose last value is JSON text of an array: the type and text of each value.
    static func script(_ bodies: [String]) -> String {
        let parts = bodies.map { body in
            """
            try { var f = function() {
            \(body)
            }; var v = f(); r.add(typeof(v).name + ": " + string(v)) } except { r.add("error") }
            """
        }
        return (["globals.r = [ ]"] + parts + ["Json.encode(r)"]).joined(separator: "\n") + "\n"
    }

    /// The answers of this library.
    static func evaluated(_ script: String) -> [String] {
        do throws(ConfigFault) {
            let session = session("", constants: ["OK": "OK"], surroundings: .fixed)
            let printed = try session.evaluate(Array(script.utf8)).toText
            guard let list = try? JSONDecoder().decode([String].self, from: Data(printed.bytes))
            else { return ["not JSON: \(printed.text.prefix(200))"] }
            return list
        } catch {
            return ["stopped: \(error.message)"]
        }
    }

    /// What the console printed: a JSON string that holds a JSON array of strings.
    private static func answers(in printed: [UInt8]) -> [String]? {
        // lost on purpose: a console that prints something else gave no answer
        guard
            let text = try? JSONDecoder().decode(
                String.self, from: Data(printed)),
            let list = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        else { return nil }
        return list
    }
}

/// Bodies whose value is another one here, with the reason.
enum DeliberateDifference {
    static let all = [
        "return Object()": "a value without any content is of no use",
        "return PerfdataValue()": "performance data comes from parse_performance_data()",
    ]
}

/// One question with Icinga's answer.
struct RecordedAnswer: Codable, Sendable {
    let text: String
    let answer: String
}
