internal import Monitoring

/// The roles of a policy file, and the decisions that follow from them.
///
/// Nothing is allowed unless a role allows it. A permission is about the objects of its own role's
/// filters; roles that name the same master widen each other. Refusals, denylists and protections
/// are about everything that the masters get whom their role names.
package struct PolicyRules: Sendable, Hashable {
    /// The roles in the order of the file.
    package let roles: [PolicyRole]
    /// The file's name, for warnings.
    package let file: String
    /// This host's name, of which some things hold without any role; nil when it has none.
    package var nodeName: String?

    /// The decisions that follow from these roles.
    package init(_ roles: [PolicyRole], file: String, nodeName: String? = nil) {
        self.roles = roles
        self.file = file
        self.nodeName = nodeName
    }

    /// The rules of a host without a policy file: nothing leaves, nothing is rechecked.
    package static let none = PolicyRules([], file: "")

    /// The roles that name a destination.
    package func roles(naming destination: String) -> [PolicyRole] {
        roles.filter { $0.names(destination) }
    }

    // MARK: Decisions

    /// Whether results of the object may be submitted.
    package func submission(of object: PolicyObject, to destination: String) -> PolicyDecision {
        decision(.processCheckResult, on: object, at: destination)
    }

    /// Whether definitions of the object and its command lines may leave.
    package func source(of object: PolicyObject, for destination: String) -> PolicyDecision {
        decision(.showSource, on: object, at: destination)
    }

    /// Whether the object may be rechecked because the destination asks, and how often.
    package func recheck(of object: PolicyObject, by destination: String) -> RecheckDecision {
        if let rule = builtInRule(.scheduleCheck, on: object) {
            return RecheckDecision(.denied([.builtIn(rule)]), allowances: [])
        }
        let all = decision(.scheduleCheck, on: object, at: destination)
        let active = decision(.scheduleCheckActiveOnly, on: object, at: destination)
        let isScheduled = object.origin == .scheduled
        guard all.isAllowed || (active.isAllowed && isScheduled) else {
            return RecheckDecision(Self.joined(all, active, on: object), allowances: [])
        }
        var reasons: [PolicyReason] = []
        var allowances: [RecheckAllowance] = []
        for role in roles(naming: destination) where role.filter(against: object) == nil {
            let isAllowing =
                (all.isAllowed && role.grants(.scheduleCheck))
                || (active.isAllowed && isScheduled && role.grants(.scheduleCheckActiveOnly))
            guard isAllowing else { continue }
            reasons.append(role.reason(.permissions))
            allowances.append(RecheckAllowance(role))
        }
        return RecheckDecision(.allowed(reasons), allowances: allowances)
    }

    /// True for this host and its health, which nobody may have rechecked whatever the roles say.
    package func isNeverRechecked(_ object: PolicyObject) -> Bool {
        builtInRule(.scheduleCheck, on: object) != nil
    }

    /// How much of the object's output leaves, with the role that says so.
    ///
    /// The least of what the roles say that allow its submission; saying nothing means all.
    package func output(
        of object: PolicyObject,
        to destination: String
    ) -> (level: OutputLevel, reason: PolicyReason?) {
        let strictest =
            roles(naming: destination)
            .filter { $0.grants(.processCheckResult) && $0.filter(against: object) == nil }
            .filter { $0.output != nil }
            .max { ($0.output ?? .full) < ($1.output ?? .full) }
        guard let strictest, let level = strictest.output else { return (.full, nil) }
        return (level, strictest.reason(.output))
    }

    /// Kinds of groups that a destination does not see, with who says so.
    package func deniedRoutes(for destination: String) -> [GroupRoute: PolicyReason] {
        var denied: [GroupRoute: PolicyReason] = [:]
        for role in roles(naming: destination) {
            for route in role.deniedRoutes where denied[route] == nil {
                denied[route] = role.reason(.denylistRoutes)
            }
        }
        return denied
    }

    /// What a destination may see of custom variables.
    package func variableRules(for destination: String) -> VariableRules {
        VariableRules(roles(naming: destination))
    }

    // MARK: Permissions

    private func decision(
        _ permission: PolicyPermission,
        on object: PolicyObject,
        at destination: String
    ) -> PolicyDecision {
        if let rule = builtInRule(permission, on: object) {
            return rule == .healthIsSubmitted
                ? .allowed([.builtIn(rule)]) : .denied([.builtIn(rule)])
        }
        let roles = roles(naming: destination)
        guard !roles.isEmpty else { return .denied([.noRole(destination: destination)]) }
        let refusing = roles.filter { $0.refuses(permission) }
        guard refusing.isEmpty else { return .denied(refusing.map { $0.reason(.refusals) }) }
        let granting = roles.filter { $0.grants(permission) }
        guard !granting.isEmpty else { return .denied([.noPermission(permission)]) }
        let allowing = granting.filter { $0.filter(against: object) == nil }
        guard allowing.isEmpty else { return .allowed(allowing.map { $0.reason(.permissions) }) }
        return .denied(
            granting.compactMap { role in
                guard let directive = role.filter(against: object)?.directive else { return nil }
                let line = role.lines[directive] ?? role.line
                return .filteredOut(role: role.name, line: line, directive)
            }
        )
    }

    /// What holds of this host and its health whatever the roles say.
    func builtInRule(
        _ permission: PolicyPermission,
        on object: PolicyObject
    ) -> PolicyReason.BuiltInRule? {
        guard let nodeName else { return nil }
        if object.name == .health(ofNode: nodeName) {
            switch permission {
            case .processCheckResult: return .healthIsSubmitted
            case .scheduleCheck, .scheduleCheckActiveOnly: return .healthIsNotRechecked
            case .showSource: return .healthHasNoSource
            }
        }
        return object.name == ObjectName(host: nodeName) && permission != .showSource
            ? .ownHostStays : nil
    }

    /// What keeps an object from being rechecked at all.
    private static func joined(
        _ all: PolicyDecision,
        _ active: PolicyDecision,
        on object: PolicyObject
    ) -> PolicyDecision {
        var reasons = all.reasons
        if active.isAllowed {
            reasons += active.reasons.compactMap { reason in
                guard case .directive(let role, let line, _) = reason else { return nil }
                return .notScheduled(role: role, line: line)
            }
        } else {
            reasons += active.reasons.filter { !reasons.contains($0) }
        }
        // that a permission is nowhere explains nothing when another one is somewhere
        let telling = reasons.filter { reason in
            if case .noPermission = reason { return false }
            return true
        }
        return .denied(telling.isEmpty ? [.noPermission(.scheduleCheck)] : telling)
    }
}

