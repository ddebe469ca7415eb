/// What can be said in a role.
package enum PolicyDirective: String, Sendable, CaseIterable {
    case masters
    case permissions
    case refusals
    case filterObjects = "icingadb/filter/objects"
    case filterHosts = "icingadb/filter/hosts"
    case filterServices = "icingadb/filter/services"
    case denylistVariables = "icingadb/denylist/variables"
    case denylistRoutes = "icingadb/denylist/routes"
    case protectVariables = "icingadb/protect/variables"
    case minimumInterval = "forwarder/recheck/minimum-interval"
    case limit = "forwarder/recheck/limit"
    case output = "forwarder/output"

    /// The permissions that give the directive something to do; one of them must be in the role.
    var neededPermissions: [PolicyPermission] {
        switch self {
        case .masters, .permissions, .refusals: []
        case .denylistVariables, .denylistRoutes, .protectVariables: []
        case .filterObjects, .filterHosts, .filterServices: PolicyPermission.allCases
        case .minimumInterval, .limit: [.scheduleCheck, .scheduleCheckActiveOnly]
        case .output: [.processCheckResult]
        }
    }

    /// Why a directive of Icinga Web 2 has no place here; nil for one that nobody knows.
    static func reasonAgainst(_ key: String) -> String? {
        switch key {
        case "parent": "roles do not inherit. Say what this role allows in the role itself"
        case "unrestricted": "nobody is. Leave the filters out to allow something for all objects"
        case "users", "groups": "roles are for masters. Name them in 'masters'"
        case "name": "the section is the role's name"
        case "icingadb/blacklist/routes": "it is called icingadb/denylist/routes now"
        case "icingadb/blacklist/variables": "it is called icingadb/denylist/variables now"
        case _ where key.hasPrefix("monitoring/"):
            "it belongs to Icinga Web's monitoring module. Use icingadb/…"
        case _ where key.hasPrefix("application/"), _ where key.hasPrefix("module/"),
            _ where key.hasPrefix("director/"), _ where key.hasPrefix("config/"):
            "it concerns the web interface. Remove it"
        default: nil
        }
    }
}

/// What a role can allow or refuse.
package enum PolicyPermission: String, Sendable, CaseIterable {
    /// Results may be submitted.
    case processCheckResult = "icingadb/command/process-check-result"
    /// Rechecks may be asked for.
    case scheduleCheck = "icingadb/command/schedule-check"
    /// Rechecks may be asked for of objects that this host checks on a schedule.
    case scheduleCheckActiveOnly = "icingadb/command/schedule-check/active-only"
    /// Definitions may leave, and command lines with results.
    case showSource = "icingadb/object/show-source"

    /// Beginnings of what exists in Icinga Web 2 but cannot mean anything here.
    private static let foreignPrefixes = [
        "icingadb/command/acknowledge-problem", "icingadb/command/remove-acknowledgement",
        "icingadb/command/comment/", "icingadb/command/downtime/", "icingadb/command/feature/",
        "icingadb/command/send-custom-notification", "application/", "config/", "user/", "module/",
        "monitoring/", "director/", "no-user/",
    ]

    /// Why a permission cannot be one; nil when it is one, or a wildcard for some.
    static func flaw(in text: String) -> String? {
        let pattern = PermissionPattern(text)
        if text.dropLast().contains("*") { return "'*' is possible at the end only." }
        if !pattern.covered.isEmpty { return nil }
        if foreignPrefixes.contains(where: { text.hasPrefix($0) }) {
            return """
                '\(text)' has no meaning on this host: a master can submit no such command here. \
                Remove it.
                """
        }
        let suggestion = Suggestion.text(for: text, among: allCases.map(\.rawValue))
        return "There is no permission '\(text)'.\(suggestion)"
    }
}

/// A permission, or all that begin alike.
package struct PermissionPattern: Sendable, Hashable {
    /// As it was written; a `*` at the end stands for any rest.
    package let text: String

    /// The permissions that `text` names.
    package init(_ text: String) { self.text = text }

    /// What it means of the permissions there are.
    package var covered: [PolicyPermission] { PolicyPermission.allCases.filter(covers) }

    func covers(_ permission: PolicyPermission) -> Bool {
        guard text.utf8.last == UInt8(ascii: "*") else { return text == permission.rawValue }
        return permission.rawValue.utf8.starts(with: text.utf8.dropLast())
    }

    /// The same for a refusal, where refusing all rechecks includes those of active checks.
    func refuses(_ permission: PolicyPermission) -> Bool {
        covers(permission) || (permission == .scheduleCheckActiveOnly && covers(.scheduleCheck))
    }
}
