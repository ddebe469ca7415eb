import Monitoring
import Spool
import TestSupport
import Testing

/// The rule by itself: which of the results that wait can be skipped.
@Suite struct ReplayRuleTests {
    /// What is delivered of `states`, each with what it changed on a service with three attempts
    /// that was fine, or stood as `from` says; one a second from `start` on.
    private func delivered(
        _ states: [ServiceState],
        _ rule: ReplayRule,
        from: CheckState = CheckState(state: .ok, type: .hard, attempt: 1),
        pinned: Set<Int> = []
    ) -> [Int] {
        var standing = from
        var rows: [ReplayRule.Row] = []
        for (place, state) in states.enumerated() {
            let significance = standing.apply(state, maxCheckAttempts: 3, kind: .service)
            rows.append(
                ReplayRule.Row(
                    significance: significance, isFine: state == .ok,
                    executionStart: start + .seconds(place), isPinned: pinned.contains(place)))
        }
        var left = Array(rows.indices)
        for pass in rule.passes() {
            let skipped = Set(rule.judge(left.map { rows[$0] }, in: pass).skipped)
            left = left.indices.filter { !skipped.contains($0) }.map { left[$0] }
        }
        return left
    }

    private let hard = CheckState(state: .critical, type: .hard, attempt: 1)

    @Test func `all skips nothing`() {
        #expect(ReplayRule().passes() == [])
        #expect(delivered([.ok, .ok, .critical, .critical], ReplayRule()) == [0, 1, 2, 3])
    }

    @Test func `changes skips what changed nothing, but never the newest`() {
        let rule = ReplayRule(.changes)
        #expect(delivered([.ok, .ok, .ok], rule) == [2])
        #expect(delivered([.critical, .critical, .ok, .ok], rule, from: hard) == [2, 3])
        let problem: [ServiceState] = [.critical, .critical, .critical, .critical, .critical]
        #expect(delivered(problem, rule) == [0, 1, 2, 4], "attempts are changes")
        #expect(delivered([.critical, .warning, .warning, .ok], rule) == [0, 1, 2, 3])
    }

    @Test func `changes keeps the last OK before a problem`() {
        #expect(delivered([.ok, .ok, .critical], ReplayRule(.changes)) == [1, 2])
    }

    @Test func `latest keeps of an OK the newest alone`() {
        let rule = ReplayRule(.latest)
        #expect(delivered([.ok, .critical, .critical, .critical, .ok], rule) == [4])
        #expect(delivered([.critical, .critical, .ok, .ok], rule, from: hard) == [3])
    }

    @Test func `latest keeps of a problem how it came about since the last OK`() {
        let rule = ReplayRule(.latest)
        let states: [ServiceState] = [
            .critical, .critical, .ok, .ok, .warning, .critical, .critical, .critical, .critical,
        ]
        #expect(delivered(states, rule) == [3, 4, 5, 6, 8])
        let endless: [ServiceState] = [.critical, .critical, .critical, .warning, .warning]
        #expect(delivered(endless, rule, from: hard) == [3, 4], "no OK waits")
    }

    @Test func `an age has old results judged as latest and leaves the others alone`() {
        let states: [ServiceState] = [
            .critical, .ok, .ok, .warning, .warning, .warning, .warning, .warning, .ok, .ok, .ok,
        ]
        let old = { ReplayRule($0, oldest: start + .seconds($1)) }
        #expect(delivered(states, old(.all, 7)) == [2, 3, 4, 5, 7, 8, 9, 10])
        #expect(delivered(states, old(.changes, 7)) == [8, 10])
        #expect(delivered(states, old(.changes, 5)) == [2, 3, 4, 5, 8, 10])
        #expect(delivered(states, old(.all, 8)) == [8, 9, 10], "an OK follows what is old")
        #expect(delivered(states, old(.all, 100)) == [10], "the newest stays, however old")
        #expect(delivered(states, old(.all, 0)) == Array(states.indices))
    }

    @Test func `what the master may know stays, and what leads to it`() {
        let states: [ServiceState] = [.critical, .critical, .critical, .ok]
        #expect(delivered(states, ReplayRule(.latest), pinned: [0]) == [0, 3])
        #expect(delivered(states, ReplayRule(.latest), pinned: [1]) == [0, 1, 3])
    }

    @Test func `hosts are judged by UP and DOWN`() {
        // A host's WARNING means UP: the step says so, see ReplayTests.
        let rows = [Significance.change, .change, .unchanged].map {
            ReplayRule.Row(significance: $0, isFine: true, executionStart: start)
        }
        #expect(ReplayRule(.latest).judge(rows, in: .standing).skipped == [0, 1])
    }

    // MARK: The law

