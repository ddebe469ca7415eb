internal import Monitoring

extension PolicyRules {
    /// What looks like a mistake, given all objects of this host and the configured destinations.
    ///
    /// For `policy check` and `validate`; nothing of it makes the file unusable.
    package func warnings(
        objects: [PolicyObject],
        destinations: [String]
    ) -> [PolicyDiagnostic] {
        var warnings: [PolicyDiagnostic] = []
        for role in roles {
            warnings += role.warnings(objects: objects).map { warning($0.message, line: $0.line) }
        }
        for destination in destinations {
            warnings += self.warnings(objects: objects, destination: destination)
        }
        return warnings
    }

    private func warning(_ message: String, line: Int?) -> PolicyDiagnostic {
        PolicyDiagnostic(message, severity: .warning, file: file, line: line)
    }

    private func warnings(
        objects: [PolicyObject],
        destination: String
    ) -> [PolicyDiagnostic] {
        let naming = roles(naming: destination)
        guard naming.contains(where: { $0.grants(.processCheckResult) }) else {
            let message = "No role allows results for '\(destination)'. They stay on this host."
            return [warning(message, line: nil)]
        }
        var warnings: [PolicyDiagnostic] = []
        let refusals = naming.filter { !$0.refusals.isEmpty }
        for permission in PolicyPermission.allCases {
            guard let refusing = refusals.first(where: { $0.refuses(permission) }) else { continue }
            // a wildcard may leave something out on purpose; a name means this permission
            for role in naming where role.permissions.contains(.init(permission.rawValue)) {
                warnings.append(
                    warning(
                        """
                        '\(permission.rawValue)' has no effect at '\(destination)': role \
                        '\(refusing.name)' refuses it in line \
                        \(refusing.lines[.refusals] ?? refusing.line).
                        """,
                        line: role.lines[.permissions]
                    )
                )
            }
        }
        return warnings + shortValues(objects, destination)
    }

    private func shortValues(_ objects: [PolicyObject], _ destination: String) -> [PolicyDiagnostic]
    {
        let rules = variableRules(for: destination)
        var told: Set<String> = []
        var warnings: [PolicyDiagnostic] = []
        for object in objects where submission(of: object, to: destination).isAllowed {
            for short in WithheldValues(rules, object: object).tooShort {
                guard told.insert(short.path).inserted else { continue }
                warnings.append(
                    warning(
                        """
                        The value of '\(short.path)' of \(object.name) is too short to be masked \
                        in output for '\(destination)'. Give it \(ValueMask.shortestValue) \
                        characters or more, or set \(PolicyDirective.output.rawValue) = state-only.
                        """,
                        line: short.rule.reason.line
                    )
                )
            }
        }
        return warnings
    }
}

extension PolicyReason {
    /// The line that it names; nil when it names none.
    package var line: Int? {
        switch self {
        case .directive(_, let line, _), .filteredOut(_, let line, _), .notScheduled(_, let line),
            .standard(_, let line, _):
            line
        case .noRole, .noPermission, .builtIn, .unreadable: nil
        }
    }
}

extension PolicyRole {
    /// What in the role has no effect on any of the objects.
    fileprivate func warnings(objects: [PolicyObject]) -> [(message: String, line: Int?)] {
        var warnings: [(message: String, line: Int?)] = []
        let isMatching = objects.contains { filter(against: $0) == nil }
        if !objects.isEmpty, !permissions.isEmpty, !isMatching {
            warnings.append(("The filters of role '\(name)' let no object through.", line))
        }
        for filter in filters {
            let meant = objects.filter { filter.directive != .filterServices || !$0.name.isHost }
            let parts = filter.expression.conditions.filter { condition in
                guard condition.comparison == .equal else { return false }
                return !meant.contains { condition.matches($0) }
            }
            guard isMatching, !meant.isEmpty, let part = parts.first else { continue }
            warnings.append(
                (
                    """
                    The value '\(part.value.text)' in '\(filter.directive.rawValue)' of role \
                    '\(name)' matches no object.
                    """,
                    lines[filter.directive]
                )
            )
        }
        let patterns = [
            (PolicyDirective.denylistVariables, denylist), (.protectVariables, protections),
        ]
        for (directive, list) in patterns {
            for pattern in list where !objects.contains(where: { $0.hasVariable(pattern) }) {
                let message = "'\(pattern.text)' in '\(directive.rawValue)' matches no variable."
                if !objects.isEmpty { warnings.append((message, lines[directive])) }
            }
        }
        return warnings
    }
}

extension PolicyObject {
    fileprivate func hasVariable(_ pattern: MatchPattern) -> Bool {
        (hostVariables + serviceVariables).contains { variable in
            VariablePath.prefixes(of: variable.path).contains { pattern.matches($0) }
        }
    }
}
