import Foundation
import Monitoring
import Spool

/// One call on a spool, in a form that can be printed, cut out of a list and played again.
enum SpoolAction: Hashable, Codable, Sendable {
    case append([Draft])
    case exchange(Exchange)
    /// Proves results of an object up to a number, `lowered` microseconds below its stamp.
    case confirm(place: Int, object: Int, upTo: Int, lowered: Int, patience: Int)
    /// The master holds the result of this number and nothing newer; all is lost below 0.
    case resend(place: Int, object: Int, after: Int)
    /// Makes these places the configured ones.
    case register([Int])
    /// Drops a retired place to the last row.
    case drop(place: Int)
    case tidy
    /// Forgets the schedules of all objects from this one on.
    case forgetSchedules(from: Int)
    case reopen
    /// The process dies: what was written stays, nothing is closed.
    case crash

    /// A result to append.
    struct Draft: Hashable, Codable, Sendable {
        var object: Int
        var worth: Significance
        var bytes: Int
    }

    /// What delivery asks for in one transaction.
    struct Exchange: Hashable, Codable, Sendable {
        var place: Int
        var endings: [Ended] = []
        var parks: [Int] = []
        var leases: [Int] = []
        /// True when the caller says "not now" to results that have no stamp yet.
        var holds = false
    }

    /// What became of the leased result of an object.
    struct Ended: Hashable, Codable, Sendable {
        var object: Int
        var ending: Ending
    }

    /// The kinds of settlements.
    enum Ending: String, Hashable, Codable, Sendable, CaseIterable {
        case delivered, deliveredUnconfirmed, superseded, ignored, rejected, notProcessed
        case ambiguous, sendAgain
    }

    /// The objects that actions name by index.
    static func object(_ index: Int) -> ObjectName {
        index == 0
            ? ObjectName(host: "web01") : ObjectName(host: "web01", service: "s\(index)")
    }

    /// The destinations that actions name by index.
    static func destination(_ place: Int) -> String { ["north", "south", "west"][place] }

    /// Node of a lease at a place.
    static func node(_ place: Int) -> String { destination(place) + "1" }

    /// The record of a draft that is the `number`-th of a run; its stamp tells the number.
    static func record(_ draft: Draft, _ number: Int) -> CheckRecord {
        SpoolTests.record(
            object(draft.object),
            number,
            draft.worth,
            outputBytes: draft.bytes,
            variables: "v\(number % 3)"
        )
    }

    /// When the `number`-th result was executed.
    static func time(_ number: Int) -> Timestamp { start + .seconds(number) }

    /// Which result of a run was executed at `time`.
    static func number(_ time: Timestamp) -> Int {
        Int((time.microseconds - start.microseconds) / 1_000_000)
    }
}

extension SpoolAction.Ending {
    /// The settlement at the `tick`-th action of a run.
    func kind(at tick: Int) -> Settlement.Kind {
        switch self {
        case .delivered: .delivered(at: SpoolAction.time(tick))
        case .deliveredUnconfirmed: .deliveredUnconfirmed
        case .superseded: .superseded
        case .ignored: .ignored(reason: "dependency \(tick)")
        case .rejected: .rejected(code: 400, text: "text \(tick)", at: SpoolAction.time(tick))
        case .notProcessed: .notProcessed
        case .ambiguous: .ambiguous
        case .sendAgain: .sendAgain
        }
    }
}

extension [SpoolAction] {
    /// One line of JSON for each action, for `FORWARDER_ACTIONS`.
    var lines: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // lost on purpose: enums of strings and numbers can always be written
        return compactMap { try? String(decoding: encoder.encode($0), as: UTF8.self) }
            .joined(separator: "\n")
    }

    /// Reads what ``lines`` wrote.
    init(lines: String) throws {
        self = try lines.split(separator: "\n").map {
            try JSONDecoder().decode(SpoolAction.self, from: Data($0.utf8))
        }
    }
}
