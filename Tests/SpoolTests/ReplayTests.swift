import Monitoring
import Spool
import Testing

/// Skipping results as their lane is leased.
@Suite struct ReplayTests {
    @Test func `latest leases the newest OK, and counts and deletes what it passed`() async throws {
        let scene = try await Scene()
        try await scene.append(disk, [.ok, .critical, .critical, .ok, .ok])
        let answer = try await scene.exchange(disk, ReplayRule(.latest))
        #expect(answer.leased.map(\.result.output) == ["number 5"])
        #expect(answer.compacted == [disk: 4])
        let lane = try #require(try await scene.lane(disk))
        #expect((lane.queued, lane.losses.compacted) == (0, 4))
        #expect(try await scene.spool.status().destinations[0].losses.compacted == 4)
        #expect(try await scene.spool.entries().map(\.result.output) == ["number 5"])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `changes keeps the newest until there is a newer one`() async throws {
        let scene = try await Scene()
        try await scene.append(disk, [.critical, .critical, .critical, .critical, .critical])
        var outputs: [String] = []
        for _ in 0..<3 {
            outputs += try await scene.leaseAndDeliver(disk, ReplayRule(.changes))
        }
        try await scene.append(disk, [.critical, .critical], from: 6)
        outputs += try await scene.leaseAndDeliver(disk, ReplayRule(.changes))
        #expect(outputs == [1, 2, 3, 7].map { "number \($0)" })
        #expect(try await scene.lane(disk)?.losses.compacted == 3)
        #expect(try await scene.lane(disk)?.queued == 0)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `results that are older than the age go, by the time at the lease`() async throws {
        let scene = try await Scene()
        try await scene.append(disk, [.ok, .ok, .ok, .ok, .ok])
        let young = ReplayRule(.all, oldest: start + .seconds(3))
        #expect(try await scene.leaseAndDeliver(disk, young) == ["number 3"])
        let later = ReplayRule(.all, oldest: start + .seconds(60))
        #expect(try await scene.leaseAndDeliver(disk, later) == ["number 5"])
        #expect(try await scene.lane(disk)?.losses.compacted == 3)
    }

    @Test func `a host's WARNING is UP`() async throws {
        let host = ObjectName(host: "web01")
        let scene = try await Scene()
        try await scene.append(host, [.critical, .warning, .critical])
        let rule = ReplayRule(.latest)
        #expect(try await scene.leaseAndDeliver(host, rule) == ["number 2"])
        #expect(try await scene.leaseAndDeliver(host, rule) == ["number 3"])
    }

