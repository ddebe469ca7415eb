import Monitoring
import Policy

extension Inventory {
    /// What of it a policy shows a destination.
    ///
    /// - The own host and the forwarder's own health always stay, since the master needs them; a
    ///   host that is there only because of its services has no groups and variables.
    /// - Variables are there only where a role shows the source.
    ///
    /// - Parameter variables: those that are wanted; nil for all that are shown.
    func shown(
        by rules: PolicyRules,
        to destination: String,
        objects: [PolicyObject],
        variables: Set<String>?
    ) -> Inventory {
        let known = Dictionary(
            objects.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        func definition(_ name: ObjectName) -> ReleasedDefinition? {
            known[name].flatMap { rules.definition(of: $0, for: destination) }
        }
        let hosts = hosts.compactMap { host -> Host? in
            let name = host.attributes.name
            let services = host.services.compactMap { service -> Attributes? in
                definition(ObjectName(host: name, service: service.name)).map { released in
                    service.shown(
                        groups: released.serviceGroups, released.serviceVariables, variables)
                }
            }
            let released = definition(ObjectName(host: name))
            guard released != nil || !services.isEmpty || name == node else { return nil }
            return Host(
                host.attributes.shown(
                    groups: released?.hostGroups, released?.hostVariables, variables),
                services: services)
        }
        return Inventory(node: node, hosts: hosts)
    }
}

extension Inventory.Attributes {
    fileprivate func shown(
        groups: [String]?,
        _ released: String?,
        _ wanted: Set<String>?
    ) -> Inventory.Attributes {
        var shown = self
        shown.groups = groups ?? []
        shown.variables = (released.flatMap(Self.variables) ?? [:]).filter { name, _ in
            wanted?.contains(name) ?? true
        }
        return shown
    }
}
