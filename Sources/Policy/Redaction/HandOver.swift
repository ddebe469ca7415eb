package import Monitoring

/// What of a result may be handed to the uplink for a destination.
package enum HandOver: Sendable, Hashable {
    /// Nothing; why.
    case withheld(PolicyDecision)
    /// This.
    case released(ReleasedResult)
}

/// A result without what its destination may not see.
package struct ReleasedResult: Sendable, Hashable {
    /// State and times as they were, output and performance data as far as they may leave.
    package var result: CheckResult
    /// The command line; nil where no role shows it, or nothing was run.
    package var command: [String]?
    /// How much of the output there is.
    package var level: OutputLevel
    /// What was taken out.
    package var removal: Removal

    /// Counts for `status` and the log; no values, no names.
    package struct Removal: Sendable, Hashable {
        /// Masks in the output.
        package var maskedInOutput = 0
        /// Masks in labels of performance data.
        package var maskedLabels = 0
        /// Pieces of performance data that are gone.
        package var droppedPieces = 0
        /// Withheld values that are too short to be looked for.
        package var tooShortValues = 0
    }

    /// The output that stands for one that stays here.
    ///
    /// The master's API requires a text.
    package static let withheldOutput = "(output withheld by the policy of this host)"
}

extension PolicyRules {
    /// What a destination may see of an object and its results.
    package func view(of object: PolicyObject, for destination: String) -> ObjectView {
        ObjectView(self, of: object, for: destination)
    }
}

/// What one destination may see of one object by today's policy.
///
/// Good for all results that refer to the same snapshot, until the policy changes.
package struct ObjectView: Sendable {
    /// Whether results leave at all.
    package let submission: PolicyDecision
    /// Whether command lines leave with them.
    package let source: PolicyDecision
    /// How much of the output leaves.
    package let level: OutputLevel
    private let rules: VariableRules
    private let withheld: WithheldValues
    private let isBuiltIn: Bool

    init(_ policy: PolicyRules, of object: PolicyObject, for destination: String) {
        submission = policy.submission(of: object, to: destination)
        source = policy.source(of: object, for: destination)
        level = policy.output(of: object, to: destination).level
        rules = policy.variableRules(for: destination)
        withheld = WithheldValues(rules, object: object)
        isBuiltIn = policy.builtInRule(.processCheckResult, on: object) != nil
    }

    /// What may be handed to the uplink of a result of the object.
    ///
    /// The health of the forwarder itself goes as it is: it has a fixed text.
    package func handOver(_ result: CheckResult, command: ExecutedCommand) -> HandOver {
        guard submission.isAllowed else { return .withheld(submission) }
        guard !isBuiltIn else {
            return .released(
                ReleasedResult(result: result, command: nil, level: .full, removal: .init())
            )
        }
        var removal = ReleasedResult.Removal(tooShortValues: withheld.tooShort.count)
        let shown = redacted(result, &removal)
        let isShown = level != .stateOnly && source.isAllowed
        let words = isShown ? command.shown(by: rules, withheld: withheld) : nil
        return .released(
            ReleasedResult(
                result: shown,
                command: words?.isEmpty == true ? nil : words,
                level: level,
                removal: removal
            )
        )
    }

    private func redacted(
        _ result: CheckResult,
        _ removal: inout ReleasedResult.Removal
    ) -> CheckResult {
        var shown = result
        guard level != .stateOnly else {
            shown.exitStatus = Int32(result.state.rawValue)
            shown.output = ReleasedResult.withheldOutput
            shown.performanceData = []
            return shown
        }
        // before the lines are cut: a value may begin in the first one and end in the next
        (shown.output, removal.maskedInOutput) = withheld.mask.masked(result.output)
        if level == .firstLine {
            shown.output = String(shown.output.prefix { !$0.isNewline })
        }
        let data = PerformanceDataMask(withheld.mask).masked(result.performanceData)
        shown.performanceData = data.pieces
        removal.maskedLabels = data.maskedCount
        removal.droppedPieces = data.droppedCount
        return shown
    }
}

/// What of an object may stand in the inventory for a destination.
package struct ReleasedDefinition: Sendable, Hashable {
    /// Groups of the host; nil where the policy leaves them out.
    package var hostGroups: [String]?
    /// Groups of the service; nil where the policy leaves them out.
    package var serviceGroups: [String]?
    /// Custom variables of the host as JSON; nil where no role shows the definition.
    package var hostVariables: String?
    /// Custom variables of the service as JSON; nil where no role shows the definition.
    package var serviceVariables: String?
}

extension PolicyRules {
    /// What the inventory for a destination may tell of an object; nil when it is not for it.
    ///
    /// Names and intervals may leave where results may, groups too unless `denylist/routes` says
    /// otherwise; variables only where a role shows the source.
    package func definition(
        of object: PolicyObject,
        for destination: String
    ) -> ReleasedDefinition? {
        let isSubmitted = submission(of: object, to: destination).isAllowed
        let isShown = source(of: object, for: destination).isAllowed
        guard isSubmitted || isShown else { return nil }
        let denied = deniedRoutes(for: destination)
        let rules = variableRules(for: destination)
        return ReleasedDefinition(
            hostGroups: denied[.hostGroups] == nil ? object.hostGroupNames : nil,
            serviceGroups: denied[.serviceGroups] == nil ? object.serviceGroupNames : nil,
            hostVariables: isShown ? rules.shown(object.hostTree).json : nil,
            serviceVariables: isShown ? rules.shown(object.serviceTree).json : nil
        )
    }
}
