import Monitoring

/// The Icinga 2 configuration that makes a master take one node's results and nothing more from it.
///
/// - The node's objects live in a zone of its own without endpoints: the master takes their
///   results, never runs their checks and never calls them stale.
/// - The node's own host lives in the master's zone. The master computes its state itself, from the
///   age of the newest result of the service `forwarder`; the node cannot submit it.
/// - All names of hosts come from the administrator. An inventory that speaks of another host is
///   refused as a whole, and nothing in an inventory becomes code: see ``IcingaText``.
/// - Custom variables are put below `vars.forwarder`. Directly in `vars` they would be arguments of
///   the master's own commands and steer its apply rules; the administrator may let names through.
struct MasterConfiguration: Sendable {
    /// The parts of the configuration, in the order of the text.
    enum Part: String, Sendable, CaseIterable {
        case zone
        case apiuser
        case host
        case services
    }

    private let inventory: Inventory
    private let host: String
    private let names: [String]
    private let lifted: [String]

    /// The configuration of `parts` for `host` and the hosts that it monitors besides itself.
    ///
    /// - Parameter topLevelVariables: custom variables that the administrator lets into `vars`
    ///   itself, for the master's own rules.
    static func render(
        _ inventory: Inventory,
        host: String,
        otherHosts: [String] = [],
        only parts: [Part] = Part.allCases,
        topLevelVariables: [String] = []
    ) throws(MasterConfigurationFault) -> String {
        let inspection = InventoryInspection(
            inventory: inventory,
            host: host,
            otherHosts: otherHosts,
            topLevelVariables: topLevelVariables
        )
        try inspection.inspect()
        let configuration = MasterConfiguration(
            inventory: inventory,
            host: host,
            names: [host] + otherHosts,
            lifted: topLevelVariables
        )
        let texts = Part.allCases.filter(parts.contains).map(configuration.text)
        return ([header] + texts).joined(separator: "\n")
    }

    private static let header = """
        // Made by `forwarder render`. Do not edit: render again when the inventory changes.

        """

    private func text(_ part: Part) -> String {
        switch part {
        case .zone: zone
        case .apiuser: apiUser
        case .host: ownHost
        case .services: foreignObjects
        }
    }
}

// MARK: - Zone and user

extension MasterConfiguration {
    private var zone: String {
        """
        object Zone \(IcingaText.string(host)) {
            parent = ZoneName
        }

        """
    }

    private var apiUser: String {
        let filter = names.map { "host.name == \(IcingaText.string($0))" }.joined(separator: " || ")
        let permissions = [
            "actions/process-check-result", "objects/query/Host", "objects/query/Service",
        ].map { "        { permission = \"\($0)\", filter = {{ \(filter) }} }" }
        return """
            object ApiUser \(IcingaText.string(host)) {
                client_cn = \(IcingaText.string(host))
                permissions = [
            \(permissions.joined(separator: ",\n"))
                ]
            }

            """
    }
}

// MARK: - The node's own host

extension MasterConfiguration {
    /// How often the master computes the host's state.
    private static let hostCheckInterval = 30

    /// A silent node's host is DOWN after three missed results and half a minute for their way.
    private var silenceLimit: Duration {
        ownServices.first { $0.name == ObjectName.healthServiceName }
            .map { $0.checkInterval * 3 + .seconds(30) } ?? .seconds(210)
    }

    private var ownServices: [Inventory.Attributes] {
        let own = inventory.hosts.first { Inventory.isSameName($0.attributes.name, host) }
        let services = own?.services ?? []
        let health = Inventory.Attributes(
            name: ObjectName.healthServiceName, checkInterval: .seconds(60))
        return services.contains { $0.name == ObjectName.healthServiceName }
            ? services : services + [health]
    }

    private var ownHost: String {
        let limit = IcingaText.seconds(silenceLimit)
        return inventory.hosts.filter { Inventory.isSameName($0.attributes.name, host) }.map {
            own in
            """
            object Host \(IcingaText.string(host)) {
                display_name = \(IcingaText.string(own.attributes.displayName ?? host))
                check_command = "dummy"
                check_interval = \(Self.hostCheckInterval)
                retry_interval = \(Self.hostCheckInterval)
                max_check_attempts = 1
                enable_active_checks = true
                enable_passive_checks = false
            \(variables(own.attributes))\(Self.liveness(limit: limit))
            }

            """
        }.joined()
    }

    /// The two functions of the `dummy` check.
    ///
    /// A result is never younger than its arrival, whatever its own times say.
    private static func liveness(limit: String) -> String {
        let newest = """
                    var service = get_service(host.name, "\(ObjectName.healthServiceName)")
                    var newest = 0
                    if (service && service.last_check_result) {
                        newest = service.last_check_result.execution_end
                        if (service.last_check < newest) { newest = service.last_check }
                    }
            """
        return """
                vars.dummy_state = {{
            \(newest)
                    return if (get_time() - newest > \(limit)) { 2 } else { 0 }
                }}
                vars.dummy_text = {{
            \(newest)
                    if (newest == 0) {
                        return "The forwarder of this host never reported"
                    }
                    var when = DateTime(newest).format("%Y-%m-%d %H:%M:%S %z")
                    if (get_time() - newest > \(limit)) {
                        return "The forwarder of this host is silent since " + when
                    }
                    return "The forwarder of this host reported at " + when
                }}
            """
    }
}

// MARK: - The objects in the node's zone

extension MasterConfiguration {
    private var foreignObjects: String {
        inventory.hosts.map { entry in
            let isOwn = Inventory.isSameName(entry.attributes.name, host)
            let services = (isOwn ? ownServices : entry.services).map {
                passive("Service", $0, hostName: entry.attributes.name)
            }
            let hosts = isOwn ? [] : [passive("Host", entry.attributes, hostName: nil)]
            return (hosts + services).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private func passive(
        _ type: String,
        _ attributes: Inventory.Attributes,
        hostName: String?
    ) -> String {
        let hostLine = hostName.map { "    host_name = \(IcingaText.string($0))\n" } ?? ""
        return """
            object \(type) \(IcingaText.string(attributes.name)) {
            \(hostLine)    zone = \(IcingaText.string(host))
                display_name = \(IcingaText.string(attributes.displayName ?? attributes.name))
                check_command = "passive"
                enable_active_checks = false
                enable_passive_checks = true
                check_interval = \(IcingaText.seconds(attributes.checkInterval))
                retry_interval = \(IcingaText.seconds(attributes.retryInterval))
                max_check_attempts = \(attributes.maxCheckAttempts)
            \(variables(attributes))}

            """
    }

    private func variables(_ attributes: Inventory.Attributes) -> String {
        var lines: [String] = []
        for name in lifted {
            guard let value = attributes.variables[name] else { continue }
            lines.append("    vars[\(IcingaText.string(name))] = \(IcingaText.value(value))\n")
        }
        let rest = attributes.variables.filter { !lifted.contains($0.key) }
        if !rest.isEmpty {
            lines.append("    vars.forwarder = \(IcingaText.dictionary(rest))\n")
        }
        if !attributes.groups.isEmpty {
            let groups = attributes.groups.map(IcingaText.macroFreeString)
            lines.append("    vars.forwarder_groups = \(IcingaText.array(groups))\n")
        }
        return lines.joined()
    }
}
