import Monitoring
import Policy

/// What a destination gets of an object, as `policy explain --json` prints it.
struct ExplainedObject: Encodable {
    struct Decision: Encodable {
        var allowed: Bool
        var reasons: [String]

        init(_ decision: PolicyDecision) {
            allowed = decision.isAllowed
            reasons = decision.reasons.map(\.description)
        }
    }

    struct Allowance: Encodable {
        var role: String
        var minimumInterval: Double
        var limitCount: Int
        var limitPeriod: Double

        enum CodingKeys: String, CodingKey {
            case role
            case minimumInterval = "minimum_interval_s"
            case limitCount = "limit"
            case limitPeriod = "limit_period_s"
        }
    }

    struct Variable: Encodable {
        var path: String
        var visibility: String
        var pattern: String
        var reason: String
        var isTooShort: Bool

        enum CodingKeys: String, CodingKey {
            case path, visibility, pattern, reason
            case isTooShort = "is_too_short_to_mask"
        }
    }

    var object: String
    var master: String
    var results: Decision
    var output: String
    var outputReason: String?
    var recheck: Decision
    var allowances: [Allowance]
    var source: Decision
    /// Kinds of groups that are left out of the inventory, with the reason.
    var deniedRoutes: [String: String]
    /// Custom variables that are hidden or masked.
    var variables: [Variable]

    enum CodingKeys: String, CodingKey {
        case object, master, results, output, recheck, allowances, source, variables
        case outputReason = "output_reason"
        case deniedRoutes = "denied_routes"
    }

    init(_ explanation: PolicyExplanation) {
        object = explanation.object.fullName
        master = explanation.destination
        results = Decision(explanation.submission)
        output = explanation.level.rawValue
        outputReason = explanation.levelReason?.description
        recheck = Decision(explanation.recheck.decision)
        allowances = explanation.recheck.allowances.map { allowance in
            Allowance(
                role: allowance.role, minimumInterval: allowance.minimumInterval.inSeconds,
                limitCount: allowance.limit.count, limitPeriod: allowance.limit.period.inSeconds)
        }
        source = Decision(explanation.source)
        deniedRoutes = Dictionary(
            uniqueKeysWithValues: explanation.deniedRoutes.map {
                ($0.key.rawValue, $0.value.description)
            })
        variables = explanation.variables.map { variable in
            Variable(
                path: variable.path, visibility: variable.isHidden ? "hidden" : "masked",
                pattern: variable.pattern, reason: variable.reason.description,
                isTooShort: variable.isTooShort)
        }
    }
}
