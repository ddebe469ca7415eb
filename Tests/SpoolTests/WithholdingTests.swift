import Monitoring
import Testing

@testable import Spool

/// Results of which nothing may leave.
@Suite struct WithholdingTests {
    /// Withholds what these outputs say.
    private static func withholding(_ outputs: Set<String>) -> ReleaseRule {
        { result, _, _ in
            outputs.contains(result.output)
                ? .withheld(reason: "role 'x' says so", at: start + .seconds(500))
                : .released(result, command: [])
        }
    }

    private static let nothing: ReleaseRule = { _, _, _ in .withheld(reason: "no", at: start) }

    private func exchange(
        _ scene: Scene, _ release: @escaping ReleaseRule, replay: ReplayRule = ReplayRule(),
        at place: Int = 0
    ) async throws -> DeliveryAnswer {
        var batch = DeliveryBatch(
            destination: scene.destinations[place],
            leases: [LeaseRequest(object: disk, node: "a")], replay: replay, stamp: stampAboveLast)
        batch.release = release
        return try await scene.spool.exchange(batch)
    }

    private func withheld(_ scene: Scene) async throws -> [QueueEntry] {
        try await scene.spool.entries(QueueFilter(states: [.withheld])).entries
    }

    @Test func `what is withheld is passed over, counted, and shown with its reason`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append((1...4).map { record(disk, $0) })
        let rule = Self.withholding(["number 1", "number 2", "number 4"])
        let answer = try await exchange(scene, rule)
        #expect(answer.leased.map(\.result.output) == ["number 3"])
        #expect(answer.withheld == [disk: 2])
        #expect(answer.lanes.map(\.queued) == [1])
        #expect(try await withheld(scene).isEmpty, "something newer went out")
        #expect(try await scene.lane(disk)?.withheldReason == nil)

        _ = try await scene.settle(answer.leased[0], .delivered(at: start))
        let rest = try await exchange(scene, rule)
        #expect(rest.leased.isEmpty && rest.withheld == [disk: 1])
        let lane = try #require(try await scene.lane(disk))
        #expect((lane.queued, lane.kept, lane.losses.withheld) == (0, 1, 3))
        #expect(lane.withheldReason == "role 'x' says so")
        let entry = try #require(try await withheld(scene).first)
        #expect(entry.result.output == "number 4")
        #expect(entry.answer?.text == "role 'x' says so")
        #expect(entry.answer?.code == 0)
        #expect(entry.answer?.at == start + .seconds(500))
        let status = try await scene.spool.status().destinations[0]
        #expect((status.rejected, status.withheldObjects, status.losses.withheld) == (0, 1, 3))
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `of what is withheld in a row the newest alone is kept`() async throws {
        let scene = try await Scene()
        for number in 1...5 {
            _ = try await scene.spool.append([record(disk, number)])
            _ = try await exchange(scene, Self.nothing)
            #expect(try await withheld(scene).map(\.sequence.rawValue) == [Int64(number)])
            let all = try await scene.spool.entries(QueueFilter()).entries
            #expect(all.count == 1, "older ones are forgotten")
            #expect(try await scene.spool.contradictions() == [])
        }
        #expect(try await scene.lane(disk)?.losses.withheld == 5)
    }

    @Test func `what is withheld can be tried again, and goes before anything newer`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        _ = try await exchange(scene, Self.nothing)
        _ = try await scene.spool.append([record(disk, 2)])
        let change = try await scene.spool.retry(QueueFilter(states: [.withheld]))
        #expect((change.changed, change.retried.map(\.count)) == (1, [1]))
        #expect(try await scene.spool.contradictions() == [])
        let answer = try await exchange(scene, Self.withholding([]))
        #expect(answer.leased.map(\.result.output) == ["number 1"])
        #expect(try await withheld(scene).isEmpty)

