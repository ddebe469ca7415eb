import Monitoring
import Testing
import UplinkMessages

@testable import Delivery
@testable import Spool

private let object = ObjectName(host: "h", service: "s")

/// What the machine does about a zone of two nodes, one event at a time.
@Suite struct ZoneTests {
    @Test func `a failed node gives way to the next, and after the last the first is tried again`()
    {
        let nodes = (0..<2).map { index in
            DeliverySettings.Node(id: NodeID(index: index), name: "master\(index + 1)")
        }
        var random = SplitMix(seed: 1)
        var link = DeliveryLink(nodes: nodes)
        let now = Moment(wall: Rehearsal.start, monotonic: .seconds(1))
        link.uplinkStarted()
        link.failed("first", at: now, using: &random)
        #expect(link.node == nodes[1])
        #expect(link.phase == .resting)
        link.failed("second", at: now, using: &random)
        guard case .waiting = link.phase else {
            Issue.record("both failed, and \(link.phase)")
            return
        }
        #expect(link.node == nodes[0])
    }

    @Test func `a lease for one node is not sent to another`() throws {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        stage.holdsCommits = true
        stage.accept([object])
        try #require(stage.batches.last?.leases.map(\.node) == ["master1"])
        stage.down = [0]
        stage.failLink()
        stage.serve { if case .probe = $0 { true } else { false } }
        _ = stage.take()
        stage.commitLast()
        #expect(stage.submissions.isEmpty)
        stage.settle()
        #expect(stage.held[object] != nil, "it went to the other node under a new lease")
    }

    @Test func `a result of unknown fate is asked about at the peer at once, and sent there late`()
        throws
    {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        stage.accept([object])
        let lost = try #require(stage.submissions.first)
        stage.down = [0]
        stage.end(lost, .lost)
        _ = stage.takeSubmissions()
        stage.settle()
        #expect(stage.machine.link.node.name == "master2")
        #expect(stage.machine.lanes[object]?.doubt != nil, "the peer does not hold it yet")
        stage.pass(.seconds(33))
        stage.serve()
        #expect(stage.machine.lanes[object]?.doubt != nil)
        #expect(stage.held[object] == nil)
        stage.pass(.seconds(3))
        stage.settle()
        #expect(stage.held[object] != nil)
    }

    @Test func `a result of unknown fate that the peer holds is settled at once`() throws {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        stage.accept([object])
        let lost = try #require(stage.submissions.first)
        stage.down = [0]
        stage.held[object] = lost.executionStart
        stage.end(lost, .lost)
        _ = stage.takeSubmissions()
        stage.settle()
        #expect(stage.machine.lanes[object]?.doubt == nil)
        #expect(stage.machine.counts.repeated == 0)
    }

    @Test func `what comes late from a node that was left does not fail the one in use`() throws {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        let others = (0..<2).map { ObjectName(host: "h", service: "late\($0)") }
        stage.accept(others)
        let flights = stage.takeSubmissions()
        try #require(flights.count == 2)
        stage.end(flights[0], .unavailable)
        stage.settle()
        try #require(stage.machine.link.node.name == "master2")
        stage.end(flights[1], .lost)
        #expect(stage.machine.link.node.name == "master2")
        #expect(stage.machine.link.phase == .open)
        // No fence of the new node has to come: that the other one is gone, and time, is enough.
        stage.down = [0]
        stage.settle()
        stage.pass(.seconds(40))
        stage.settle()
        #expect(stage.machine.report(at: stage.now).doubtful == 0)
    }

