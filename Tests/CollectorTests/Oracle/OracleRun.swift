import Foundation

/// How much is compared with the real Icinga 2, and from which seed the inputs are made.
///
/// `FORWARDER_ORACLE_SEED` names the seed, `FORWARDER_ORACLE=full` asks for the long form.
enum OracleRun {
    private static let environment = ProcessInfo.processInfo.environment

    /// What all inputs are made from; the same seed makes the same inputs.
    static let seed = environment["FORWARDER_ORACLE_SEED"].flatMap(UInt64.init) ?? 2

    /// True for the long form, which takes minutes.
    static let isFull = environment["FORWARDER_ORACLE"] == "full"

    /// One of two numbers, by the form.
    static func count(short: Int, full: Int) -> Int { isFull ? full : short }
}

/// What two programs made of the same inputs.
struct Agreement: CustomStringConvertible {
    /// What was compared, in a word or two.
    let subject: String
    var agreements = 0
    /// What differs, each with both answers.
    var differences: [String] = []
    /// Agreements of a kind that is worth knowing, by what makes them so.
    var notes: [String: Int] = [:]

    init(_ subject: String) { self.subject = subject }

    /// Takes note of one comparison.
    mutating func note(_ isSame: Bool, _ difference: @autoclosure () -> String) {
        if isSame { agreements += 1 } else { differences.append(difference()) }
    }

    /// One line that scripts/oracle adds up.
    var description: String {
        let details = notes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let more = details.isEmpty ? "" : " (\(details.joined(separator: ", ")))"
        return "oracle: \(subject), seed \(OracleRun.seed): \(agreements) agreements, "
            + "\(differences.count) differences\(more)"
    }

    /// The first differences, for the message of a failing test.
    var shown: String { differences.prefix(8).joined(separator: "\n") }
}
