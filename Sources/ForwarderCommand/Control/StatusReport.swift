import Foundation

/// What `forwarder status` shows; its JSON names are part of the interface.
struct StatusReport: Codable, Sendable, Hashable {
    struct Spool: Codable, Sendable, Hashable {
        var path: String
        var liveBytes: Int
        var fileBytes: Int
        var logBytes: Int
        var limitBytes: Int

        enum CodingKeys: String, CodingKey {
            case path
            case liveBytes = "live_bytes"
            case fileBytes = "file_bytes"
            case logBytes = "log_bytes"
            case limitBytes = "limit_bytes"
        }
    }

    struct Destination: Codable, Sendable, Hashable {
        var name: String
        var node: String
        var link: String
        /// Why nothing gets through; null while it does.
        var fault: String?
        var faultSince: Double?
        /// When a failed way is tried again by itself; null while it is not waited for.
        var nextTry: Double?
        var masterVersion: String?
        var skewSeconds: Double?
        var warnings: [String]
        var queued: Int
        var unresolved: Int
        var kept: Int
        var rejected: Int
        var parkedObjects: Int
        /// Why objects are parked, most frequent first.
        var parkedReasons: [String]
        var delivered: Int
        var ambiguous: Int
        var repeated: Int
        var forgotten: Int
        var translated: Int
        /// Repeats that had no effect, because the master held something newer.
        var discardedRepeats: Int
        /// Delivered results over which the master holds a newer one of somebody else.
        var overtaken: Int
        /// Some of the objects whose newest result on the master is somebody else's, as last seen.
        var overtakenObjects: [String]
        /// How many there are.
        var overtakenObjectCount: Int
        var superseded: Int
        var ignored: Int
        /// Why the master ignored results, for some of the objects.
        var ignoredReasons: [String]
        /// Results that were dropped on an operator's word.
        var dropped: Int
        var evicted: Int
        /// Delivered results whose proof was given up for room before a read confirmed them.
        var evictedKept: Int
        var refused: Int
        /// Results that were skipped by `replay` or `max_age`.
        var compacted: Int
        /// Results of which nothing may leave by the policy.
        var withheld: Int
        /// Why the newest results of objects are withheld, most frequent first.
        var withheldReasons: [String]
        var oldestExecution: Double?

        enum CodingKeys: String, CodingKey {
            case name, node, link, fault, warnings, queued, unresolved, kept, rejected, delivered
            case ambiguous, repeated, forgotten, translated, superseded, ignored, evicted, refused
            case compacted, withheld
            case withheldReasons = "withheld_reasons"
            case faultSince = "fault_since"
            case nextTry = "next_try"
            case dropped
            case ignoredReasons = "ignored_reasons"
            case masterVersion = "master_version"
            case skewSeconds = "skew_s"
            case parkedObjects = "parked_objects"
            case parkedReasons = "parked_reasons"
            case oldestExecution = "oldest_execution"
            case evictedKept = "evicted_kept"
            case overtaken
            case discardedRepeats = "discarded_repeats"
            case overtakenObjects = "overtaken_objects"
            case overtakenObjectCount = "overtaken_object_count"
        }
    }

    /// What the uplink gave up before it heard a master (docs/sandbox.md).
    struct Sandbox: Codable, Sendable, Hashable {
        struct Layer: Codable, Sendable, Hashable {
            var name: String
            var reason: String
        }

        var enforced: [String]
        var missing: [Layer]
    }

    /// The policy in force.
    struct Policy: Codable, Sendable, Hashable {
        var path: String
        /// False where there is no file, and no role.
        var isPresent: Bool
        var roles: [String]
        /// When it was read.
        var readAt: Double
        /// What looks like a mistake.
        var warnings: [String]

        enum CodingKeys: String, CodingKey {
            case path, roles, warnings
            case isPresent = "is_present"
            case readAt = "read_at"
        }
    }

    /// An object that an operator paused.
    struct Pause: Codable, Sendable, Hashable {
        var object: String
        var reason: String
        /// Who asked for it.
        var author: String
        var since: Double
        var until: Double
    }

    struct Checks: Codable, Sendable, Hashable {
        var objects: Int
        var active: Int
        var running: Int
        var problems: Int
    }

    /// Passive objects of which results are expected.
    struct Passive: Codable, Sendable, Hashable {
        var expected: Int
        var staleCount: Int
        /// Some of those of which no result came in time.
        var stale: [String]
        /// Which one is stale next, and when, unless a result comes.
        var next: String?
        var nextAt: Double?

        enum CodingKeys: String, CodingKey {
            case expected, stale, next
            case staleCount = "stale_count"
            case nextAt = "next_at"
        }
    }

    var version: String
    var node: String
    /// Null when no daemon runs and the spool was read directly.
    var daemonPID: Int32?
    var startedAt: Double?
    /// "separated" when daemon and uplink have different users.
    var separation: String
    /// Null while no uplink is ready.
    var sandbox: Sandbox?
    var spool: Spool
    var destinations: [Destination]
    var checks: Checks?
    /// Null when no daemon runs.
    var passive: Passive?
    /// Null when no daemon runs.
    var policy: Policy?
    /// What became of rechecks that masters asked for since the daemon's start, by destination and
    /// outcome; null when no daemon runs.
    var rechecks: [String: [String: Int]]?
    /// Objects that are not checked for a while; null when no daemon runs.
    var pauses: [Pause]?
    /// What an operator should look at.
    var alarms: [String]

    enum CodingKeys: String, CodingKey {
        case version, node, separation, sandbox, spool, destinations, checks, policy, alarms
        case rechecks, pauses, passive
        case daemonPID = "daemon_pid"
        case startedAt = "started_at"
    }
}
