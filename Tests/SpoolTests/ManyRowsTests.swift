import Monitoring
import TestSupport
import Testing

@testable import Spool

/// Steps that have to do with more rows than one transaction may change.
@Suite struct ManyRowsTests {
    private static let objects = (0..<250).map { ObjectName(host: "web01", service: "s\($0)") }
    private static let later = start + .seconds(1_000_000)

    /// The bytes of a limit, how many results of each object are kept below it, and how long.
    private static let fillings = [
        Filling(limit: 2 << 20, rounds: 8, outputBytes: 250),
        Filling(limit: 8 << 20, rounds: 32, outputBytes: 250),
        Filling(limit: 64 << 20, rounds: 30, outputBytes: 5000),
    ]

    struct Filling {
        let limit: Int
        let rounds: Int
        let outputBytes: Int
        var count: Int { rounds * objects.count }
    }

    /// A spool with so many delivered results of each object, watched from now on.
    private static func keeping(_ filling: Filling) async throws -> Scene {
        let scene = try await Scene(sizeLimit: filling.limit)
        for number in 0..<filling.rounds {
            _ = try await scene.spool.append(
                objects.map { record($0, number, outputBytes: filling.outputBytes) })
        }
        try await scene.spool.deliverAll(objects, at: scene.destination)
        let status = try await scene.spool.status().destinations[0]
        try #require(status.kept == filling.count)
        scene.peak.watch(scene.settings.path)
        return scene
    }

    @Test(arguments: fillings)
    func `forgetting what was proved of half of the objects keeps the bound`(
        _ filling: Filling
    ) async throws {
        let scene = try await Self.keeping(filling)
        let half = Self.objects.indices.filter { $0 % 2 == 0 }
        let proofs = half.map { StampProof(object: Self.objects[$0], stamp: Self.later) }
        let count = try await scene.spool.confirm(
            proofs, of: scene.destination, acknowledgedBefore: Self.later)
        scene.peak.look()
        #expect(count == filling.count / 2)
        #expect(scene.peak.byteCount <= filling.limit)
        #expect(try await scene.spool.keptLanes(of: scene.destination).count == half.count)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test(arguments: fillings)
    func `queueing again all that a master forgot keeps the bound`(
        _ filling: Filling
    ) async throws {
        let scene = try await Self.keeping(filling)
        var left = Self.objects.map { ForgottenObject(name: $0, held: nil) }
        var steps = 0
        while !left.isEmpty {
            left = try await scene.spool.resend(left, of: scene.destination).left
            steps += 1
        }
        scene.peak.look()
        #expect(steps > 2)
        #expect(scene.peak.byteCount <= filling.limit)
        let status = try await scene.spool.status().destinations[0]
        #expect(status.queued == filling.count)
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test(arguments: fillings)
    func `dropping all, and giving back what it took, keeps the bound`(
        _ filling: Filling
    ) async throws {
        let scene = try await Self.keeping(filling)
        var cursor: QueueCursor?
        var count = 0
        repeat {
            let change = try await scene.spool.drop(QueueFilter(), after: cursor)
            count += change.changed
            cursor = change.next
        } while cursor != nil
        #expect(count == filling.count)
        while try await scene.spool.tidy() {}
        scene.peak.look()
        #expect(scene.peak.byteCount <= filling.limit)
        #expect(try await scene.spool.status().size.fileBytes < max(filling.limit / 4, 5 << 18))
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `schedules of any number of objects keep the bound, stored and forgotten`()
        async throws
    {
        let scene = try await Scene(sizeLimit: SpoolSettings.minimumSizeLimit)
        scene.peak.watch(scene.settings.path)
        let states = (0..<2500).map { number in
            ScheduleState(
                object: ObjectName(host: "web01", service: "s\(number)"), nextCheck: start,
                lastOutput: String(repeating: "x", count: 400))
        }
        try await scene.spool.saveSchedule(states)
        #expect(try await scene.spool.scheduleStates().count == 2500)
        #expect(try await scene.spool.forgetSchedules(except: [states[7].object]) == 2499)
        #expect(try await scene.spool.scheduleStates().map(\.object) == [states[7].object])
        scene.peak.look()
        #expect(scene.peak.byteCount <= SpoolSettings.minimumSizeLimit)
    }

    @Test func `a resend that is cut short is completed by the next one, in order`() async throws {
        let scene = try await Scene()
        for first in stride(from: 0, to: 1200, by: 200) {
            _ = try await scene.spool.append((first..<first + 200).map { record(disk, $0) })
        }
        try await scene.spool.deliverAll([disk], at: scene.destination)
        let forgotten = [ForgottenObject(name: disk, held: start + .seconds(99))]
        let first = try await scene.spool.resend(forgotten, of: scene.destination)
        let queued = try #require(first.queued[disk])
        #expect(first.left == forgotten)
        try scene.reopen()
        let kept = try #require(try await scene.spool.keptLanes(of: scene.destination).first)
        #expect(kept.count == 1200 - queued)
        #expect(kept.newestStamp > start + .seconds(99), "a comparison sees that more is lost")
        var left = forgotten
        while !left.isEmpty {
            left = try await scene.spool.resend(left, of: scene.destination).left
        }
        var order: [Timestamp] = []
        while let next = try await scene.deliver(disk) { order.append(next.result.executionStart) }
        #expect(order == (100..<1200).map { start + .seconds($0) })
        #expect(try await scene.spool.contradictions() == [])
    }
}

extension SpoolQueue {
    /// Leases and delivers whatever waits of these objects, and keeps it.
    func deliverAll(
        _ objects: [ObjectName], at destination: DestinationID
    ) async throws(SpoolFault) {
        var isDone = false
        while !isDone {
            isDone = true
            for first in stride(from: 0, to: objects.count, by: 125) {
                let leases = objects[first...].prefix(125).map { object in
                    LeaseRequest(object: object, node: "icinga1")
                }
                let leased = try await exchange(
                    DeliveryBatch(
                        destination: destination, leases: leases, stamp: stampAboveLast)
                ).leased
                guard !leased.isEmpty else { continue }
                isDone = false
                let settlements = leased.map { one in
                    Settlement(
                        object: one.result.object, sequence: one.sequence,
                        kind: .delivered(at: start))
                }
                _ = try await exchange(
                    DeliveryBatch(destination: destination, settlements: settlements))
            }
        }
    }
}
