import Monitoring
import TestSupport

/// The nodes of one zone: each takes results and relays them to the other one, a little later.
///
/// - Source: Icinga 2 relays in order over one connection, and keeps a log for a node that is away;
///   what was not yet relayed when the sender crashed is lost.
struct SimulatedZone {
    private struct Relay {
        var from: Int
        var to: Int
        var object: ObjectName
        var stamp: Timestamp
        var output: String
        var due: Duration
    }

    var nodes: [SimulatedMaster]
    /// How far each node's clock is ahead.
    var skews: [Duration]
    private var relays: [Relay] = []
    /// How many results one node told the other.
    private(set) var relayed = 0

    init(skews: [Duration], discardsSilently: Bool) {
        self.skews = skews
        nodes = skews.map { _ in SimulatedMaster(discardsSilently: discardsSilently) }
    }

    var crashes: Int { nodes.map(\.crashes).reduce(0, +) }

    /// A node takes a submission at `now`, when its clock without skew would show `clock`.
    mutating func submit(
        _ object: ObjectName, _ stamp: Timestamp, _ output: String, to node: Int,
        at now: Duration, clock: Timestamp, using random: inout SeededGenerator
    ) -> SimulatedMaster.SubmissionAnswer {
        let answer = nodes[node].submit(object, stamp, output, at: clock + skews[node])
        guard answer == .processed else { return answer }
        for other in nodes.indices where other != node {
            let lag = Duration.milliseconds(Int.random(in: 1...1500, using: &random))
            let last = relays.last { $0.from == node && $0.to == other }?.due ?? .zero
            relays.append(
                Relay(
                    from: node, to: other, object: object, stamp: stamp, output: output,
                    due: max(now + lag, last)))
        }
        return answer
    }

    /// What is due arrives where somebody is up to take it.
    mutating func pass(at now: Duration, clock: Timestamp) {
        let isDue = { [nodes] (relay: Relay) in
            relay.due <= now && nodes[relay.to].isAwake && nodes[relay.from].isAwake
        }
        let due = relays.filter(isDue)
        relays.removeAll(where: isDue)
        for relay in due { take(relay, clock) }
    }

    private mutating func take(_ relay: Relay, _ clock: Timestamp) {
        relayed += 1
        _ = nodes[relay.to].submit(
            relay.object, relay.stamp, relay.output, at: clock + skews[relay.to])
    }

    /// A node ends: cleanly, or with all that it did not write down or relay.
    mutating func end(_ node: Int, cleanly: Bool, clock: Timestamp) {
        // A stopped process can only be killed.
        let cleanly = cleanly && nodes[node].isAwake
        let own = relays.filter { $0.from == node }
        relays.removeAll { $0.from == node }
        if cleanly {
            for relay in own { take(relay, clock) }
            nodes[node].stop()
        } else {
            nodes[node].crash()
            // Two nodes that crash one soon after the other can both forget a result that each of
            // them held once, under a newer one: the limit of what a comparison can see.
            for other in nodes.indices where other != node { nodes[other].dump() }
        }
    }

    /// A node is back; the other one's log follows a little later.
    mutating func start(_ node: Int, at now: Duration) {
        guard !nodes[node].isUp else { return }
        nodes[node].start()
        for index in relays.indices where relays[index].to == node {
            relays[index].due = max(relays[index].due, now + .seconds(3))
        }
    }

    /// True when every node knows what the others know.
    var isReplicated: Bool { relays.isEmpty }
}