    /// Every delivered result leaves the master where the object stood here, from every standing
    /// before, whenever and however often the rule is applied while more results come and go.
    @Test(arguments: ReplayMode.allCases, [ObjectKind.service, .host])
    func `the master follows the object's standing whatever is skipped`(
        mode: ReplayMode, kind: ObjectKind
    ) {
        var random = SeededGenerator(seed: 7)
        var skipped = 0
        for maximum in 1...5 {
            for first in Lane.standings(maximum) {
                for _ in 0..<12 {
                    var lane = Lane(first, maximum, kind, mode)
                    for _ in 0..<40 { lane.step(&random) }
                    lane.deliverAll()
                    #expect(lane.master == lane.here, "\(mode) \(maximum) \(first)")
                    skipped += lane.skipped
                }
            }
        }
        #expect(skipped > 1000)
    }

    /// What results in that stood elsewhere, because it lost something, is right from the first OK.
    @Test(arguments: ReplayMode.allCases)
    func `a master that stood elsewhere is right from the first OK on`(mode: ReplayMode) {
        var random = SeededGenerator(seed: 8)
        var cured = 0
        for maximum in 1...4 {
            for first in Lane.standings(maximum) {
                for elsewhere in Lane.standings(maximum) {
                    var lane = Lane(first, maximum, .service, mode)
                    for _ in 0..<12 { lane.step(&random, delivering: false) }
                    lane.master = elsewhere
                    let hadOK = lane.waits { $0 == .ok }
                    lane.isFollowing = false
                    lane.deliverAll()
                    guard hadOK else { continue }
                    #expect(lane.master == lane.here, "\(mode) \(maximum) \(first) \(elsewhere)")
                    cured += 1
                }
            }
        }
        #expect(cured > 500)
    }

    /// One object and its results that wait, beside a master that takes them.
    private struct Lane {
        static func standings(_ maximum: Int) -> [CheckState] {
            ServiceState.allCases.flatMap { state in
                [StateType.soft, .hard].flatMap { type in
                    (1...maximum).map { CheckState(state: state, type: type, attempt: $0) }
                }
            }
        }

        private struct Waiting {
            var row: ReplayRule.Row
            var state: ServiceState
            var after: CheckState
        }

        private let maximum: Int
        private let kind: ObjectKind
        private let mode: ReplayMode
        private var waiting: [Waiting] = []
        private var seconds = 0
        private(set) var here: CheckState
        var master: CheckState
        private(set) var skipped = 0
        /// True while each delivered result must leave the master as it left the object.
        var isFollowing = true

        init(_ first: CheckState, _ maximum: Int, _ kind: ObjectKind, _ mode: ReplayMode) {
            here = first
            master = first
            (self.maximum, self.kind, self.mode) = (maximum, kind, mode)
            // Without any result both stand as before; one is always there.
            accept(.critical)
        }

        func waits(_ isWanted: (ServiceState) -> Bool) -> Bool {
            waiting.contains { isWanted($0.state) }
        }

        mutating func step(_ random: inout SeededGenerator, delivering: Bool = true) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<7:
                // Long runs of one state, so that there is something to skip.
                let isSame = Int.random(in: 0..<10, using: &random) < 6
                accept(
                    isSame ? here.state : ServiceState.allCases.randomElement(using: &random) ?? .ok
                )
            case 7..<9:
                let age: Duration? =
                    Bool.random(using: &random)
                    ? .seconds(Int.random(in: 0...20, using: &random)) : nil
                skip(age: mode == .all ? age ?? .seconds(5) : age)
            default: if delivering { deliver() }
            }
        }

        private mutating func accept(_ state: ServiceState) {
            seconds += 1
            let significance = here.apply(state, maxCheckAttempts: maximum, kind: kind)
            let row = ReplayRule.Row(
                significance: significance, isFine: !kind.isProblem(state),
                executionStart: start + .seconds(seconds))
            waiting.append(Waiting(row: row, state: state, after: here))
        }

        private mutating func skip(age: Duration?) {
            let rule = ReplayRule(mode, oldest: age.map { start + .seconds(seconds) - $0 })
            for pass in rule.passes() {
                let gone = Set(rule.judge(waiting.map(\.row), in: pass).skipped)
                skipped += gone.count
                waiting = waiting.indices.filter { !gone.contains($0) }.map { waiting[$0] }
            }
        }

        private mutating func deliver() {
            guard !waiting.isEmpty else { return }
            let next = waiting.removeFirst()
            _ = master.apply(next.state, maxCheckAttempts: maximum, kind: kind)
            if isFollowing { #expect(master == next.after) }
        }

        mutating func deliverAll() {
            skip(age: .seconds(5))
            while !waiting.isEmpty { deliver() }
        }
    }
}
