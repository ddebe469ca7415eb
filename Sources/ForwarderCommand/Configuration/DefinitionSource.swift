import Collector
import ConfigLanguage
import Foundation
import Monitoring

/// Loads the definitions that the configuration names, as often as wanted.
struct DefinitionSource: Sendable {
    let configuration: ForwarderConfiguration
    /// What macros may ask about results.
    let board: RuntimeBoard

    /// Loads all of them, or throws everything that is wrong.
    func load() throws(DefinitionsFault) -> sending (DefinitionSummary, CheckPreparer) {
        let definitions = try Definitions.load(
            DefinitionSettings(
                directory: configuration.checks.definitionsPath,
                nodeName: configuration.nodeName,
                templateLibrary: configuration.checks.includePath),
            files: DiskFiles(), trust: FileTrust(runningUser: geteuid()))
        return (DefinitionSummary(definitions), CheckPreparer(definitions, runtime: board))
    }
}

/// What was loaded, as values that may go anywhere.
struct DefinitionSummary: Sendable {
    let plans: [CheckPlan]
    let passages: CheckPassages
    let entries: [Definitions.Entry]
    let foreign: [Definitions.Foreign]
    let ignored: [String: Int]
    let warnings: [Diagnostic]
    let checkCommands: [String]

    init(_ definitions: Definitions) {
        plans = definitions.plans
        passages = definitions.passages
        entries = definitions.entries
        foreign = definitions.foreign
        ignored = definitions.ignored
        warnings = definitions.warnings
        checkCommands = definitions.checkCommands
    }

    /// Objects with a schedule.
    var activeCount: Int { plans.count(where: \.isActive) }
}
