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
    private let state = Mutex(State())

    private struct State {
        /// What was demanded and not yet looked at; the newest demand for each object.
        var demands: [Place: Demand] = [:]
        /// The newest round of each destination that was not yet looked at.
        var rounds: [String: Round] = [:]
        var isClosed = false
    }

    private struct Place: Hashable {
        var destination: String
        var object: ObjectName
    }

    /// A look at a destination's master.
    struct Round: Sendable, Hashable {
        var destination: String
        var lead: Duration
    }

    /// One demand and where it was seen.
    struct Demand: Sendable, Hashable {
        var request: RecheckRequest
        var node: String
        var lead: Duration
    }

    /// What was seen since the last time, ordered by destination and object.
    struct Demands: Sendable {
        var rounds: [Round]
        var demands: [Demand]
    }

    init() { (works, inbox) = AsyncStream.makeStream() }

    /// Tells of anything but demands.
    func tell(_ work: Work) { inbox.yield(work) }

    /// Ends ``works``; what was demanded and not looked at stands on the masters.
    func close() {
        state.withLock { $0 = State(isClosed: true) }
        inbox.finish()
    }

    /// Tells of a round; never blocks.
    func demanded(_ round: RecheckRound) {
        let isFirst = state.withLock { state in
            guard !state.isClosed else { return false }
            let isFirst = state.rounds.isEmpty
            state.rounds[round.destination] = Round(
                destination: round.destination, lead: round.lead)
            for demand in round.demands {
                let place = Place(destination: round.destination, object: demand.object)
                state.demands[place] = Demand(
                    request: RecheckRequest(
                        destination: round.destination, object: demand.object,
                        value: demand.value),
                    node: round.node, lead: round.lead)
            }
            return isFirst
        }
        if isFirst { inbox.yield(.demanded) }
    }

    /// What was seen since the last call.
    func take() -> Demands {
        let taken = state.withLock { state in
            defer {
                state.demands = [:]
                state.rounds = [:]
            }
            return state
        }
        return Demands(
            rounds: taken.rounds.values.sorted { $0.destination < $1.destination },
            demands: taken.demands.values.sorted { $0.request.object < $1.request.object })
    }
}