    @Test func `what a peer has not replicated is held, not sent again, until the relay delay`() {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        stage.accept([object])
        stage.settle()
        let stamp = stage.held[object] ?? Rehearsal.start
        stage.kept = [
            KeptLane(
                object: object, count: 1, newestStamp: stamp,
                newestAcknowledged: stage.now.wall, oldestAcknowledged: stage.now.wall)
        ]
        stage.held[object] = nil
        stage.down = [0]
        stage.failLink()
        stage.accept([object])
        stage.settle()
        #expect(stage.machine.link.node.name == "master2")
        #expect(stage.machine.lanes[object]?.stage == .held)
        #expect(stage.judged.isEmpty)
        for _ in 0..<28 {
            stage.pass(.seconds(1))
            stage.serve()
        }
        #expect(stage.judged.isEmpty)
        #expect(stage.held[object] == nil)
        for _ in 0..<20 {
            stage.pass(.seconds(1))
            stage.serve()
        }
        #expect(stage.judged.map(\.isForgotten) == [true])
    }

    @Test func `a node that does not know this host is left for the next one`() {
        var stage = Rehearsal(nodes: 2)
        stage.strangers = [0]
        stage.open()
        stage.accept([object])
        stage.settle()
        #expect(stage.machine.link.node.name == "master2")
        #expect(stage.held[object] != nil)
    }

    @Test func `where no node knows this host delivery goes on all the same`() {
        var stage = Rehearsal(nodes: 2)
        stage.strangers = [0, 1]
        stage.open()
        stage.accept([object])
        for _ in 0..<10 {
            stage.pass(.seconds(1))
            stage.serve()
        }
        #expect(stage.held[object] != nil)
        let warnings = stage.machine.report(at: stage.now).warnings
        #expect(warnings.contains { $0.contains("skew is taken as 0") })
    }

    @Test func `an object that one node does not know is tried at the other`() {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        stage.answers[object] = .objectUnknown
        stage.accept([object])
        stage.settle()
        #expect(stage.machine.lanes[object]?.stage == .sleeping)
        stage.answers = [:]
        stage.down = [0]
        stage.failLink()
        stage.accept([ObjectName(host: "h", service: "other")])
        stage.settle()
        #expect(stage.held[object] != nil)
    }

    @Test func `the first node is used again after a minimum stay, when it has caught up`() {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        stage.fallOver()
        stage.down = []
        stage.pass(.seconds(59))
        #expect(stage.probes.isEmpty)
        stage.pass(.seconds(62))
        #expect(stage.probes == [0])
        // It answers, but does not hold the newest own health yet.
        let health = stage.held[Rehearsal.health]
        stage.held[Rehearsal.health] = Rehearsal.start - .seconds(60)
        stage.serve()
        #expect(stage.machine.link.node.name == "master2")
        stage.held[Rehearsal.health] = health
        for _ in 0..<3 {
            stage.pass(.seconds(1))
            stage.serve()
        }
        #expect(stage.machine.link.node.name == "master1")
        #expect(stage.machine.link.phase == .open)
    }

    @Test func `nothing is in flight when the node changes back`() throws {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        stage.fallOver()
        stage.accept([object])
        let flight = try #require(stage.takeSubmissions().first)
        stage.down = []
        stage.pass(.seconds(121))
        stage.serve { if case .submit = $0 { false } else { true } }
        stage.accept([ObjectName(host: "h", service: "new")])
        #expect(stage.submissions.isEmpty, "nothing new goes to the node that is being left")
        #expect(stage.machine.link.node.name == "master2")
        stage.end(flight, .processed)
        #expect(stage.machine.link.node.name == "master1")
    }

    @Test func `a first node that flaps is returned to after longer and longer stays`() {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        var stays: [Duration] = []
        for _ in 0..<4 {
            stage.fallOver()
            let left = stage.now.monotonic
            stage.down = []
            while stage.machine.link.isAway {
                stage.pass(.seconds(1))
                stage.serve()
            }
            stays.append(stage.now.monotonic - left)
            stage.accept([object])
            stage.settle()
        }
        for (one, next) in zip(stays, stays.dropFirst()) { #expect(next > one * 1.1) }
        #expect(stays[0] >= .seconds(60))
    }
}

extension Rehearsal {
    /// The first node is gone and the second one is in use.
    fileprivate mutating func fallOver() {
        down = [0]
        failLink()
        accept([ObjectName(host: "h", service: "any")])
        settle()
    }
}
