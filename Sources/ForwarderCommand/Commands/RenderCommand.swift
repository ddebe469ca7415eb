import ArgumentParser
import Foundation

/// `forwarder render`: an inventory becomes configuration, on the master's side.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Make the master's configuration from an inventory, on the master's side.",
        discussion: """
            Reads the inventory from standard input and prints Icinga 2 configuration: a zone \
            without endpoints, an ApiUser with the least rights, the host and its services. Hosts \
            are named here, by the master's administrator: an inventory that speaks of any other \
            host is refused, and nothing in it becomes code. Needs no forwarder.conf.

              forwarder render --host web1 < web1.json > /etc/icinga2/conf.d/web1.conf
            """)

    @Option(help: "The host that the inventory comes from.")
    var host: String

    @Option(
        name: .customLong("other-host"),
        help: ArgumentHelp(
            "Another host that it monitors; may be repeated.", valueName: "name"))
    var otherHosts: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only these parts, separated by commas: zone, apiuser, host, services.",
            valueName: "parts"))
    var only: String?

    @Option(
        name: .customLong("variable"),
        help: ArgumentHelp(
            """
            A custom variable that goes into vars itself, where the master's own rules and \
            commands see it; others go below vars.forwarder. May be repeated.
            """, valueName: "name"))
    var variables: [String] = []

    /// Most bytes of an inventory; more is refused.
    ///
    /// 64 MiB: a hundred times the inventory of a host with 1000 services.
    static let inputLimit = 64 << 20

    func validate() throws { _ = try parts() }

    func run() throws {
        let text: String
        do {
            let input = try StandardStream.input.readAll(upTo: Self.inputLimit)
            text = try MasterConfiguration.render(
                try Inventory(json: Data(input)), host: host, otherHosts: otherHosts,
                only: try parts(), topLevelVariables: variables)
        } catch {
            Output.complain("forwarder render: \(error)")
            throw ExitCode(1)
        }
        try Output.write(text)
    }

    private func parts() throws -> [MasterConfiguration.Part] {
        guard let only else { return MasterConfiguration.Part.allCases }
        return try only.split(separator: ",").map { word in
            guard let part = MasterConfiguration.Part(rawValue: String(word)) else {
                throw ValidationError(
                    "'\(word)' is no part. Use zone, apiuser, host or services.")
            }
            return part
        }
    }
}
