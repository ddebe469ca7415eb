import Monitoring
import Spool

/// What a spool answered to an action, in terms that a model can predict.
enum SpoolAnswer: Hashable, Sendable {
    case done
    case count(Int)
    case receipt(ReceiptAnswer)
    case exchange(ExchangeAnswer)
}

/// An ``AcceptReceipt`` with objects as actions name them.
struct ReceiptAnswer: Hashable, Sendable {
    var taken = 0
    var accepted = 0
    var grown: [ObjectName: Int] = [:]
    var refused: [ObjectName: Int] = [:]
    var evicted: [ObjectName: Int] = [:]
}

/// A ``DeliveryAnswer``; results by their numbers.
struct ExchangeAnswer: Hashable, Sendable {
    var leased: [LeasedAnswer] = []
    var lanes: [Int: SpoolView.LaneView] = [:]
    var unmatched = 0
}

/// A ``LeasedResult`` whose content was found to be that of its number.
struct LeasedAnswer: Hashable, Sendable {
    var object: Int
    var number: Int
    var worth: Significance
    var baseStamp: Timestamp
    var attempt: Int
}

extension SpoolView.LaneView {
    init(_ lane: SpoolModel.ModelLane) {
        self.init(
            queued: lane.count(.queued),
            isAmbiguous: lane.leased == nil ? nil : lane.isAmbiguous,
            kept: lane.count(.kept),
            rejected: lane.count(.rejected),
            lastStamp: lane.lastStamp,
            parked: lane.parked,
            ignoredReason: lane.ignoredReason,
            losses: lane.losses
        )
    }
}

extension SpoolModel {
    /// What the spool should show.
    var view: SpoolView {
        var view = SpoolView()
        for (object, number) in schedules { view.schedules[SpoolAction.object(object)] = number }
        for (place, destination) in destinations {
            view.destinations[SpoolAction.destination(place)] = Self.view(of: destination)
        }
        return view
    }

    private static func view(of destination: Destination) -> SpoolView.DestinationView {
        var view = SpoolView.DestinationView(isRetired: destination.isRetired)
        for (index, lane) in destination.lanes {
            let object = SpoolAction.object(index)
            view.lanes[object] = SpoolView.LaneView(lane)
            if let leased = lane.leased {
                view.leases[object] = SpoolView.LeaseView(
                    baseStamp: lane.rows[leased].baseStamp ?? start,
                    attempts: lane.rows[leased].attempts,
                    node: lane.node
                )
            }
            let kept = lane.rows.filter { $0.state == .kept }
            if let newest = kept.map(\.lowestStamp).max() {
                view.kept[object] = SpoolView.KeptView(
                    count: kept.count,
                    newestStamp: newest,
                    newestAcknowledged: kept.map(\.acknowledged).max() ?? 0,
                    oldestAcknowledged: kept.map(\.acknowledged).min() ?? 0
                )
            }
            let rejected = lane.rows.filter { $0.state == .rejected }
            view.rejected += rejected.map { .init(number: $0.number, text: $0.text) }
        }
        view.rejected.sort { $0.number < $1.number }
        let heads = destination.lanes.values.compactMap { lane in
            lane.rows.first { $0.state == .queued || $0.state == .leased }?.number
        }
        view.oldest = heads.min()
        return view
    }
}
