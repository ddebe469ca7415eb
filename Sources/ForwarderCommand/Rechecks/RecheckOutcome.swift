import Collector
import Monitoring
import Policy

/// What became of a recheck that a master asked for.
enum RecheckOutcome: Sendable, Hashable {
    /// The check is due now.
    case honoured(by: [PolicyReason])
    /// A check of the object runs; its result is the answer.
    case running
    /// A check of the object began after the request; its result is on its way.
    case checkedSince
    /// The object's regular check is about to begin.
    case imminent
    /// Policy, limits or memory say no.
    case refused(RecheckRefusal)
    /// An operator paused the object.
    case paused(ObjectPause)
    /// It is outside its `check_period`, which has this name.
    case outsidePeriod(String)
    /// This host has no such object.
    case unknownObject
    /// It would be honoured, but that could not be made durable before.
    case notStored(reason: String)

    /// What it is counted as.
    enum Kind: String, Sendable, CaseIterable, Codable {
        case honoured, satisfied, denied, delayed, repeated, paused, unknown
        case outsidePeriod = "outside_period"
        case notStored = "not_stored"
    }

    /// What it is counted as.
    var kind: Kind {
        switch self {
        case .honoured: .honoured
        case .running, .checkedSince, .imminent: .satisfied
        case .refused(.policy): .denied
        case .refused(.alreadyHonoured): .repeated
        case .refused(.tooSoon), .refused(.limitReached): .delayed
        case .paused: .paused
        case .outsidePeriod: .outsidePeriod
        case .unknownObject: .unknown
        case .notStored: .notStored
        }
    }

    /// True when the same request will not be judged again under the same rules.
    var isFinal: Bool {
        switch kind {
        case .honoured, .satisfied, .denied, .repeated: true
        case .delayed, .paused, .outsidePeriod, .unknown, .notStored: false
        }
    }

    /// True when a role allows it, whether it is run or not.
    var isAllowed: Bool {
        switch kind {
        case .honoured, .satisfied, .delayed, .repeated, .paused, .outsidePeriod, .notStored: true
        case .denied, .unknown: false
        }
    }

    /// Why, in words.
    var reason: String {
        switch self {
        case .honoured: "it is due now"
        case .running: "a check of it runs"
        case .checkedSince: "a check of it began since"
        case .imminent: "its regular check begins within a second"
        case .refused(let refusal): refusal.description
        case .paused(let pause): pause.description
        case .outsidePeriod(let name): "it is outside its check_period '\(name)'"
        case .unknownObject: "this host has no such object"
        case .notStored(let reason): "it cannot be made durable before it runs: \(reason)"
        }
    }
}
