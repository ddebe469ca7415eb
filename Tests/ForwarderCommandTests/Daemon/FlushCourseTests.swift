import Delivery
import Testing

@testable import ForwarderCommand

/// When a flush is over.
@Suite struct FlushCourseTests {
    private typealias Waiting = FlushCourse.Waiting

    private static func way(
        _ delivered: Int, fault: String? = nil, isIdle: Bool = false, warnings: [String] = []
    ) -> [FlushCourse.Way] {
        [
            FlushCourse.Way(
                destination: "m", delivered: delivered, fault: fault, isIdle: isIdle,
                warnings: warnings)
        ]
    }

    private static func waiting(
        _ count: Int, parked: Int = 0, untried: Int = 0, isOld: Bool = true
    ) -> [Waiting] {
        guard count > 0 else { return [] }
        let reasons = parked > 0 ? ["unknown there"] : []
        return [
            Waiting(
                destination: "m", count: count, parkedCount: parked, untriedCount: untried,
                reasons: reasons, isOldLeft: isOld)
        ]
    }

    private static let patience = [
        "m": FlushCourse.Patience(turns: .seconds(80), silent: .seconds(200))
    ]

    private static func course(_ inflow: FlushCourse.Inflow) -> FlushCourse {
        FlushCourse(ways: way(100), inflow: inflow, patience: patience, at: .zero)
    }

    @Test func `it is complete when nothing waits any more, and counts what it delivered`() {
        var course = Self.course(.none)
        let first = course.look(waiting: Self.waiting(1), ways: Self.way(102), at: .seconds(1))
        #expect(first.outcome == nil)
        #expect(first.progress == FlushProgress(total: 3, done: 2, obstacle: nil))
        let last = course.look(waiting: [], ways: Self.way(103), at: .seconds(2))
        #expect(last.outcome == FlushOutcome(delivered: 3, left: []))
    }

    @Test func `what is skipped waits no more, and is not told as delivered`() {
        var course = Self.course(.goesOn)
        let way = FlushCourse.Way(destination: "m", delivered: 102, skipped: 7, fault: nil)
        let step = course.look(
            waiting: Self.waiting(1, isOld: false), ways: [way], at: .seconds(1))
        #expect(step.outcome == FlushOutcome(delivered: 2, left: []))
    }

    @Test func `beside a daemon it ends with what waited at the start, alone with the last one`() {
        for inflow in [FlushCourse.Inflow.goesOn, .none] {
            var course = Self.course(inflow)
            let early = course.look(waiting: Self.waiting(2), ways: Self.way(109), at: .zero)
            #expect(early.outcome == nil, "what came since went first")
            let step = course.look(
                waiting: Self.waiting(2, isOld: false), ways: Self.way(113), at: .seconds(1))
            #expect((step.outcome != nil) == (inflow == .goesOn))
            if let outcome = step.outcome { #expect(outcome.isComplete && outcome.delivered == 13) }
        }
    }

    /// A course that sees these faults second by second until it is over.
    private static func end(
        _ inflow: FlushCourse.Inflow = .none,
        _ way: (Int) -> [FlushCourse.Way]
    ) -> (second: Int, outcome: FlushOutcome)? {
        var course = Self.course(inflow)
        for second in 1...600 {
            let step = course.look(
                waiting: waiting(3), ways: way(second), at: .seconds(second))
            if let outcome = step.outcome { return (second, outcome) }
        }
        return nil
    }

    @Test func `a failing destination is given up once its fault stayed for the patience`() {
        let end = Self.end { second in
            Self.way(second < 9 ? 100 : 101, fault: "refused", isIdle: true)
        }
        #expect(end?.second == 20)
        #expect(end?.outcome.delivered == 1)
        #expect(end?.outcome.left == [.init(destination: "m", count: 3, reason: "refused")])
    }

    @Test(arguments: [FlushCourse.Inflow.goesOn, .none])
    func `a silent first node is no end: the fault counts from when it is seen`(
        inflow: FlushCourse.Inflow
    ) {
        // Nothing for the whole connect_timeout, then the second node's connection begins.
        let end = Self.end(inflow) { second in
            second < 15 ? Self.way(100) : Self.way(100, fault: "silent", isIdle: second > 40)
        }
        #expect(end?.second == 41, "not before the second node had its turn as well")
        let healed = Self.end(inflow) { second in
            let fault = (15..<40).contains(second) ? "silent" : nil
            return Self.way(second < 40 ? 100 : 103 + second, fault: fault)
        }
        #expect(healed == nil, "the second node takes everything")
    }

    @Test func `a fault that was there before the flush is one of nobody's turn`() {
        // In the first moment the way still waits as it did; then all nodes are tried.
        let end = Self.end { second in
            Self.way(100, fault: "silent", isIdle: second < 1 || second > 30)
        }
        #expect(end?.second == 31)
        var course = Self.course(.none)
        let way = Self.way(100, fault: "silent", isIdle: true)
        _ = course.look(waiting: Self.waiting(3), ways: way, at: .milliseconds(100))
        let busy = Self.way(100, fault: "silent")
        let step = course.look(waiting: Self.waiting(3), ways: busy, at: .seconds(12))
        #expect(step.outcome == nil)
    }

    @Test func `turns that never end are waited for as long as they may take`() {
        #expect(Self.end { _ in Self.way(100, fault: "the disk is full") }?.second == 1 + 91)
    }

    @Test func `an uplink that is gone tries nobody, and one that comes again tries everybody`() {
        var way = FlushCourse.Way(destination: "m", delivered: 100, fault: "gone", isAbsent: true)
        #expect(Self.end { _ in [way] }?.second == 12)
        let end = Self.end { second in
            way.isAbsent = second < 10
            way.isIdle = second >= 40
            return [way]
        }
        #expect(end?.second == 40)
    }

    @Test(arguments: [FlushCourse.Inflow.goesOn, .none])
    func `what is set aside ends it at once and is told with its reason`(
        inflow: FlushCourse.Inflow
    ) {
        var course = Self.course(inflow)
        let step = course.look(
            waiting: Self.waiting(2, parked: 2), ways: Self.way(103), at: .seconds(1))
        #expect(
            step.outcome?.left == [.init(destination: "m", count: 2, reason: "unknown there")])
        let open = course.look(
            waiting: Self.waiting(4, parked: 2), ways: Self.way(101), at: .seconds(1))
        #expect(open.outcome == nil)
    }

