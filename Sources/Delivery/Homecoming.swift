internal import Monitoring
internal import UplinkMessages

/// The way back to a zone's preferred node while results go to another one.
///
/// - Not before a minimum stay at the other node; it doubles when the preferred node failed soon
///   after a return, so that a flapping node is not followed.
/// - Not before the preferred node holds the newest own health that the other one took: nodes relay
///   in order, so it then holds everything before that.
/// - Nothing is in flight while the node changes.
struct Homecoming: Sendable {
    enum Stage: Hashable, Sendable {
        /// Not wanted, or not yet.
        case idle
        /// The preferred node was asked whether it is there; delivery goes on meanwhile.
        case probing(id: UInt64)
        /// It is there, and was asked what it holds of own health.
        case asking
        /// It has not caught up; asked again then.
        case waiting(until: Duration)
        /// It has caught up: nothing new goes out, and what is out is awaited.
        case draining
    }

    private(set) var stage = Stage.idle
    /// When the preferred node is asked next.
    private(set) var dueAt = Duration.zero
    /// What it said when it was asked, and when.
    private(set) var arrival: (greeting: MasterGreeting, at: Duration)?
    /// The newest own health that was acknowledged elsewhere.
    var marker: Timestamp?
    /// Why the preferred node is not in use.
    var reason = ""

    private var stay: Backoff
    private var currentStay: Duration?
    private var homeSince: Duration?

    /// The longest stay: a preferred node that flaps is tried at least this often.
    private static let longestStay = Duration.seconds(3600)
    /// A preferred node that worked this long is not a flapping one.
    private static let soundTime = Duration.seconds(600)
    /// How often a node that is there is asked whether it has caught up; keeps its connection up.
    static let askInterval = Duration.seconds(2)

    init(minimumStay: Duration) {
        // A wait is between half and all of what it is made of.
        stay = Backoff(
            first: minimumStay * 2, longest: max(minimumStay * 2, Self.longestStay))
    }

    /// True while the preferred node was asked whether it is there, or has said so.
    var isAsking: Bool { stage != .idle }

    /// True when the preferred node has a connection that is to be used soon.
    var hasArrived: Bool { arrival != nil }

    /// The preferred node took a result.
    mutating func proved(at now: Duration) {
        if homeSince == nil { homeSince = now }
    }

    /// The preferred node failed and another one is tried.
    mutating func left(
        _ text: String, at now: Duration, using random: inout some RandomNumberGenerator
    ) {
        if let since = homeSince, now - since > Self.soundTime { stay.reset() }
        if homeSince != nil || currentStay == nil { currentStay = stay.next(using: &random) }
        homeSince = nil
        marker = nil
        stage = .idle
        reason = text
        dueAt = now + (currentStay ?? .zero)
    }

    mutating func probe(id: UInt64, at now: Duration) {
        stage = .probing(id: id)
        dueAt = now + (currentStay ?? .zero)
    }

    mutating func answered(_ greeting: MasterGreeting, at now: Duration) {
        arrival = (greeting, now)
        stage = .waiting(until: now)
    }

    mutating func ask() { stage = .asking }

    mutating func drain() { stage = .draining }

    /// Asks again a little later, as long as the zone may take to relay.
    mutating func wait(at now: Duration, patience: Duration) {
        guard let arrival, now - arrival.at < patience else {
            return abandon("It has not caught up with the other node.")
        }
        stage = .waiting(until: now + Self.askInterval)
    }

    /// Stays where it is until the next try.
    mutating func abandon(_ text: String? = nil) {
        stage = .idle
        arrival = nil
        if let text { reason = text }
    }

    /// The preferred node is in use again.
    mutating func finish() {
        stage = .idle
        arrival = nil
        marker = nil
    }

    /// When there is something to do next; nil while an answer is awaited.
    var wakeAt: Duration? {
        switch stage {
        case .idle: dueAt
        case .waiting(let until): until
        case .probing, .asking, .draining: nil
        }
    }
}

extension DeliveryMachine {
    /// Goes back to the preferred node, one step at a time.
    mutating func comeHome(at now: Moment, _ actions: inout [DeliveryAction]) {
        guard link.isAway, link.phase == .open else { return }
        switch homecoming.stage {
        case .idle where now.monotonic >= homecoming.dueAt:
            let id = nextID()
            homecoming.probe(id: id, at: now.monotonic)
            actions.append(.send(.probe(id: id, node: settings.nodes[0].id)))
        case .waiting(let until) where now.monotonic >= until:
            guard homecoming.marker != nil, link.canReadBack else { return homecoming.drain() }
            homecoming.ask()
            waitingQuestions.append(
                Question(
                    purpose: .home, objects: [settings.healthObject],
                    node: settings.nodes[0].id))
        case .draining where isSettledForMove:
            guard let arrival = homecoming.arrival else { return homecoming.abandon() }
            homecoming.finish()
            fates.left(link.node.name)
            link.comeHome()
            dropQuestions()
            countFlightsElsewhere()
            connected(arrival.greeting, fencedAt: arrival.at, at: now)
        default: break
        }
    }

    /// Nothing is out and all that was is stored: kept results are all there to compare.
    private var isSettledForMove: Bool {
        flights.isEmpty && committing == nil && settlements.isEmpty && keptWork.stage == .idle
    }

    /// The preferred node answered a probe of the way back; false when none was asked.
    mutating func homeAnswered(_ id: UInt64, _ answer: ProbeAnswer, at now: Moment) -> Bool {
        guard homecoming.stage == .probing(id: id) else { return false }
        fates.learn(answer, of: settings.nodes[0].name, at: now.monotonic)
        switch answer {
        case .failed(let fault, let text): homecoming.abandon(fault.explained(text))
        case .answered(let greeting) where !greeting.canSubmit:
            homecoming.abandon(Self.missingPermission)
        case .answered(let greeting): homecoming.answered(greeting, at: now.monotonic)
        }
        return true
    }

    /// The preferred node said what it holds of own health; nil when it does not know it.
    mutating func homeRead(_ reading: ObjectReading?, at now: Moment) {
        guard homecoming.stage == .asking else { return }
        let held = reading?.executionStart
        if let held, let marker = homecoming.marker, held >= marker {
            homecoming.drain()
        } else {
            homecoming.wait(at: now.monotonic, patience: settings.relayDelay)
        }
    }
}
