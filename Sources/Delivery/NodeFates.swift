internal import Monitoring
internal import UplinkMessages

/// Whether what the nodes that are not in use were given may still take effect there.
///
/// - A node that answers, whatever it says, has processed what it was sent before, and relays it.
/// - One whose host refuses connections, or cannot be reached from the start, holds nothing that
///   could arrive: the bytes ended with its process.
/// - One that takes connections and answers nothing stands still: what its host holds for it, and
///   what it has not relayed, takes effect once it goes on. Nothing of that is sent to another node
///   meanwhile; for ``DeliverySettings/stallPatience`` after the loss at most. That a stopped
///   process's host at last takes no connection either, because too many wait, changes nothing.
///
/// - Source: an Icinga 2 process stopped and continued, docs/decisions/0007.
struct NodeFates: Sendable {
    private enum Fate: Hashable {
        /// Nobody looked since it was left; it may stand still.
        case unseen
        case stalled
        case answering(since: Duration)
        case gone
    }

    private var fates: [String: Fate] = [:]
    private var looks: [UInt64: String] = [:]
    private var nextLookAt: [String: Duration] = [:]

    /// How often a node is looked at that may stand still.
    static let lookInterval = Duration.seconds(5)

    /// The node was in use and is not any more.
    mutating func left(_ node: String) {
        fates[node] = .unseen
        nextLookAt[node] = nil
    }

    /// Without an uplink nothing is answered.
    mutating func dropLooks() { looks = [:] }

    func mayStandStill(_ node: String) -> Bool {
        fate(of: node) == .unseen || fate(of: node) == .stalled
    }

    /// True for a node that was seen to take connections and to answer nothing.
    func standsStill(_ node: String) -> Bool { fate(of: node) == .stalled }

    /// Until when what the node was given before `lostAt` may come from it.
    func holds(_ node: String, lostAt: Duration, _ settings: DeliverySettings) -> Duration {
        let relayed = lostAt + settings.relayDelay
        switch fate(of: node) {
        case .gone: return relayed
        case .answering(let since): return max(relayed, since + settings.relayDelay)
        case .unseen, .stalled:
            return max(relayed, lostAt + settings.stallPatience)
        }
    }

    /// What an earlier process did with a node is not known: it was left unseen.
    private func fate(of node: String) -> Fate { fates[node] ?? .unseen }

    /// When the node is to be looked at; nil while a look is out.
    func lookTime(of node: String) -> Duration? {
        looks.values.contains(node) ? nil : nextLookAt[node] ?? .zero
    }

    mutating func looked(_ id: UInt64, at node: String, now: Duration) {
        looks[id] = node
        nextLookAt[node] = now + Self.lookInterval
    }

    /// The node that was looked at under this id; nil when it was no look.
    mutating func endLook(_ id: UInt64) -> String? { looks.removeValue(forKey: id) }

    /// What a probe of a node says about what it may still do.
    mutating func learn(_ answer: ProbeAnswer, of node: String, at now: Duration) {
        switch answer {
        case .answered: answers(node, at: now)
        case .failed(let fault, _):
            switch fault {
            case .refused: fates[node] = .gone
            case .unreachable: if fate(of: node) == .unseen { fates[node] = .gone }
            case .timedOut: fates[node] = .stalled
            case .unavailable, .unauthorized, .protocolViolation, .untrusted, .tlsFailed:
                answers(node, at: now)
            // Cut short, by itself or by us, or never tried: no sign of anything.
            case .closed, .keysUnusable: break
            }
        }
    }

    /// What it was sent before was processed by the first answer since it was left.
    private mutating func answers(_ node: String, at now: Duration) {
        if case .answering = fate(of: node) { return }
        fates[node] = .answering(since: now)
    }
}

extension DeliveryMachine {
    /// Nodes other than the one in use that may have what this one does not hold, and may stand
    /// still.
    private var suspects: [DeliverySettings.Node] {
        guard settings.nodes.count > 1, link.isConnected else { return [] }
        var names = Set(doubtful.lazy.compactMap { lanes[$0]?.doubt?.node })
        if keptWork.hasLaggards { names.formUnion(settings.nodes.map(\.name)) }
        return settings.nodes.filter { node in
            node.name != link.node.name && names.contains(node.name)
                && fates.mayStandStill(node.name)
        }
    }

    /// Those that can be looked at now.
    private var lookable: [DeliverySettings.Node] {
        suspects.filter { node in
            // The way back asks the same of the preferred node, and two would cut each other.
            !(node == settings.nodes[0] && homecoming.isAsking)
                // A look resets all connections, and what is out may still be answered.
                && (flightsElsewhere == 0 || !flights.values.contains { $0.node == node.name })
        }
    }

    /// Looks whether nodes that results wait for stand still.
    mutating func lookAtSuspects(at now: Moment, _ actions: inout [DeliveryAction]) {
        for node in lookable {
            guard let due = fates.lookTime(of: node.name), due <= now.monotonic else { continue }
            let id = nextID()
            fates.looked(id, at: node.name, now: now.monotonic)
            actions.append(.send(.probe(id: id, node: node.id)))
        }
    }

    /// When a node is looked at next; nil when none has to be.
    var nextLook: Duration? { lookable.compactMap { fates.lookTime(of: $0.name) }.min() }

    /// True when the answer was that to a look.
    mutating func lookAnswered(_ id: UInt64, _ answer: ProbeAnswer, at now: Moment) -> Bool {
        guard let node = fates.endLook(id) else { return false }
        fates.learn(answer, of: node, at: now.monotonic)
        return true
    }

    /// True while the node in use may learn from others what they acknowledged before it came into
    /// use.
    func awaitsRelay(at now: Moment) -> Bool {
        guard let usedSince = relayAwaitedSince else { return false }
        return settings.nodes.contains { node in
            node.name != link.node.name
                && now.monotonic < fates.holds(node.name, lostAt: usedSince, settings)
        }
    }

    /// Nodes that stand still while results wait for what they may still do.
    var standingStill: [String] {
        suspects.map(\.name).filter(fates.standsStill)
    }
}