    @Test(arguments: [FlushCourse.Inflow.goesOn, .none])
    func `what was set aside before is tried before the flush is over`(
        inflow: FlushCourse.Inflow
    ) {
        var course = Self.course(inflow)
        func look(_ waiting: [Waiting], _ second: Int, fault: String? = nil) -> FlushOutcome? {
            course.look(
                waiting: waiting, ways: Self.way(100, fault: fault, isIdle: fault != nil),
                at: .seconds(second)
            ).outcome
        }
        let before = Self.waiting(3, parked: 3, untried: 3, isOld: false)
        #expect(look(before, 1) == nil)
        #expect(look(Self.waiting(3, parked: 3, untried: 1, isOld: false), 2) == nil)
        #expect(look(Self.waiting(3, parked: 3, isOld: false), 3)?.left.map(\.count) == [3])
        course = Self.course(inflow)
        #expect(look(before, 100, fault: "refused") == nil)
        let bounded = look(before, 111, fault: "refused")
        #expect(bounded?.left == [.init(destination: "m", count: 3, reason: "refused")])
    }

    @Test func `what holds results back without failing is the reason for what is left`() {
        let end = Self.end { _ in Self.way(100, warnings: ["m1 stands still.", "Restart it."]) }
        #expect(end?.second == 201)
        #expect(end?.outcome.left.map(\.reason) == ["m1 stands still. Restart it."])
    }

    @Test func `a destination of which nothing is heard is given up after a longer while`() {
        var course = Self.course(.goesOn)
        let look = { (course: inout FlushCourse, seconds: Int) in
            course.look(waiting: Self.waiting(3), ways: Self.way(100), at: .seconds(seconds))
        }
        #expect(look(&course, 200).outcome == nil)
        #expect(look(&course, 201).outcome?.left.map(\.count) == [3])
    }

    @Test func `one destination that is done does not end the wait for another`() {
        let ways = ["a", "b"].map { FlushCourse.Way(destination: $0, delivered: 0, fault: nil) }
        let both = ["a", "b"].map { Waiting(destination: $0, count: 1) }
        var course = FlushCourse(
            ways: ways, inflow: .none,
            patience: ["a": Self.patience["m"], "b": Self.patience["m"]].compactMapValues { $0 },
            at: .zero)
        let step = course.look(
            waiting: [both[1]], ways: [.init(destination: "a", delivered: 1), ways[1]],
            at: .seconds(1))
        #expect(step.outcome == nil)
    }

    @Test func `connections that fail are tried again, once a second at most`() {
        var course = Self.course(.none)
        func hurries(at milliseconds: Int, fault: String?) -> Bool {
            course.look(
                waiting: Self.waiting(1), ways: Self.way(100, fault: fault),
                at: .milliseconds(milliseconds)
            ).shouldHurry
        }
        #expect(!hurries(at: 900, fault: "down"))
        #expect(!hurries(at: 1100, fault: nil))
        #expect(hurries(at: 1200, fault: "down"))
        #expect(!hurries(at: 2100, fault: "down"))
        #expect(hurries(at: 2300, fault: "down"))
    }

    @Test func `a destination's patience is what its settings may take`() throws {
        let configuration = try ConfigurationFixture.load(
            ConfigurationFixture.master(
                "m1",
                """
                zone = "z", connect_timeout = 3, answer_timeout = 4, grace = 7, relay_delay = 20
                """)
                + ConfigurationFixture.master(
                    "m2",
                    """
                    zone = "z", connect_timeout = 1, answer_timeout = 2, stall_patience = 1000
                    """))
        let patience = try #require(configuration.flushPatience["z"])
        #expect(configuration.flushPatience.count == 1)
        #expect(patience.turns == .seconds(3 + 4 + 1 + 2))
        #expect(patience.failing == .seconds(10))
        // The longest wait for a node that stands still, for the others to be told, and the rest.
        #expect(patience.silent == .seconds(1000 + 30 + 7 + 10 + 10))
    }
}
