import Foundation
import Monitoring
import Spool
import TestSupport
import UplinkMessages

@testable import Delivery

/// What breaks in the simulated world: the network, the client, the nodes of the master.
extension SimulatedWorld {
    /// The network between this host and a node goes, or comes back.
    mutating func block() async throws {
        let node = anyNode()
        guard blocked.remove(node) == nil else { return }
        blocked.insert(node)
        try await breakConnection(to: node)
    }

    /// The first node's process stops while its host takes bytes for it, and goes on after a time
    /// that is longer than the relay delay and shorter than the patience with it.
    mutating func stallOnce() async throws {
        stalls += 1
        zone.nodes[0].stall()
        try await breakConnection(to: 0)
        for _ in 0..<Int.random(in: 10...60, using: &random) {
            if Int.random(in: 0..<8, using: &random) == 0 { try await accept() }
            for _ in 0..<10 { try await deliver() }
            try await pass(.seconds(1))
        }
        goOn(0)
        for _ in 0..<20 { try await pass(.milliseconds(250)) }
    }

    /// It reads what its host took for it, and what the other node told it, in any order.
    private mutating func goOn(_ node: Int) {
        guard zone.nodes[node].isStalled else { return }
        zone.nodes[node].goOn()
        if Bool.random(using: &random) { zone.pass(at: monotonic, clock: trueClock) }
        for index in late.indices where late[index].node == node {
            let delay = Duration.milliseconds(Int.random(in: 0..<2000, using: &random))
            late[index].arrival = monotonic + delay
        }
    }

    /// What is on the wire is lost to the client; some of it still arrives.
    mutating func breakConnection(to node: Int) async throws {
        guard connected.remove(node) != nil else { return }
        let lost = wire.filter { $0.node == node }
        wire.removeAll { $0.node == node }
        losses += lost.count
        let text = "broken"
        for request in lost {
            switch request.message {
            case .submit(let submission):
                if zone.nodes[node].isStalled || Bool.random(using: &random) {
                    let delay = Int.random(in: 0..<4900, using: &random)
                    late.append(
                        LateBytes(
                            node: node, submission: submission,
                            arrival: monotonic + .milliseconds(delay)))
                }
                try await tell(
                    .uplink(
                        .outcome(
                            OutcomeReport(
                                id: submission.id, outcome: .lost, text: text,
                                sentAt: request.sentAt, answeredAt: now.wall))))
            case .readBack(let id, _, _):
                try await tell(
                    .uplink(
                        .readBackAnswer(id: id, .failed(.closed, text: text))))
            default: break
            }
        }
        try await tell(.uplink(.link(node: id(of: node), isUp: false)))
    }

    /// The client dies; a new one starts on the same spool.
    ///
    /// Bytes that left may arrive.
    mutating func crashClient() async throws {
        crashes += 1
        for request in wire {
            guard case .submit(let submission) = request.message else { continue }
            let delay = Int.random(in: 0..<4900, using: &random)
            late.append(
                LateBytes(
                    node: request.node, submission: submission,
                    arrival: monotonic + .milliseconds(delay)))
        }
        wire = []
        connected = []
        wakeAt = nil
        machine = Self.machine(
            destination, nodes: zone.nodes.count, seed: random.next(), replay: replay)
        try await load()
    }

    /// A node ends; of two nodes never both, or what only one of them knows would come too late.
    mutating func stopMaster() async throws {
        let node = anyNode()
        let others = zone.nodes.indices.filter { $0 != node }
        guard zone.nodes[node].isUp, others.allSatisfy({ zone.nodes[$0].isAwake }) else { return }
        // What already left either arrived before or never does: the master's host resets it.
        late.removeAll { $0.node == node }
        zone.end(node, cleanly: Bool.random(using: &random), clock: trueClock)
        let keepsArriving = late
        try await breakConnection(to: node)
        late = keepsArriving
    }
}
