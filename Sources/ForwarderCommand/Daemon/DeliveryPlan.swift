import Delivery
import Monitoring
import UplinkMessages

extension ForwarderConfiguration {
    /// The forwarder's own health, as a service of this host.
    var healthObject: ObjectName { ObjectName(host: nodeName, service: "forwarder") }

    /// What delivery has to know of each destination; node numbers are places in ``masters``.
    var deliverySettings: [DeliverySettings] {
        destinations.enumerated().map { index, destination in
            let nodes = destination.nodes.compactMap { master in
                masters.firstIndex { $0.name == master.name }.map { place in
                    DeliverySettings.Node(
                        id: NodeID(index: UInt16(truncatingIfNeeded: place)), name: master.name)
                }
            }
            let first = destination.nodes.first
            var settings = DeliverySettings(
                name: destination.zone, number: UInt16(truncatingIfNeeded: index + 1),
                nodes: nodes, healthObject: healthObject, checkSource: nodeName,
                window: Int(first?.connections ?? 4) * Int(first?.window ?? 64),
                grace: destination.nodes.map(\.grace).max() ?? .seconds(5))
            settings.relayDelay = destination.nodes.map(\.relayDelay).max() ?? settings.relayDelay
            settings.minimumStay =
                destination.nodes.map(\.minimumStay).max() ?? settings.minimumStay
            #if DEBUG
                settings.keepDelivered = KillSwitch.keepDelivered ?? settings.keepDelivered
            #endif
            return settings
        }
    }
}
