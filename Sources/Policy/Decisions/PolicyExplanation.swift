package import Monitoring

/// What a destination may do with an object and see of it, with the lines that say so.
package struct PolicyExplanation: Sendable, Hashable {
    /// Which object.
    package var object: ObjectName
    /// For whom.
    package var destination: String
    /// Whether results are submitted.
    package var submission: PolicyDecision
    /// How much of their output.
    package var level: OutputLevel
    /// Who says so; nil when no role does.
    package var levelReason: PolicyReason?
    /// Whether and how often it can be rechecked.
    package var recheck: RecheckDecision
    /// Whether definition and command lines are shown.
    package var source: PolicyDecision
    /// Kinds of groups that are left out of the inventory.
    package var deniedRoutes: [GroupRoute: PolicyReason]
    /// Custom variables that are not shown.
    package var variables: [Variable]

    /// A custom variable that is not shown; without its value.
    package struct Variable: Sendable, Hashable {
        /// `host.vars.…` or `service.vars.…`.
        package var path: String
        /// True when not even its name is shown.
        package var isHidden: Bool
        /// True when its value cannot be looked for in output.
        package var isTooShort: Bool
        /// Who says so.
        package var reason: PolicyReason
        /// The pattern that matches.
        package var pattern: String
    }
}

extension PolicyRules {
    /// What a destination may do with an object and see of it.
    package func explain(_ object: PolicyObject, for destination: String) -> PolicyExplanation {
        let output = output(of: object, to: destination)
        return PolicyExplanation(
            object: object.name,
            destination: destination,
            submission: submission(of: object, to: destination),
            level: output.level,
            levelReason: output.reason,
            recheck: recheck(of: object, by: destination),
            source: source(of: object, for: destination),
            deniedRoutes: deniedRoutes(for: destination),
            variables: withheldVariables(of: object, for: destination)
        )
    }

    private func withheldVariables(
        of object: PolicyObject,
        for destination: String
    ) -> [PolicyExplanation.Variable] {
        let rules = variableRules(for: destination)
        let trees = [("host.vars.", object.hostTree), ("service.vars.", object.serviceTree)]
        return trees.flatMap { prefix, tree in
            rules.withheld(in: tree).map { withheld in
                PolicyExplanation.Variable(
                    path: prefix + withheld.path,
                    isHidden: withheld.isHidden,
                    isTooShort: WithheldValues.isTooShort(withheld.value),
                    reason: withheld.rule.reason,
                    pattern: withheld.rule.pattern.text
                )
            }
        }
    }
}

extension PolicyExplanation: CustomStringConvertible {
    /// Some lines of text for people.
    package var description: String {
        var lines = ["\(object.fullName.printable) at \(destination.printable)"]
        lines.append("  results: \(submission)")
        if submission.isAllowed {
            let reason = levelReason.map { " (\($0))" } ?? ""
            lines.append("  output: \(level.rawValue)\(reason)")
        }
        lines.append("  recheck: \(recheck.decision)")
        for allowance in recheck.allowances {
            let rest = allowance.minimumInterval.components.seconds
            lines.append("    rest of \(rest)s (\(allowance.intervalReason))")
            lines.append("    at most \(allowance.limit) (\(allowance.limitReason))")
        }
        lines.append("  source: \(source)")
        for route in GroupRoute.allCases {
            guard let reason = deniedRoutes[route] else { continue }
            lines.append("  \(route.rawValue): left out (\(reason))")
        }
        for variable in variables {
            let how = variable.isHidden ? "hidden" : "masked"
            let limit = variable.isTooShort ? ", too short to be masked in output" : ""
            lines.append(
                """
                  \(variable.path.printable): \(how) by '\(variable.pattern)'\(limit) \
                (\(variable.reason))
                """
            )
        }
        return lines.joined(separator: "\n")
    }
}
