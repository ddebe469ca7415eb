import Monitoring
import TestSupport
import Testing
import UplinkMessages

@testable import Delivery
@testable import Spool

private let object = ObjectName(host: "h", service: "s")

/// What becomes of results that a master discards because it holds something newer, whether it says
/// so (from 2.14 on) or not.
@Suite struct DiscardTests {
    static let versions = ["r2.13.6-1", "r2.14.6-1", "of my own make"]

    @Test(arguments: [
        ("r2.13.6-1", true), ("r2.14.0-1", false), ("v2.16.6", false), ("r2.9.1-1", true),
        ("r3.0.0", false), ("", true), ("2", true), ("r2.x", true),
    ])
    func `only a master from 2_14 on is known to say what it discards`(
        version: String, isSilent: Bool
    ) {
        let greeting = MasterGreeting(version: version, permissions: [])
        #expect(greeting.discardsSilently == isSilent)
    }

    /// A stage on which the first attempt was lost, did not arrive by the time of the read, and is
    /// sent again.
    private func repeated(_ version: String) throws -> (stage: Rehearsal, first: Submission) {
        var stage = Rehearsal()
        stage.version = version
        stage.open()
        stage.accept([object])
        let first = try #require(stage.takeSubmissions().first)
        stage.end(first, .lost)
        // The fence is answered, then the grace passes.
        for _ in 0..<2 {
            stage.pass(.seconds(10))
            stage.serve { message in
                if case .submit(let one) = message { one.object != object } else { true }
            }
        }
        try #require(stage.machine.counts.repeated == 1)
        let again = try #require(stage.submissions.first { $0.object == object })
        try #require(again.executionStart == first.executionStart - .microseconds(1))
        return (stage, first)
    }

    @Test(arguments: versions)
    func `a repeat that took effect is delivered, and no discard is counted`(
        version: String
    ) throws {
        var (stage, _) = try repeated(version)
        stage.settle()
        #expect(stage.kinds(of: object).last?.isDelivered == true)
        #expect(stage.machine.counts.discardedRepeats == 0)
    }

    @Test(arguments: versions)
    func `a repeat that an earlier attempt came before is delivered and counted as discarded`(
        version: String
    ) throws {
        var (stage, first) = try repeated(version)
        _ = stage.take(first)
        stage.settle()
        #expect(stage.kinds(of: object).last?.isDelivered == true)
        #expect(stage.machine.counts.discardedRepeats == 1)
        #expect(stage.held[object] == first.executionStart)
    }

    @Test(arguments: versions)
    func `a repeat under somebody else's newer result is superseded`(version: String) throws {
        var (stage, first) = try repeated(version)
        stage.held[object] = first.executionStart + .milliseconds(5)
        stage.settle()
        #expect(stage.kinds(of: object).last == .superseded)
        #expect(stage.machine.counts.discardedRepeats == (version == "r2.14.6-1" ? 1 : 0))
    }

    @Test func `nothing newer of an object goes out before its repeat is read back`() throws {
        var (stage, _) = try repeated("r2.13.6-1")
        stage.accept([object])
        stage.serve { if case .readBack = $0 { false } else { true } }
        #expect(stage.questions.map(\.objects) == [[object]])
        #expect(stage.submissions.isEmpty)
        stage.settle()
        #expect(stage.kinds(of: object).count { $0.isDelivered } == 2)
    }

    @Test func `a repeat that cannot be read back is taken at the master's word`() throws {
        var (stage, _) = try repeated("r2.13.6-1")
        stage.permissions = ["actions/process-check-result"]
        stage.serve { if case .readBack = $0 { false } else { true } }
        try #require(stage.questions.count == 1)
        stage.failLink()
        stage.settle()
        stage.pass(.seconds(5))
        stage.settle()
        #expect(stage.machine.counts.repeated == 1)
        #expect(stage.kinds(of: object).last == .deliveredUnconfirmed)
    }

    // MARK: Somebody else's results

    /// A stage on which an object's newest result is kept, and its stamp.
    private func kept(_ version: String) -> (stage: Rehearsal, stamp: Timestamp) {
        var stage = Rehearsal()
        stage.version = version
        stage.open()
        stage.accept([object])
        stage.settle()
        let stamp = stage.held[object] ?? Rehearsal.start
        stage.keep(object, stamp)
        return (stage, stamp)
    }

    @Test(arguments: versions)
    func `an overtaken result is counted once, named as long as it is, and not sent again`(
        version: String
    ) {
        var (stage, stamp) = kept(version)
        stage.held[object] = stamp + .milliseconds(1)
        for _ in 0..<2 { stage.reconnect() }
        #expect(stage.machine.counts.overtaken == 1)
        #expect(stage.machine.report(at: stage.now).overtaken == [object])
        #expect(stage.judged.allSatisfy { !$0.isForgotten })

        stage.accept([object])
        stage.settle()
        stage.keep(object, stage.held[object] ?? stamp)
        stage.reconnect()
        #expect(stage.machine.counts.overtaken == 1)
        #expect(stage.machine.report(at: stage.now).overtaken == [])
    }

