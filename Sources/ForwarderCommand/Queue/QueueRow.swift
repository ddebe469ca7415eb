import Foundation
import Monitoring
import Spool

/// One result at one destination as `queue list`, `show` and `export` print it.
///
/// Its JSON names are part of the interface. Times are seconds since the epoch.
struct QueueRow: Codable, Sendable, Hashable {
    var sequence: Int64
    var object: String
    /// The destination's name.
    var master: String
    /// `queued`, `sent`, `ambiguous`, `delivered`, `rejected` or `withheld`; `unknown` where a
    /// damaged file does not say.
    var outcome: String
    var state: String
    var exitStatus: Int32
    /// `unchanged`, `attempt` or `change`.
    var significance: String
    var executionStart: Double
    var executionEnd: Double
    var output: String
    var performanceData: [String]
    /// `execution_start` of the newest attempt, in the master's clock.
    var stamp: Double?
    var attempts: Int
    var node: String?
    var parkedUntil: Double?
    var parkedReason: String?
    var answerCode: Int?
    var answerText: String?
    var answeredAt: Double?

    enum CodingKeys: String, CodingKey {
        case sequence, object, master, outcome, state, significance, output, stamp, attempts, node
        case exitStatus = "exit_status"
        case executionStart = "execution_start"
        case executionEnd = "execution_end"
        case performanceData = "performance_data"
        case parkedUntil = "parked_until"
        case parkedReason = "parked_reason"
        case answerCode = "answer_code"
        case answerText = "answer_text"
        case answeredAt = "answered_at"
    }

    init(_ entry: QueueEntry) {
        self.init(entry.result, sequence: entry.sequence, significance: entry.significance)
        master = entry.destination
        outcome = entry.state.rawValue
        attempts = entry.attempts
        stamp = entry.baseStamp.map { ($0 - .microseconds(max(attempts, 1) - 1)).seconds }
        node = entry.node
        parkedUntil = entry.parked?.until.seconds
        parkedReason = entry.parked?.reason
        answerCode = entry.answer?.code
        answerText = entry.answer?.text
        answeredAt = entry.answer?.at.seconds
    }

    /// A result as a damaged file still has it.
    init(_ entry: SalvagedEntry) {
        self.init(entry.result, sequence: entry.sequence, significance: entry.significance)
        master = entry.destination ?? ""
        outcome = entry.state?.rawValue ?? "unknown"
        attempts = entry.attempts
        stamp = entry.baseStamp.map { ($0 - .microseconds(max(attempts, 1) - 1)).seconds }
    }

    /// A result about whose delivery nothing is said.
    init(_ result: CheckResult, sequence: Spool.Sequence, significance: Significance) {
        self.sequence = sequence.rawValue
        object = result.object.fullName
        master = ""
        outcome = "unknown"
        state = result.object.isHost ? result.state.asHostState.name : result.state.name
        exitStatus = result.exitStatus
        self.significance = "\(significance)"
        executionStart = result.executionStart.seconds
        executionEnd = result.executionEnd.seconds
        output = result.output
        performanceData = result.performanceData
        attempts = 0
    }

    /// What is most worth knowing of it, on one line.
    var note: String {
        let text = answerText ?? parkedReason ?? output
        return String(text.prefix { !$0.isNewline }.prefix(60))
    }
}
