import ArgumentParser
import Collector
import Foundation
import Monitoring
import Policy

/// `forwarder inventory`: what the master has to know of this host's objects.
struct InventoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory",
        abstract: "Print what the master has to know of this host's objects, as JSON.",
        discussion: """
            Names, intervals and groups, in a stable order; no commands, no arguments. Custom \
            variables stay here unless they are named with --variable: many hold secrets. With \
            --master, only objects, groups and variables that the policy shows that master, and \
            masked where it says so; --variable then names those that are wanted of them. On the \
            master's side, `forwarder render` makes configuration from it.
            """)

    @OptionGroup var common: CommonOptions

    @Option(
        name: .customLong("variable"),
        help: ArgumentHelp("A custom variable that may leave; may be repeated.", valueName: "name"))
    var variables: [String] = []

    @Option(help: "What the policy shows this destination (the zone, or the Master object's name).")
    var master: String?

    func run() throws {
        let configuration = try common.load()
        let (definitions, preparing) = try common.loadDefinitions(configuration)
        let node = configuration.nodeName
        var inventory = Inventory(definitions, node: node, variables: Set(variables))
        if let master {
            let destination = try configuration.destination(named: master)
            let reading = try PolicySource(configuration).readOrExit()
            if !reading.isPresent { Output.complain(PolicySource(configuration).absence) }
            let found = definitions.policyObjects(preparing)
            for fault in found.faults { Output.complain(fault.description) }
            inventory = Inventory(definitions, node: node, variables: []).shown(
                by: reading.rules, to: destination, objects: found.objects,
                variables: variables.isEmpty ? nil : Set(variables))
        }
        try Output.write(Array(try inventory.json()))
    }
}

extension Inventory {
    /// What the definitions say, with only these custom variables.
    init(_ definitions: DefinitionSummary, node: String, variables: Set<String>) {
        let plans = Dictionary(
            definitions.plans.map { ($0.object, $0) }, uniquingKeysWith: { first, _ in first })
        var services: [String: [Attributes]] = [:]
        for entry in definitions.entries {
            guard let service = entry.name.service else { continue }
            services[entry.name.host, default: []].append(
                Attributes(
                    entry, name: service, plan: plans[entry.name], variables: variables))
        }
        let hosts = definitions.entries.filter(\.name.isHost).map { entry in
            Host(
                Attributes(
                    entry, name: entry.name.host, plan: plans[entry.name], variables: variables),
                services: services[entry.name.host] ?? [])
        }
        self.init(node: node, hosts: hosts)
    }
}

extension Inventory.Attributes {
    fileprivate init(
        _ entry: Definitions.Entry, name: String, plan: CheckPlan?, variables: Set<String>
    ) {
        let decoded = Self.variables(entry.variables)
        self.init(
            name: name,
            displayName: entry.displayName == name ? nil : entry.displayName,
            checkInterval: plan?.checkInterval ?? .seconds(300),
            retryInterval: plan?.retryInterval ?? .seconds(60),
            maxCheckAttempts: plan?.maxCheckAttempts ?? 3, groups: entry.groups,
            variables: (decoded ?? [:]).filter { name, value in
                // a master takes no deeper ones
                variables.contains(name) && value.isNested(within: VariableValue.depthLimit)
            })
    }

    /// Custom variables out of JSON text; nil when they cannot be told.
    static func variables(_ text: String) -> [String: VariableValue]? {
        try? JSONDecoder().decode([String: VariableValue].self, from: Data(text.utf8))
    }
}
