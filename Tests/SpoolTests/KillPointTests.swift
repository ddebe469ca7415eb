import Monitoring
import Spool
import Synchronization
import Testing

/// The spool tells the moments at which it may be killed.
@Suite struct KillPointTests {
    /// What was passed, in order.
    private final class Passed: Sendable {
        private let names = Mutex<[String]>([])

        func note(_ point: KillPoint) { names.withLock { $0.append(point.name) } }

        func take() -> [String] {
            names.withLock { names in
                defer { names = [] }
                return names
            }
        }
    }

    @Test func `each work is told before and after its commit`() async throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let passed = Passed()
        let spool = try SpoolQueue.open(
            SpoolSettings(path: "\(directory)/queue.db"),
            time: FixedTime(),
            passing: { passed.note($0) }
        )
        #expect(passed.take() == ["opening"] + around("migrate") + around("reopen"))
        let destination = try #require(await spool.register(destinations: ["icinga"]).first)
        #expect(passed.take() == around("register"))
        _ = try await spool.append([record(disk, 1)])
        #expect(passed.take() == around("accept"))
        let lease = DeliveryBatch(
            destination: destination,
            leases: [LeaseRequest(object: disk, node: "icinga1")],
            stamp: stampAboveLast
        )
        let leased = try #require(await spool.exchange(lease).leased.first)
        #expect(passed.take() == around("lease"))
        let settlement = Settlement(
            object: disk, sequence: leased.sequence, kind: .delivered(at: start))
        _ = try await spool.exchange(
            DeliveryBatch(destination: destination, settlements: [settlement]))
        #expect(passed.take() == around("settle"))
        _ = try await spool.resend(
            [ForgottenObject(name: disk, held: nil)], of: destination)
        #expect(passed.take() == around("resend"))
        try await spool.saveSchedule([ScheduleState(object: disk, nextCheck: start)])
        #expect(passed.take() == around("schedule"))
        try await spool.note([LedgerEntry(key: "one", body: [])])
        #expect(passed.take() == around("ledger"))
        _ = try await spool.status()
        #expect(passed.take() == [], "reading is no work")
        try spool.close()
    }

    @Test func `names are different`() {
        #expect(Set(KillPoint.allCases.map(\.name)).count == KillPoint.allCases.count)
    }

    private func around(_ work: String) -> [String] {
        ["\(work).uncommitted", "\(work).committed"]
    }
}