    @Test func `only a stamp above all that were ever given out is somebody else's`() async throws {
        let folder = try TemporaryDirectory("overtaken")
        let spool = try SpoolQueue.open(
            SpoolSettings(path: folder.path("spool.db")), time: SystemTime())
        let destination = try await spool.register(destinations: ["master"])[0]
        for number in 1...2 {
            let start = Rehearsal.start + .seconds(number)
            let result = CheckResult(
                object: object, state: .ok, exitStatus: 0, output: "\(number)",
                executionStart: start, executionEnd: start)
            _ = try await spool.append([
                CheckRecord(
                    result: result, significance: .unchanged, snapshot: ObjectSnapshot(name: "s"))
            ])
            // The second one is out: kept results do not show it.
            let lease = try #require(
                try await spool.exchange(
                    DeliveryBatch(
                        destination: destination,
                        leases: [LeaseRequest(object: object, node: "master1")]
                    ) { .lease(baseStamp: $0.result.executionStart) }
                ).leased.first)
            guard number == 1 else { continue }
            let settlement = Settlement(
                object: object, sequence: lease.sequence, kind: .delivered(at: start))
            _ = try await spool.exchange(
                DeliveryBatch(destination: destination, settlements: [settlement]))
        }
        for (seconds, isForeign) in [(1, false), (2, false), (3, true)] {
            let verdict = KeptVerdict(
                object: object, held: Rehearsal.start + .seconds(seconds),
                newest: Rehearsal.start + .seconds(1), isForgotten: false, provedBefore: nil)
            var queued: [ObjectName: Int] = [:]
            let judgement = try await spool.judge([verdict], of: destination, queued: &queued)
            #expect(judgement.overtaken == (isForeign ? [object] : []), "\(seconds)")
        }
        try spool.close()
    }

    @Test func `what the master holds of ours is not somebody else's, whatever is kept`() {
        var (stage, stamp) = kept("r2.13.6-1")
        stage.accept([object])
        stage.settle()
        #expect(stage.held[object] != stamp)
        stage.keep(object, stamp)
        stage.reconnect()
        #expect(stage.machine.counts.overtaken == 0)
    }

    @Test(arguments: versions)
    func `results of an outage that somebody else's newer one makes void are superseded`(
        version: String
    ) {
        var (stage, _) = kept(version)
        stage.failLink()
        stage.accept([object])
        stage.pass(.seconds(5))
        stage.held[object] = stage.now.wall - .milliseconds(100)
        stage.settle()
        #expect(stage.kinds(of: object).last == .superseded)
        stage.pass(.seconds(5))
        stage.accept([object])
        stage.settle()
        #expect(stage.kinds(of: object).last?.isDelivered == true, "a newer one takes effect")
    }

    @Test func `a result that the master holds of its own future makes nothing void`() {
        var (stage, _) = kept("r2.13.6-1")
        stage.held[object] = stage.now.wall + .seconds(600)
        stage.reconnect()
        stage.accept([object])
        stage.settle()
        #expect(stage.kinds(of: object).last?.isDelivered == true)
    }

    @Test func `what a master held before a crash makes nothing void after it`() {
        var (stage, stamp) = kept("r2.13.6-1")
        stage.failLink()
        stage.pass(.seconds(5))
        // Past by the time of the result that follows, and above its stamp.
        stage.held[object] = stage.now.wall + .seconds(5)
        stage.accept([Rehearsal.health])
        stage.settle()
        stage.failLink()
        stage.kept = []
        stage.held[object] = stamp
        stage.accept([object])
        stage.reconnect()
        #expect(stage.kinds(of: object).last?.isDelivered == true)
    }
}

extension Settlement.Kind {
    fileprivate var isDelivered: Bool { if case .delivered = self { true } else { false } }
}

extension Rehearsal {
    /// What was settled of an object, in order.
    fileprivate func kinds(of object: ObjectName) -> [Settlement.Kind] {
        batches.flatMap(\.settlements).filter { $0.object == object }.map(\.kind)
    }

    fileprivate mutating func keep(_ object: ObjectName, _ stamp: Timestamp) {
        kept = [
            KeptLane(
                object: object, count: 1, newestStamp: stamp, newestAcknowledged: now.wall,
                oldestAcknowledged: now.wall)
        ]
    }

    /// The connection is lost, and there is another one after a while.
    fileprivate mutating func reconnect() {
        failLink()
        pass(.seconds(5))
        accept([Self.health])
        settle()
    }
}
