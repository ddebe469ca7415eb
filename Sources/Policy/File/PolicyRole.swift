internal import Monitoring

/// A section of the policy file: for some masters, what it allows, refuses and hides.
package struct PolicyRole: Sendable, Hashable {
    /// The section's name.
    package var name: String
    /// Where the section begins.
    package var line: Int
    /// Names of the destinations it is about.
    package var masters: [String] = []
    /// What it allows.
    package var permissions: [PermissionPattern] = []
    /// What it refuses, to these masters and for all objects.
    package var refusals: [PermissionPattern] = []
    /// Which objects its permissions are about; all when empty.
    package var filters: [RoleFilter] = []
    /// Custom variables that do not exist for these masters.
    package var denylist: [MatchPattern] = []
    /// Custom variables whose values these masters do not see.
    package var protections: [MatchPattern] = []
    /// Kinds of groups that these masters do not see.
    package var deniedRoutes: [GroupRoute] = []
    /// How long an object has rest from rechecks; nil for ``RecheckAllowance/standardInterval``.
    package var minimumInterval: Duration?
    /// How many rechecks; nil for ``RecheckAllowance/standardLimit``.
    package var limit: RecheckLimit?
    /// How much of the output leaves; nil for all of it.
    package var output: OutputLevel?
    /// Where each directive stands.
    package var lines: [PolicyDirective: Int] = [:]

    /// A role that says nothing yet.
    package init(name: String, line: Int) {
        self.name = name
        self.line = line
    }

    /// True when the role is about this destination.
    package func names(_ destination: String) -> Bool {
        masters.contains { $0.utf8.elementsEqual(destination.utf8) }
    }

    /// True when the role allows it, for the objects of its filters.
    package func grants(_ permission: PolicyPermission) -> Bool {
        permissions.contains { $0.covers(permission) }
    }

    /// True when the role refuses it.
    package func refuses(_ permission: PolicyPermission) -> Bool {
        refusals.contains { $0.refuses(permission) }
    }

    /// The first filter that keeps the object out; nil when the role is about it.
    ///
    /// `hosts` is asked of hosts and services, `services` of services only.
    package func filter(against object: PolicyObject) -> RoleFilter? {
        filters.first { filter in
            let isMeant = filter.directive != .filterServices || !object.name.isHost
            return isMeant && !filter.expression.matches(object)
        }
    }

    /// The reason that a directive of this role is.
    package func reason(_ directive: PolicyDirective) -> PolicyReason {
        .directive(role: name, line: lines[directive] ?? line, directive)
    }
}

/// One of a role's filters.
package struct RoleFilter: Sendable, Hashable {
    /// Which of the three.
    package var directive: PolicyDirective
    /// What it demands.
    package var expression: FilterExpression

    /// A filter with both parts.
    package init(_ directive: PolicyDirective, _ expression: FilterExpression) {
        self.directive = directive
        self.expression = expression
    }
}

/// Kinds of groups that can be left out of the inventory.
package enum GroupRoute: String, Sendable, CaseIterable {
    case hostGroups = "hostgroups"
    case serviceGroups = "servicegroups"
}

/// How much of a result leaves; the later ones leave less.
package enum OutputLevel: String, Sendable, CaseIterable, Comparable {
    /// Output and performance data.
    case full
    /// The first line of the output, and performance data.
    case firstLine = "first-line"
    /// The state.
    case stateOnly = "state-only"

    package static func < (a: OutputLevel, b: OutputLevel) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
}

/// How many rechecks there may be in a time, whichever objects they are of.
package struct RecheckLimit: Sendable, Hashable, CustomStringConvertible {
    /// Most rechecks.
    package var count: Int
    /// In any span this long.
    package var period: Duration

    /// Most that can be written as `count`.
    ///
    /// 1,000: the times of so many are kept for each role and destination, 8 KB.
    package static let largestCount = 1000
    /// Longest period and interval.
    ///
    /// A week: what is to happen more rarely needs no request from a master.
    package static let longestPeriod = Duration.seconds(7 * 86_400)

    /// A limit with both parts.
    package init(count: Int, period: Duration) {
        self.count = count
        self.period = period
    }

    /// `60/3600s`.
    package var description: String { "\(count)/\(period.components.seconds)s" }
}
