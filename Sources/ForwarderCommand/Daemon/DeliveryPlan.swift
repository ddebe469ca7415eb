import Delivery
import Monitoring
import UplinkMessages

extension ForwarderConfiguration {
    /// The forwarder's own health, as a service of this host.
    var healthObject: ObjectName { ObjectName.health(ofNode: nodeName) }

    /// What delivery has to know of each destination; node numbers are places in ``masters``.
    var deliverySettings: [DeliverySettings] {
        destinations.enumerated().map { index, destination in
            let nodes = destination.nodes.compactMap { master in
                masters.firstIndex { $0.name == master.name }.map { place in
                    DeliverySettings.Node(
                        id: NodeID(index: UInt16(truncatingIfNeeded: place)), name: master.name,
                        window: Int(master.connections) * Int(master.window), grace: master.grace)
                }
            }
            var settings = DeliverySettings(
                name: destination.zone, number: UInt16(truncatingIfNeeded: index + 1),
                nodes: nodes, healthObject: healthObject, checkSource: nodeName)
            settings.relayDelay = destination.nodes.map(\.relayDelay).max() ?? settings.relayDelay
            settings.stallPatience =
                destination.nodes.map(\.stallPatience).max() ?? settings.stallPatience
            settings.minimumStay =
                destination.nodes.map(\.minimumStay).max() ?? settings.minimumStay
            // Whoever names the shortest is served; zero means never, for all of the zone.
            settings.watchInterval =
                destination.nodes.map(\.watchInterval).min() ?? settings.watchInterval
            settings.replay = destination.nodes.first?.replay ?? settings.replay
            #if DEBUG
                settings.keepDelivered = KillSwitch.keepDelivered ?? settings.keepDelivered
            #endif
            return settings
        }
    }

    /// How long a flush waits for each destination, by what its nodes and its delivery may take.
    var flushPatience: [String: FlushCourse.Patience] {
        var patience: [String: FlushCourse.Patience] = [:]
        for (settings, destination) in zip(deliverySettings, destinations) {
            let turns = destination.nodes
                .map { $0.connectTimeout + $0.answerTimeout }.reduce(.zero, +)
            let grace = settings.nodes.map(\.grace).max() ?? .zero
            // A loss is noticed, and what was lost is waited for and then asked about; all that
            // may take its time at each node.
            patience[settings.name] = FlushCourse.Patience(
                turns: turns,
                silent: settings.stallPatience + settings.relayDelay + grace + turns
                    + FlushCourse.Patience.defaultFailing)
        }
        return patience
    }

    /// What the uplink has to know of each master: its own settings and these addresses.
    func uplinkSettings(addresses: [[String]]) -> UplinkSettings {
        UplinkSettings(
            nodes: zip(masters, addresses).map { master, addresses in
                NodeSettings(
                    name: master.name, identity: master.name, addresses: addresses,
                    port: master.port, connections: master.connections, window: master.window,
                    connectTimeout: master.connectTimeout, answerTimeout: master.answerTimeout)
            })
    }
}
