import Foundation
import TestSupport

/// What a run did to itself, to show that its laws were put to the test.
struct Tally {
    /// What was unresolved when something was killed.
    struct Cut {
        let at: Double
        /// By object, the number of its leased result.
        let unresolved: [String: Int]
    }

    /// How often each named kill point ended a daemon.
    var points: [String: Int] = [:]
    var daemonKills = 0
    var uplinkKills = 0
    var masterKills = 0
    var masterStalls = 0
    var masterReloads = 0
    var cuts: [Cut] = []

    /// Prints all of it; each line can be found by `crash:`.
    ///
    /// - Parameter requests: submissions in the master's log, whose lines can run into each other.
    func show(_ name: String, seed: UInt64, ledger: Ledger, effects: EffectLog, requests: Int) {
        let numbered = ledger.entries.filter { $0.number != nil }.count
        let arrived = Self.arrived(cuts, effects)
        let discarded =
            masterKills + masterReloads > 0
            ? "unknown (a master's life was cut)" : "about \(max(0, requests - effects.count))"
        let lines = [
            "seed \(seed): \(ledger.entries.count) results accepted (\(numbered) numbered)",
            "random kills: daemon \(daemonKills), uplink \(uplinkKills); master: killed "
                + "\(masterKills), stalled \(masterStalls), reloaded \(masterReloads)",
            "kills between lease and settlement: \(cuts.filter { !$0.unresolved.isEmpty }.count) "
                + "of \(cuts.count), with \(cuts.map(\.unresolved.count).reduce(0, +)) results, "
                + "\(arrived) of which had taken effect",
            "repeats sent: \(ledger.repeats); submissions the master discarded: \(discarded)",
            "named points: "
                + points.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                .joined(separator: ", "),
        ]
        for line in lines { print("crash: \(name): \(line)") }
    }

    private static func arrived(_ cuts: [Cut], _ effects: EffectLog) -> Int {
        var times: [String: Double] = [:]
        for entry in effects.entries {
            guard let number = ServiceSeries.run(entry.output) else { continue }
            times["\(entry.object) \(number)"] = entry.processedAt
        }
        return cuts.map { cut in
            cut.unresolved.filter { times["\($0.key) \($0.value)"].map { $0 < cut.at } ?? false }
                .count
        }.reduce(0, +)
    }
}
