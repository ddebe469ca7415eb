package import Monitoring
internal import UplinkMessages

/// Where one destination stands, for `status` and for the forwarder's own health.
package struct DeliveryReport: Sendable, Hashable {
    /// The destination's name.
    package var name: String
    /// The node in use or to be tried next.
    package var node: String
    /// Where the way stands, in a word.
    package var link: String
    /// Why nothing gets through; nil while it does.
    package var fault: DeliveryLink.Fault?
    /// When a failed way is tried again, by this host's clock; nil while it is not waited for.
    package var nextTry: Timestamp?
    /// The master's version; nil before the first answer.
    package var masterVersion: String?
    /// How far the master's clock is ahead; nil while it is unknown.
    package var skew: Duration?
    /// What weakens the guarantee, in words for an operator.
    package var warnings: [String]
    /// Submissions that are out.
    package var inFlight: Int
    /// Results whose fate is unknown.
    package var doubtful: Int
    /// Results that wait, as far as the machine knows; the spool's status counts exactly.
    package var waiting: Int
    /// Objects left alone for a while.
    package var sleeping: Int
    /// Objects whose newest result on the master is somebody else's, as last seen, by name.
    package var overtaken: [ObjectName]
    /// What was counted since the process started.
    package var counts: DeliveryCounts

    /// True when nothing is on its way and nothing that could go now waits.
    package var isSettled: Bool
}

extension DeliveryMachine {
    /// Where the destination stands now.
    package func report(at now: Moment) -> DeliveryReport {
        let stages = lanes.values
        return DeliveryReport(
            name: settings.name, node: link.node.name, link: link.phase.word,
            fault: spoolFault ?? link.fault,
            nextTry: link.retriesAt.map { now.wall + max($0 - now.monotonic, .zero) },
            masterVersion: link.greeting?.version,
            skew: link.greeting == nil ? nil : clock.skew(time: now), warnings: warnings,
            inFlight: flights.count, doubtful: doubtful.count,
            waiting: stages.lazy.map { max(0, $0.queued) }.reduce(0, +),
            sleeping: stages.lazy.filter { $0.stage == .sleeping }.count,
            overtaken: overtaking.objects.sorted(), counts: counts,
            isSettled: isSettled)
    }

    private var isSettled: Bool {
        guard hasLoaded, committing == nil, settlements.isEmpty, flights.isEmpty else {
            return false
        }
        guard doubtful.isEmpty, keptWork.stage == .idle else { return false }
        return lanes.values.allSatisfy { $0.stage == .empty || $0.stage == .sleeping }
    }

    private var warnings: [String] {
        guard link.greeting != nil else { return [] }
        var warnings: [String] = []
        if link.isAway {
            warnings.append(
                """
                Results go to \(link.node.name), because \(settings.nodes[0].name) failed: \
                \(homecoming.reason)
                """)
        }
        for node in standingStill {
            warnings.append(
                """
                \(node) takes connections and answers nothing, as a stopped process does. What it \
                may still hold of our results waits for it, for \
                \(Int(settings.stallPatience.inSeconds)) s at most. Restart it, or let it go on.
                """)
        }
        if !link.canReadBack {
            warnings.append(
                """
                The ApiUser lacks objects/query/Host or objects/query/Service: results cannot be \
                read back, skew is taken as 0, and what a crashed master forgets stays lost. \
                Grant both, filtered to this host's objects.
                """)
        } else if calibration.stage == .impossible {
            warnings.append(
                """
                The master takes no results of \(settings.healthObject.fullName), or shows no time \
                of them: its clock cannot be told, skew is taken as 0. Load the configuration that \
                `forwarder render` prints, and have nothing else write to that service.
                """)
        }
        return warnings
    }
}

extension DeliveryLink.Phase {
    /// The phase as `status` shows it.
    var word: String {
        switch self {
        case .absent: "no uplink"
        case .resting: "idle"
        case .waiting: "waiting"
        case .probing: "connecting"
        case .comparing: "comparing"
        case .open: "open"
        }
    }
}
