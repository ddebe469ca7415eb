import Delivery
import Monitoring
import Policy
import Synchronization

/// What a ``RecheckDesk`` is told; bounded by the objects that masters are asked about.
final class RecheckInbox: Sendable {
    enum Work: Sendable {
        /// Rules, and objects where they are given, are others now.
        case adopt([PolicyObject]?)
        /// A spool was opened, with a delivery of its own.
        case spoolBegan
        /// Rounds wait.
        case demanded
        /// A minute of the audit is over.
        case minuteEnded
    }

    let works: AsyncStream<Work>
    private let inbox: AsyncStream<Work>.Continuation
    /// What was demanded and not yet looked at; the newest demand for each object.
    private let waiting = Mutex<[Place: Demand]>([:])

    private struct Place: Hashable {
        var destination: String
        var object: ObjectName
    }

    /// One demand and where it was seen.
    struct Demand: Sendable, Hashable {
        var request: RecheckRequest
        var node: String
        var lead: Duration
    }

    init() { (works, inbox) = AsyncStream.makeStream() }

    /// Tells of anything but demands.
    func tell(_ work: Work) { inbox.yield(work) }

    /// Tells of a round; never blocks.
    func demanded(_ round: RecheckRound) {
        let wasEmpty = waiting.withLock { waiting in
            defer {
                for demand in round.demands {
                    let place = Place(destination: round.destination, object: demand.object)
                    waiting[place] = Demand(
                        request: RecheckRequest(
                            destination: round.destination, object: demand.object,
                            value: demand.value),
                        node: round.node, lead: round.lead)
                }
            }
            return waiting.isEmpty
        }
        if wasEmpty { inbox.yield(.demanded) }
    }

    /// What was demanded since the last call, ordered by object.
    func take() -> [Demand] {
        let taken = waiting.withLock { waiting in
            defer { waiting = [:] }
            return waiting
        }
        return taken.values.sorted { $0.request.object < $1.request.object }
    }
}
