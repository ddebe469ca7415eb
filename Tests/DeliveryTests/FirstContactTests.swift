import Monitoring
import Testing
import UplinkMessages

@testable import Delivery
@testable import Spool

private let t0 = Timestamp(microseconds: 1_700_000_000_000_000)
private let now = Moment(wall: t0, monotonic: .seconds(1000))
private let health = ObjectName(host: "web1", service: "forwarder")

/// What goes to a master whose clock is not known yet.
@Suite struct FirstContactTests {
    @Test
    func `the first result for a master without any is dated back, however wrong the clock is`()
        throws
    {
        let stamp = try Self.stampOfFirstHealth(held: nil)
        #expect(stamp(Self.candidate(last: nil)) == .lease(baseStamp: t0 - .seconds(86_400)))
    }

    @Test func `the first result for a master that holds one is dated just above that`() throws {
        let held = t0 - .seconds(7200)
        let stamp = try Self.stampOfFirstHealth(held: held)
        #expect(stamp(Self.candidate(last: nil)) == .lease(baseStamp: held + .milliseconds(1)))
    }

    @Test func `the first result is never dated below what its object had before`() throws {
        let last = t0 - .seconds(60)
        let stamp = try Self.stampOfFirstHealth(held: nil)
        #expect(stamp(Self.candidate(last: last)) == .lease(baseStamp: last + .milliseconds(1)))
    }

    private static func candidate(last: Timestamp?) -> LeaseCandidate {
        let result = CheckResult(
            object: health, state: .ok, exitStatus: 0, output: "", executionStart: t0,
            executionEnd: t0)
        return LeaseCandidate(sequence: Sequence(rawValue: 1), result: result, lastStamp: last)
    }

    /// Leads a new machine to its first lease, and returns how it chooses the stamp.
    private static func stampOfFirstHealth(
        held: Timestamp?
    ) throws -> @Sendable (LeaseCandidate) -> StampDecision {
        let settings = DeliverySettings(
            name: "master", number: 1, nodes: [.init(id: NodeID(index: 0), name: "master")],
            healthObject: health, checkSource: "web1")
        var machine = DeliveryMachine(
            settings: settings, destination: DestinationID(rawValue: 1), seed: 1)
        _ = machine.handle(.loaded(lanes: [], unresolved: []), at: now)
        _ = machine.handle(.accepted([health: 1]), at: now)
        let probe = machine.handle(.uplinkStarted, at: now).lazy.compactMap(\.probeID).first
        let greeting = MasterGreeting(version: "r2.13.6-1", permissions: ["*"])
        _ = machine.handle(
            .uplink(.probeAnswer(id: try #require(probe), .answered(greeting))), at: now)
        let asked =
            machine.handle(.keptLoaded(round: 1, []), at: now)
            + machine.handle(.tick, at: now) + machine.handle(.tick, at: now)
        let question = try #require(asked.lazy.compactMap(\.readBackID).first)
        let reading = ObjectReading(object: health, executionStart: held, lastCheck: held)
        let actions = machine.handle(
            .uplink(
                .readBackAnswer(id: question, .readings([reading]))), at: now)
        return try #require(actions.lazy.compactMap(\.batch).first).stamp
    }
}

extension DeliveryAction {
    fileprivate var probeID: UInt64? {
        if case .send(.probe(let id, _)) = self { id } else { nil }
    }

    fileprivate var readBackID: UInt64? {
        if case .send(.readBack(let id, _, _)) = self { id } else { nil }
    }

    fileprivate var batch: DeliveryBatch? {
        if case .exchange(let batch) = self, !batch.leases.isEmpty { batch } else { nil }
    }
}