        _ = try await scene.settle(answer.leased[0], .delivered(at: start))
        _ = try await exchange(scene, Self.nothing)
        let dropped = try await scene.spool.drop(QueueFilter(states: [.withheld]))
        #expect(dropped.changed == 1)
        #expect(try await scene.lane(disk)?.rejected == 0)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `what a master forgot and may not have any more is withheld without a trace`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        try await scene.deliver(disk)
        _ = try await scene.spool.append([record(disk, 2)])
        _ = try await exchange(scene, Self.nothing)
        // the older one comes back behind the newer one that is withheld
        let forgotten = [ForgottenObject(name: disk, held: nil)]
        _ = try await scene.spool.resend(forgotten, of: scene.destination)
        let answer = try await exchange(scene, Self.nothing)
        #expect(answer.withheld == [disk: 1])
        #expect(try await withheld(scene).map(\.sequence.rawValue) == [2])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `more than one transaction may withhold is withheld by the next ones`()
        async throws
    {
        let scene = try await Scene()
        let limit = DeliveryBatch.replayLimit
        for first in stride(from: 1, through: limit + 200, by: 100) {
            let numbers = first..<(first + 100)
            _ = try await scene.spool.append(numbers.map { record(disk, $0) })
        }
        let count = try await scene.lane(disk)?.queued ?? 0
        #expect(count > limit)
        let first = try await exchange(scene, Self.nothing)
        #expect(first.withheld == [disk: limit] && first.leased.isEmpty)
        #expect(first.lanes.map(\.queued) == [count - limit])
        #expect(try await exchange(scene, Self.nothing).withheld == [disk: count - limit])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `one destination gets what another one does not`() async throws {
        let scene = try await Scene(destinations: ["icinga", "backup"])
        _ = try await scene.spool.append([record(disk, 1), record(disk, 2)])
        _ = try await exchange(scene, Self.nothing)
        let other = try await exchange(scene, Self.withholding([]), at: 1)
        #expect(other.leased.map(\.result.output) == ["number 1"])
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a withheld change keeps what follows it from being skipped`() async throws {
        let scene = try await Scene()
        try await scene.append(disk, [.critical, .critical, .critical, .critical, .critical])
        let first = try await exchange(
            scene, Self.withholding(["number 1"]), replay: ReplayRule(.changes))
        #expect(first.withheld == [disk: 1])
        let leased = try #require(first.leased.first)
        _ = try await scene.settle(leased, .delivered(at: start))
        var outputs = [leased.result.output]
        while let next = try await exchange(
            scene, Self.withholding([]), replay: ReplayRule(.changes)
        ).leased.first {
            outputs.append(next.result.output)
            _ = try await scene.settle(next, .delivered(at: start))
        }
        // the fourth and fifth changed nothing here, and are attempts on the master
        #expect(outputs == ["number 2", "number 3", "number 4", "number 5"])
    }

    @Test func `what is released is what is sent, and only what is sent counts for the window`()
        async throws
    {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1, outputBytes: 500), record(load, 1)])
        var seen: ObjectSnapshot?
        var batch = DeliveryBatch(
            destination: scene.destination,
            leases: [disk, load].map { LeaseRequest(object: $0, node: "a") },
            leaseByteLimit: 20, stamp: stampAboveLast)
        batch.release = { result, _, read in
            _ = try read()
            var result = result
            result.output = "***"
            result.performanceData = []
            return .released(result, command: ["/p", "***"])
        }
        let answer = try await scene.spool.exchange(batch)
        #expect(answer.leased.map(\.result.output) == ["***", "***"])
        #expect(answer.leased.first?.command == ["/p", "***"])
        seen = try await scene.spool.snapshot(try #require(answer.leased.first).snapshot)
        #expect(seen?.name == disk.fullName)
        let entries = try await scene.spool.entries(QueueFilter(states: [.sent])).entries
        #expect(entries.first?.result.output.hasPrefix("number 1") == true, "it stays whole here")
    }
}
