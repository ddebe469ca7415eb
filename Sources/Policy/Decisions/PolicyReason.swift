internal import Monitoring

/// Why something was decided as it was; in `policy explain` and the audit log.
package enum PolicyReason: Sendable, Hashable {
    /// A line of a role says so.
    case directive(role: String, line: Int, PolicyDirective)
    /// A role would allow it, but its filter does not let the object through.
    case filteredOut(role: String, line: Int, PolicyDirective)
    /// A role allows rechecks of what this host checks on a schedule, and this is not.
    case notScheduled(role: String, line: Int)
    /// No role names the destination.
    case noRole(destination: String)
    /// Roles name the destination, none has the permission.
    case noPermission(PolicyPermission)
    /// Nothing is said, and that means this.
    case standard(role: String, line: Int, PolicyDirective)
    /// It is so without any policy.
    case builtIn(BuiltInRule)
    /// The snapshot cannot be read.
    case unreadable(String)

    /// What no policy changes.
    package enum BuiltInRule: String, Sendable {
        /// The forwarder's own health goes to every destination.
        case healthIsSubmitted = "the forwarder's own health goes to every destination"
        /// It is computed all the time.
        case healthIsNotRechecked = "the forwarder's own health needs no recheck"
        /// It runs no plugin and has no definition that could leave.
        case healthHasNoSource = "the forwarder's own health has no definition"
        /// The master computes the state of this host.
        case ownHostStays = "the master computes the state of this host itself"
    }
}

extension PolicyReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .directive(let role, let line, let directive):
            "role '\(role.printable)', line \(line): \(directive.rawValue)"
        case .filteredOut(let role, let line, let directive):
            "role '\(role.printable)' is about other objects, line \(line): \(directive.rawValue)"
        case .notScheduled(let role, let line):
            """
            role '\(role.printable)', line \(line): \
            \(PolicyPermission.scheduleCheckActiveOnly.rawValue), and this host does not schedule it
            """
        case .noRole(let destination): "no role names '\(destination.printable)'"
        case .noPermission(let permission): "no role allows \(permission.rawValue)"
        case .standard(let role, let line, let directive):
            "role '\(role.printable)', line \(line), without \(directive.rawValue)"
        case .builtIn(let rule): rule.rawValue
        case .unreadable(let reason): reason.printable
        }
    }
}

/// A yes or no with the reasons for it.
package struct PolicyDecision: Sendable, Hashable, CustomStringConvertible {
    /// True when it may be.
    package var isAllowed: Bool
    /// What decided it: for a yes each role that allows it, for a no what refuses it, or else what
    /// keeps each role from allowing it; never empty.
    package var reasons: [PolicyReason]

    /// A yes.
    package static func allowed(_ reasons: [PolicyReason]) -> PolicyDecision {
        PolicyDecision(isAllowed: true, reasons: reasons)
    }

    /// A no.
    package static func denied(_ reasons: [PolicyReason]) -> PolicyDecision {
        PolicyDecision(isAllowed: false, reasons: reasons)
    }

    /// `allowed (reason; reason)`.
    package var description: String {
        let reasons = reasons.map(\.description).joined(separator: "; ")
        return "\(isAllowed ? "allowed" : "denied") (\(reasons))"
    }
}