/// Whether an object may be rechecked, and by how much of whose allowance.
package struct RecheckDecision: Sendable, Hashable {
    /// Yes or no.
    package var decision: PolicyDecision
    /// One for each role that allows it; a recheck needs room in each of them.
    package var allowances: [RecheckAllowance]

    /// A decision with both parts.
    package init(_ decision: PolicyDecision, allowances: [RecheckAllowance]) {
        self.decision = decision
        self.allowances = allowances
    }
}

/// How often a role allows rechecks.
package struct RecheckAllowance: Sendable, Hashable {
    /// The role's name.
    package var role: String
    /// How long an object has rest after a recheck.
    package var minimumInterval: Duration
    /// Who says so.
    package var intervalReason: PolicyReason
    /// How many rechecks of all its objects there may be, for each destination by itself.
    package var limit: RecheckLimit
    /// Who says so.
    package var limitReason: PolicyReason

    /// The rest of an object where a role does not say it.
    package static let standardInterval = Duration.seconds(30)
    /// The limit where a role does not say it.
    package static let standardLimit = RecheckLimit(count: 60, period: .seconds(3600))

    /// What a role that allows rechecks says about their number.
    package init(_ role: PolicyRole) {
        self.role = role.name
        minimumInterval = role.minimumInterval ?? Self.standardInterval
        limit = role.limit ?? Self.standardLimit
        intervalReason = Self.reason(role, .minimumInterval)
        limitReason = Self.reason(role, .limit)
    }

    private static func reason(_ role: PolicyRole, _ directive: PolicyDirective) -> PolicyReason {
        guard role.lines[directive] == nil else { return role.reason(directive) }
        return .standard(role: role.name, line: role.line, directive)
    }
}
