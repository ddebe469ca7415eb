import Foundation

/// What a subcommand asks the daemon, one line of JSON.
enum ControlRequest: Codable, Sendable {
    /// Where everything stands.
    case status
    /// Deliver everything now; progress lines follow until it is done or cannot go on.
    case flush
    /// The state of every object's schedule.
    case objects
    /// What waits, and what an operator wants done about it.
    case queue(QueueRequest)
    /// Check an object now.
    case recheck(object: String)
    /// Do not check an object for so long.
    case pause(object: String, reason: String, seconds: Int)
    /// Check it again.
    case resume(object: String)
    /// Take results of objects that are not checked here: a ``SubmissionBatch`` as bytes.
    case submit(batch: Data)
}

/// What the daemon answers, one line of JSON each; the last one ends the connection.
enum ControlReply: Codable, Sendable {
    case status(StatusReport)
    case progress(FlushProgress)
    case flushed(FlushOutcome)
    case objects([ObjectReport])
    case queue(QueueReply)
    case rechecked(RecheckReply)
    case paused(StatusReport.Pause)
    case resumed(wasPaused: Bool)
    case submitted(BatchOutcome)
    case refused(reason: String)
    /// Nothing was looked at: there is no room for another connection just now, or the request took
    /// too long to come.
    case busy(reason: String)
    /// The answer takes its time.
    case working

    /// True when nothing follows.
    var isLast: Bool {
        switch self {
        case .progress, .working: false
        case .status, .flushed, .objects, .queue, .rechecked, .paused, .resumed, .submitted,
            .refused, .busy:
            true
        }
    }
}

/// What became of a local wish for a check.
enum RecheckReply: String, Codable, Sendable {
    /// It is due now.
    case queued
    /// One runs.
    case running
}

/// Where an object stands with the result that was submitted.
struct SubmitReply: Codable, Sendable, Hashable {
    var state: String
    var stateType: String
    var attempt: Int

    enum CodingKeys: String, CodingKey {
        case state, attempt
        case stateType = "state_type"
    }
}

/// How far a flush is.
struct FlushProgress: Codable, Sendable, Hashable {
    /// Results that were delivered since it began, and those that still wait.
    var total: Int
    /// Results that were delivered since it began.
    var done: Int
    /// Why nothing moves; nil while it does.
    var obstacle: String?

    /// Why a flush ends before its end when the daemon does; nil: it had not looked yet.
    static func textAtStop(_ last: FlushProgress?) -> String {
        let left = last.map { "; \(Words.counted(max(0, $0.total - $0.done), "result")) left" }
        return """
            The daemon is stopping\(left ?? ""). What is left stays spooled. Ask again.
            """
    }
}

/// How a flush ended.
struct FlushOutcome: Codable, Sendable, Hashable {
    /// Results that were delivered since it began.
    var delivered: Int
    /// What is left, and why.
    var left: [Remainder]
    /// Results that were given up so that the flush could store the forwarder's own health.
    var evicted = 0
    /// Results that were withheld because nothing of them may leave.
    var withheld = 0

    struct Remainder: Codable, Sendable, Hashable {
        var destination: String
        var count: Int
        var reason: String
    }

    var isComplete: Bool { left.isEmpty }

    /// Takes over what a flush right behind it came to.
    mutating func add(_ next: FlushOutcome) {
        delivered += next.delivered
        withheld += next.withheld
        left = next.left
    }
}

/// Where one object's check stands.
struct ObjectReport: Codable, Sendable, Hashable {
    var name: String
    var state: String?
    var stateType: String?
    var attempt: Int?
    /// Seconds since the epoch.
    var lastCheck: Double?
    var nextCheck: Double?
    var output: String
    var isActive: Bool
    /// The `check_period` that it is outside of; none while it may be checked.
    var closedPeriod: String?
    /// Whose problem keeps it from being checked; none while nothing does.
    var suppressor: String?
    /// When a passive object is told as stale (again) unless a result comes; none for one that
    /// never is.
    var staleAt: Double?
    /// True when the last that was told of it is that it is stale.
    var isStale: Bool

    enum CodingKeys: String, CodingKey {
        case name, state, attempt, output
        case closedPeriod = "outside_period"
        case suppressor = "suppressed_by"
        case staleAt = "stale_at"
        case isStale = "is_stale"
        case stateType = "state_type"
        case lastCheck = "last_check"
        case nextCheck = "next_check"
        case isActive = "enable_active_checks"
    }
}

/// Bounds and framing of the conversation over the control socket.
enum ControlWire {
    /// Most bytes of a request line.
    ///
    /// Three for two of the longest batch of results: base64 writes four bytes for three.
    static let requestLimit = SubmissionBatch.byteLimit / 2 * 3
    /// Most bytes of a reply line.
    ///
    /// 16 MiB: 10,000 objects with their first line of output.
    static let replyLimit = 16 << 20

    static func line(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }
}
