import Monitoring
import Testing
import UplinkMessages

@testable import Delivery
@testable import Spool

private let object = ObjectName(host: "h", service: "s")

/// How long results wait for a node that was left, by what it is seen to be.
@Suite struct NodeFateTests {
    /// One result is lost at the first node, which stands still; the second one is in use.
    private func stalled(
        _ lost: ObjectName = object, nodes: Int = 2, relayDelay: Duration = .seconds(30)
    ) throws -> Rehearsal {
        var stage = Rehearsal(nodes: nodes, relayDelay: relayDelay)
        stage.open()
        try stage.lose(lost) { $0.stalled = [0] }
        #expect(stage.machine.link.node.name == "master2")
        return stage
    }

    /// After how many seconds the object's result is at a master; nil when it is not.
    private func wait(
        for object: ObjectName, in stage: inout Rehearsal, atMost seconds: Int,
        each: (inout Rehearsal, Int) -> Void = { _, _ in }
    ) -> Int? {
        for second in 0..<seconds {
            each(&stage, second)
            stage.second()
            if stage.held[object] != nil { return second }
        }
        return nil
    }

    @Test func `what a node that stands still may hold waits for it, and for its patience at most`()
        throws
    {
        var stage = try stalled()
        let other = ObjectName(host: "h", service: "other")
        stage.accept([other])
        #expect(wait(for: object, in: &stage, atMost: 110) == nil)
        #expect(stage.machine.link.node.name == "master2")
        #expect(stage.held[other] != nil, "it stops what it may hold, and nothing else")
        let warnings = stage.machine.report(at: stage.now).warnings
        #expect(warnings.contains { $0.contains("master1 takes connections") })
        #expect(wait(for: object, in: &stage, atMost: 30) != nil)
    }

    @Test func `a node that goes on is waited for no longer than it takes to relay`() throws {
        var stage = try stalled()
        #expect(wait(for: object, in: &stage, atMost: 60) == nil)
        stage.stalled = []
        #expect(wait(for: object, in: &stage, atMost: 25) == nil)
        #expect(wait(for: object, in: &stage, atMost: 20) != nil)
    }

    @Test func `own health of unknown fate holds nothing up at another node`() throws {
        for isStalled in [true, false] {
            var stage = Rehearsal(nodes: 2)
            stage.open()
            try stage.lose(Rehearsal.health) {
                if isStalled { $0.stalled = [0] } else { $0.down = [0] }
            }
            stage.accept([object])
            #expect(wait(for: object, in: &stage, atMost: 10) != nil)
        }
    }

    @Test func `own health that is still out to another node holds nothing up`() throws {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        stage.accept([Rehearsal.health, object])
        let flights = stage.takeSubmissions()
        let other = try #require(flights.first { $0.object == object })
        let health = try #require(flights.first { $0.object == Rehearsal.health })
        stage.stalled = [0]
        stage.end(other, .lost)
        let next = ObjectName(host: "h", service: "next")
        stage.accept([next])
        #expect(wait(for: next, in: &stage, atMost: 10) != nil)
        // What is said of it in the end is nothing to anybody.
        stage.end(health, .lost)
        #expect(stage.machine.lanes[Rehearsal.health]?.doubt == nil)
        #expect(stage.machine.flightsElsewhere == 0)
    }

    @Test func `own health that another node lacks holds nothing up`() throws {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        let stamp = try #require(stage.held[Rehearsal.health])
        stage.kept = [
            KeptLane(
                object: Rehearsal.health, count: 1, newestStamp: stamp,
                newestAcknowledged: stage.now.wall, oldestAcknowledged: stage.now.wall)
        ]
        stage.held[Rehearsal.health] = nil
        stage.stalled = [0]
        stage.failLink()
        stage.accept([object])
        #expect(wait(for: object, in: &stage, atMost: 10) != nil)
        #expect(stage.judged.isEmpty, "nothing old is sent again")
    }

