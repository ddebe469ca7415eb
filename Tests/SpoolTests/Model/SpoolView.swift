import Monitoring
import Spool

/// All that a spool shows of itself without giving anything out.
struct SpoolView: Hashable, Sendable {
    var destinations: [String: DestinationView] = [:]
    /// Objects with the number of the result that stored their schedule.
    var schedules: [ObjectName: Int] = [:]

    struct DestinationView: Hashable, Sendable {
        var isRetired = false
        var lanes: [ObjectName: LaneView] = [:]
        var leases: [ObjectName: LeaseView] = [:]
        var kept: [ObjectName: KeptView] = [:]
        var rejected: [RejectedView] = []
        var oldest: Int?
    }

    struct LaneView: Hashable, Sendable {
        var queued = 0
        /// Nil when nothing is leased.
        var isAmbiguous: Bool?
        var kept = 0
        var rejected = 0
        var lastStamp: Timestamp?
        var parked: String?
        var ignoredReason: String?
        var losses = LossCounts()
    }

    struct LeaseView: Hashable, Sendable {
        var baseStamp: Timestamp
        var attempts: Int
        var node: String
    }

    struct KeptView: Hashable, Sendable {
        var count: Int
        var newestStamp: Timestamp
        var newestAcknowledged: Int
        var oldestAcknowledged: Int
    }

    struct RejectedView: Hashable, Sendable {
        var number: Int
        var text: String
    }
}

extension SpoolView.LaneView {
    init(_ lane: Lane) {
        self.init(
            queued: lane.queued,
            isAmbiguous: lane.leased?.isAmbiguous,
            kept: lane.kept,
            rejected: lane.rejected,
            lastStamp: lane.lastStamp,
            parked: lane.parked.map { "\($0.reason) until \(SpoolAction.number($0.until))" },
            ignoredReason: lane.ignoredReason,
            losses: lane.losses
        )
    }
}

extension SpoolQueue {
    /// What the spool shows now.
    func view() async throws(SpoolFault) -> SpoolView {
        var view = SpoolView()
        for state in try await scheduleStates() {
            view.schedules[state.object] = SpoolAction.number(state.nextCheck) - 60
        }
        for destination in try await status().destinations {
            view.destinations[destination.name] = try await self.view(of: destination)
        }
        return view
    }

    private func view(
        of status: DestinationStatus
    ) async throws(SpoolFault) -> SpoolView.DestinationView {
        var view = SpoolView.DestinationView(isRetired: status.isRetired)
        view.oldest = status.oldestExecution.map(SpoolAction.number)
        for lane in try await lanes(of: status.id) {
            view.lanes[lane.object] = SpoolView.LaneView(lane)
        }
        for lease in try await leasedRows(of: status.id) {
            view.leases[lease.object] = SpoolView.LeaseView(
                baseStamp: lease.baseStamp,
                attempts: lease.attempts,
                node: lease.node
            )
        }
        for kept in try await keptLanes(of: status.id) {
            view.kept[kept.object] = SpoolView.KeptView(
                count: kept.count,
                newestStamp: kept.newestStamp,
                newestAcknowledged: SpoolAction.number(kept.newestAcknowledged),
                oldestAcknowledged: SpoolAction.number(kept.oldestAcknowledged)
            )
        }
        // The lanes count them; that the counts are true is looked at with the contradictions.
        guard view.lanes.values.contains(where: { $0.rejected > 0 }) else { return view }
        view.rejected = try await rejected(of: status.name).map { entry in
            SpoolView.RejectedView(
                number: SpoolAction.number(entry.result.executionStart),
                text: entry.answer?.text ?? ""
            )
        }
        return view
    }
}

extension SpoolView {
    /// Where two views differ, a few words for each place.
    func differences(from expected: SpoolView) -> String {
        var found: [String] = []
        if schedules != expected.schedules { found.append("schedules") }
        let names = Set(destinations.keys).union(expected.destinations.keys).sorted()
        for name in names where destinations[name] != expected.destinations[name] {
            guard let seen = destinations[name], let wanted = expected.destinations[name] else {
                found.append("destination \(name) is there or not")
                continue
            }
            let objects = Set(seen.lanes.keys).union(wanted.lanes.keys)
            for object in objects where seen.lanes[object] != wanted.lanes[object] {
                let (a, b) = (seen.lanes[object], wanted.lanes[object])
                found.append("lane \(name) \(object): \(a as Any), expected \(b as Any)")
            }
            if seen.leases != wanted.leases {
                found.append("leases \(name): \(seen.leases), expected \(wanted.leases)")
            }
            if seen.kept != wanted.kept {
                found.append("kept \(name): \(seen.kept), expected \(wanted.kept)")
            }
            if seen.rejected != wanted.rejected {
                found.append("rejected \(name): \(seen.rejected), expected \(wanted.rejected)")
            }
            if seen.oldest != wanted.oldest {
                found.append("oldest \(name): \(seen.oldest as Any)")
            }
        }
        return found.joined(separator: "; ")
    }
}