    @Test func `another destination keeps what one skipped`() async throws {
        let scene = try await Scene(destinations: ["latest", "all"])
        try await scene.append(disk, [.ok, .ok, .ok])
        #expect(try await scene.leaseAndDeliver(disk, ReplayRule(.latest)) == ["number 3"])
        #expect(try await scene.lane(disk, at: 1)?.queued == 3)
        #expect(try await scene.lane(disk, at: 1)?.losses.isEmpty == true)
        var outputs: [String] = []
        for _ in 1...3 { outputs += try await scene.leaseAndDeliver(disk, ReplayRule(), at: 1) }
        #expect(outputs == ["number 1", "number 2", "number 3"])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a leased result and one that may have arrived are never skipped`() async throws {
        let scene = try await Scene()
        try await scene.append(disk, [.critical, .critical, .ok, .ok])
        let first = try #require(try await scene.lease(disk).first)
        #expect(try await scene.exchange(disk, ReplayRule(.latest)).compacted.isEmpty)
        _ = try await scene.settle(first, .sendAgain)
        let again = try await scene.exchange(disk, ReplayRule(.latest))
        #expect(again.leased.map(\.result.output) == ["number 1"])
        #expect(again.leased.map(\.attempt) == [2])
        #expect(again.compacted == [disk: 2])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test(arguments: [ReplayMode.changes, .latest])
    func `after refused changes nothing that an attempt may depend on is skipped`(
        mode: ReplayMode
    ) async throws {
        let scene = try await Scene(sizeLimit: SpoolSettings.minimumSizeLimit)
        let host = ObjectName(host: "web01")
        try await scene.append(host, [.ok])
        try await scene.deliver(host)
        let others = try await scene.fillWithNewest()
        let before = try #require(try await scene.lane(host)).losses.refused
        let problem: [ServiceState] = [.critical, .critical, .critical]
        try await scene.append(host, problem, from: 2, outputBytes: 60_000)
        #expect(try await scene.lane(host)?.losses.refused == before + 3)
        for other in others.prefix(5) { try await scene.forget(other) }
        try await scene.append(host, problem, from: 5)
        try scene.reopen()
        var master = CheckState(state: .ok, type: .hard, attempt: 1)
        for _ in 1...3 {
            let states = try await scene.statesDelivered(host, ReplayRule(mode))
            for state in states { _ = master.apply(state, maxCheckAttempts: 3, kind: .host) }
        }
        #expect(master == scene.standings[host], "as many results as it takes went out")

        // From an OK on everybody stands where the object stands.
        let rest: [ServiceState] = [.ok, .critical, .critical, .critical, .critical, .critical]
        try await scene.append(host, rest, from: 8)
        var outputs: [String] = []
        for _ in 1...5 { outputs += try await scene.leaseAndDeliver(host, ReplayRule(mode)) }
        #expect(outputs == [8, 9, 10, 11, 13].map { "number \($0)" })
    }

    @Test func `what was evicted between results is missed until an OK behind it goes out`()
        async throws
    {
        let scene = try await Scene()
        try await scene.append(disk, [.ok, .critical, .critical, .critical, .critical, .critical])
        let third = try #require(try await scene.spool.entries().first { $0.isNumber(3) })
        _ = try await scene.spool.drop(QueueFilter(sequence: third.sequence.rawValue))
        var outputs: [String] = []
        for _ in 1...5 { outputs += try await scene.leaseAndDeliver(disk, ReplayRule(.changes)) }
        #expect(outputs == [1, 2, 4, 5, 6].map { "number \($0)" })
    }

    @Test func `what certainly never left can be skipped`() async throws {
        let scene = try await Scene()
        try await scene.append(disk, [.critical, .ok])
        let first = try #require(try await scene.lease(disk).first)
        _ = try await scene.settle(first, .notProcessed)
        let answer = try await scene.exchange(disk, ReplayRule(.latest))
        #expect(answer.leased.map(\.result.output) == ["number 2"])
        #expect(answer.leased.allSatisfy { $0.baseStamp > first.baseStamp })
    }

    @Test func `what a master forgot is sent again, and only what is behind it skipped`()
        async throws
    {
        let scene = try await Scene()
        try await scene.append(disk, [.critical, .critical])
        try await scene.deliver(disk)
        try await scene.deliver(disk)
        try await scene.append(disk, [.critical, .ok, .ok], from: 3)
        let queued = try await scene.spool.resend(
            [ForgottenObject(name: disk, held: nil)], of: scene.destination)
        #expect(queued.queued == [disk: 2])
        var outputs: [String] = []
        for _ in 1...3 { outputs += try await scene.leaseAndDeliver(disk, ReplayRule(.latest)) }
        #expect(outputs == ["number 1", "number 2", "number 5"])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `one transaction passes a bounded number of rows and what is left stays in order`()
        async throws
    {
        let limit = DeliveryBatch.replayLimit
        let scene = try await Scene()
        let problem = [ServiceState](repeating: .critical, count: 5)
        try await scene.append(disk, problem + [ServiceState](repeating: .warning, count: 5))
        try await scene.append(
            disk, [ServiceState](repeating: .ok, count: limit * 2), from: 11)
        let first = try await scene.exchange(disk, ReplayRule(.latest))
        #expect(first.compacted[disk, default: 0] <= limit)
        #expect(first.compacted[disk, default: 0] > limit / 2)
        var outputs = first.leased.map(\.result.output)
        var last = first.leased
        while let leased = last.first {
            _ = try await scene.settle(leased, .delivered(at: start))
            last = try await scene.exchange(disk, ReplayRule(.latest)).leased
            outputs += last.map(\.result.output)
        }
        let numbers = outputs.compactMap { Int($0.split(separator: " ")[1]) }
        #expect(numbers == numbers.sorted())
        #expect(numbers.last == limit * 2 + 10)
        #expect(numbers.count < 6)
        let lane = try await scene.lane(disk)
        #expect(lane?.losses.compacted == limit * 2 + 10 - numbers.count)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a flapping backlog longer than one look is given up from its newer end`()
        async throws
    {
        let limit = DeliveryBatch.replayLimit
        let scene = try await Scene()
        // Changes only, more than one transaction looks at, and then an OK.
        let flapping = (0..<limit + 500).map { $0 % 2 == 0 ? ServiceState.critical : .warning }
        try await scene.append(disk, flapping)
        var outputs = try await scene.leaseAndDeliver(disk, ReplayRule(.latest))
        try await scene.append(disk, [.ok], from: flapping.count + 1)
        for _ in 0..<3 { outputs += try await scene.leaseAndDeliver(disk, ReplayRule(.latest)) }
        let numbers = outputs.compactMap { Int($0.split(separator: " ")[1]) }
        #expect(numbers.first == 1)
        #expect(numbers.last == flapping.count + 1)
        #expect(numbers.dropLast() == Array(1..<numbers.count)[...], "no gap before the OK")
        #expect(try await scene.spool.contradictions() == [])
    }
}

extension QueueEntry {
    fileprivate func isNumber(_ number: Int) -> Bool { result.output == "number \(number)" }
}

extension Scene {
    /// Fills the spool with the newest changes of many objects, so that nothing may go for others.
    fileprivate func fillWithNewest() async throws -> [ObjectName] {
        var others: [ObjectName] = []
        while true {
            let other = ObjectName(host: "web01", service: "s\(others.count)")
            let receipt = try await spool.append([
                record(other, others.count, .change, outputBytes: 60_000)
            ])
            guard receipt.refused.isEmpty else { return others }
            others.append(other)
        }
    }

    /// Delivers the head of an object and forgets it.
    fileprivate func forget(_ object: ObjectName) async throws {
        let leased = try #require(try await lease(object).first)
        _ = try await settle(leased, .deliveredUnconfirmed)
    }

    /// The states that go out by the rule now.
    fileprivate func statesDelivered(
        _ object: ObjectName, _ rule: ReplayRule
    ) async throws -> [ServiceState] {
        let leased = try await exchange(object, rule).leased
        for one in leased { _ = try await settle(one, .deliveredUnconfirmed) }
        return leased.map(\.result.state)
    }

    fileprivate func exchange(
        _ object: ObjectName, _ rule: ReplayRule, at place: Int = 0
    ) async throws -> DeliveryAnswer {
        try await spool.exchange(
            DeliveryBatch(
                destination: destinations[place],
                leases: [LeaseRequest(object: object, node: "icinga1")], replay: rule,
                stamp: stampAboveLast))
    }

    /// Leases by the rule, and delivers; what went.
    fileprivate func leaseAndDeliver(
        _ object: ObjectName, _ rule: ReplayRule, at place: Int = 0
    ) async throws -> [String] {
        let leased = try await exchange(object, rule, at: place).leased
        for one in leased { _ = try await settle(one, .delivered(at: start), at: place) }
        return leased.map(\.result.output)
    }
}

extension SpoolQueue {
    /// Every row that the spool shows.
    fileprivate func entries() async throws -> [QueueEntry] {
        try await entries(QueueFilter()).entries
    }
}