    @Test func `that a stopped process's host takes no connection any more proves nothing`() throws
    {
        var stage = try stalled()
        for _ in 0..<60 { stage.second() }
        stage.stalled = []
        stage.unreachable = [0]
        #expect(wait(for: object, in: &stage, atMost: 45) == nil)
        #expect(wait(for: object, in: &stage, atMost: 30) != nil)
    }

    @Test func `a node that goes on and answers no is waited for as long as it may relay`() throws {
        var stage = try stalled()
        for _ in 0..<60 { stage.second() }
        stage.stalled = []
        stage.busy = [0]
        #expect(wait(for: object, in: &stage, atMost: 26) == nil)
        #expect(wait(for: object, in: &stage, atMost: 20) != nil)
    }

    @Test func `a stopped process that is ended is waited for no longer`() throws {
        var stage = try stalled()
        for _ in 0..<60 { stage.second() }
        stage.stalled = []
        stage.down = [0]
        #expect(wait(for: object, in: &stage, atMost: 12) != nil)
    }

    @Test func `a peer that flaps does not prolong the patience`() throws {
        var stage = try stalled()
        let waited = wait(for: object, in: &stage, atMost: 200) { stage, second in
            guard second % 40 == 39 else { return }
            stage.failLink()
            stage.accept([ObjectName(host: "h", service: "tick\(second)")])
        }
        #expect(waited != nil)
    }

    @Test func `a first node that answers and is no use is not waited for for ever`() throws {
        var stage = Rehearsal(nodes: 2, relayDelay: .seconds(300))
        stage.open()
        try stage.lose(object) { $0.useless = [0] }
        #expect(wait(for: object, in: &stage, atMost: 400) != nil)
    }

    @Test func `of three nodes the last one gets what the first one may hold, in time`() throws {
        var stage = try stalled(nodes: 3)
        stage.down = [1]
        stage.failLink()
        stage.settle()
        #expect(stage.machine.link.node.name == "master3")
        let waited = try #require(wait(for: object, in: &stage, atMost: 200))
        #expect((90...130).contains(waited))
    }

    @Test func `the grace counts from the first answer of a node that stood still`() throws {
        var stage = Rehearsal(nodes: 1)
        stage.open()
        try stage.lose(object) { $0.stalled = [0] }
        for _ in 0..<120 { stage.second() }
        stage.stalled = []
        var answeredAt: Duration?
        while stage.held[object] == nil, stage.now.monotonic < .seconds(2000) {
            stage.pass(.milliseconds(50))
            if answeredAt == nil, !stage.probes.isEmpty { answeredAt = stage.now.monotonic }
            stage.serve()
        }
        let waited = stage.now.monotonic - (try #require(answeredAt))
        #expect(waited >= .seconds(5) && waited < .seconds(7))
    }

    @Test func `nothing that is out is lost to a look`() throws {
        var stage = Rehearsal(nodes: 2)
        stage.open()
        stage.accept((0..<100).map { ObjectName(host: "h", service: "o\($0)") })
        let flights = stage.takeSubmissions()
        try #require(flights.count == 100)
        // One of four connections ends; the others are well.
        for flight in flights.prefix(25) { stage.end(flight, .lost) }
        let isLook = { (message: DaemonMessage) in
            if case .probe(_, let node) = message { node.index == 0 } else { false }
        }
        for _ in 0..<20 {
            stage.serve { !isLook($0) }
            stage.pass(.milliseconds(10))
        }
        #expect(!stage.probes.contains(0))
        for flight in flights.suffix(75) { stage.end(flight, .processed) }
        stage.pass(.milliseconds(10))
        #expect(stage.probes.contains(0), "now it can be looked at")
    }
}

extension Rehearsal {
    /// One result of the object is out when something happens to the first node, and lost.
    fileprivate mutating func lose(
        _ object: ObjectName, _ happen: (inout Rehearsal) -> Void
    ) throws {
        accept([object])
        let lost = try #require(submissions.first)
        happen(&self)
        end(lost, .lost)
        _ = takeSubmissions()
        settle()
    }

    fileprivate mutating func second() {
        pass(.seconds(1))
        serve()
    }
}
