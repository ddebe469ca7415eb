import GRDB
import Monitoring
import Testing

@testable import Spool

@Suite struct MigrationTests {
    @Test func `a spool of format 1 is read with every row and count it had`() async throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let old = try VersionOneSpool(path: "\(directory)/queue.db")
        try old.close()
        try await expectEverything(in: old.path)
    }

    @Test func `what a migrated spool held is settled, proven and sent again as before`()
        async throws
    {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let old = try VersionOneSpool(path: "\(directory)/queue.db")
        try old.close()
        let spool = try SpoolQueue.open(SpoolSettings(path: old.path), time: FixedTime())
        let north = try await spool.register(destinations: ["north"])[0]

        let settled = try await spool.exchange(
            DeliveryBatch(
                destination: north,
                settlements: [
                    Settlement(object: disk, sequence: Sequence(rawValue: 3), kind: .sendAgain)
                ],
                leases: [LeaseRequest(object: disk, node: "b")],
                stamp: stampAboveLast
            )
        )
        #expect(settled.unmatched.isEmpty)
        #expect(settled.leased.map(\.sequence.rawValue) == [3])
        #expect(settled.leased.map(\.attempt) == [3])
        #expect(settled.leased.map(\.baseStamp) == [start + .seconds(3)])

        // kept 2 was proven by the master, kept 1 is below it; both go
        let proof = StampProof(object: disk, stamp: start + .seconds(2))
        let later = start + .seconds(1000)
        let proven = try await spool.confirm([proof], of: north, acknowledgedBefore: later)
        #expect(proven == 2)
        let again = try await spool.resend(
            [ForgottenObject(name: load, held: nil)], of: north)
        #expect(again.queued == [load: 1])
        let lane = try await spool.lanes(of: north, objects: [load]).first
        #expect(lane?.queued == 2)
        let order = try await leaseAndDeliverAll(of: load, in: spool, at: north)
        #expect(order == [5, 6])
        #expect(try await spool.contradictions() == [])
        try spool.close()
    }

    @Test(arguments: 1...SpoolSchema.migrations[1].count)
    func `a migration that dies after any statement leaves format 1`(_ count: Int) async throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let old = try VersionOneSpool(path: "\(directory)/queue.db")
        let image = "\(directory)/image.db"
        try await old.database.writeWithoutTransaction { db in
            // a cache of nothing: what is not committed reaches the log too
            try db.execute(sql: "PRAGMA cache_size = 1; BEGIN IMMEDIATE")
            for statement in SpoolSchema.migrations[1].prefix(count) {
                try db.execute(sql: statement)
            }
            for suffix in ["", "-wal"] {
                try copyFile(from: old.path + suffix, to: image + suffix)
            }
            try db.execute(sql: "ROLLBACK")
        }
        try old.close()
        for path in [old.path, image] {
            #expect(try version(of: path) == 1)
            try await expectEverything(in: path)
        }
    }

    @Test func `a spool of format 3 is read with every row and count it had`() async throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let old = try VersionOneSpool(path: "\(directory)/queue.db")
        try old.migrate(to: 3)
        try old.close()
        #expect(try version(of: old.path) == 3)
        try await expectEverything(in: old.path)
        #expect(try version(of: old.path) == SpoolSchema.version)

        let spool = try SpoolQueue.open(SpoolSettings(path: old.path), time: FixedTime())
        let north = try await spool.register(destinations: ["north"])[0]
        #expect(try await spool.status().destinations[0].losses.compacted == 0)
        _ = try await spool.append([record(load, 8)])
        let answer = try await spool.exchange(
            DeliveryBatch(
                destination: north, leases: [LeaseRequest(object: load, node: "a")],
                replay: ReplayRule(.changes), stamp: stampAboveLast))
        #expect(answer.leased.map(\.result.output) == ["number 8"])
        #expect(try await spool.status().destinations[0].losses.compacted == 1)
        #expect(try await spool.contradictions() == [])
        try spool.close()
    }

    @Test(arguments: [1, 3, 4])
    func `a lane that lost something before format 5 skips nothing until an OK went out`(
        version: Int
    ) async throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let old = try VersionOneSpool(path: "\(directory)/queue.db")
        if version > 1 { try old.migrate(to: version) }
        try old.close()
        #expect(try self.version(of: old.path) == version)
        try await expectEverything(in: old.path)
        #expect(try self.version(of: old.path) == SpoolSchema.version)
        let spool = try SpoolQueue.open(SpoolSettings(path: old.path), time: FixedTime())
        let north = try await spool.register(destinations: ["north"])[0]
        let gaps = try await spool.perform { step in
            try [disk, load].map { name in
                let object = try step.find(name) ?? 0
                return try step.lane(of: object, named: name, at: north.rawValue)?.gap ?? -1
            }
        }
        // disk lost 7 by eviction and 5 by refusal; 7 results were accepted so far.
        #expect(gaps == [8, 0])
        try spool.close()
    }

    @Test func `a migration to format 4 that dies leaves format 3`() async throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let old = try VersionOneSpool(path: "\(directory)/queue.db")
        try old.migrate(to: 3)
        let image = "\(directory)/image.db"
        try await old.database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA cache_size = 1; BEGIN IMMEDIATE")
            for statement in SpoolSchema.migrations[3] { try db.execute(sql: statement) }
            for suffix in ["", "-wal"] {
                try copyFile(from: old.path + suffix, to: image + suffix)
            }
            try db.execute(sql: "ROLLBACK")
        }
        try old.close()
        for path in [old.path, image] {
            #expect(try version(of: path) == 3)
            try await expectEverything(in: path)
        }
    }

    @Test(arguments: 1..<SpoolSchema.version)
    func `a spool of any older format is read with every row and count it had`(
        _ format: Int
    ) async throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let old = try VersionOneSpool(path: "\(directory)/queue.db")
        try old.migrate(to: format)
        try old.close()
        try await expectEverything(in: old.path)
        #expect(try version(of: old.path) == SpoolSchema.version)
        let spool = try SpoolQueue.open(SpoolSettings(path: old.path), time: FixedTime())
        let lane = try await spool.lanes(
            of: try await spool.register(destinations: ["north"])[0], objects: [load]
        ).first
        #expect(lane?.losses.withheld == 0 && lane?.withheldReason == nil)
        try spool.close()
    }

    private func version(of path: String) throws -> Int? {
        var configuration = Configuration()
        configuration.readonly = true
        let database = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? database.close() }
        return try database.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
    }

    private func leaseAndDeliverAll(
        of object: ObjectName,
        in spool: SpoolQueue,
        at destination: DestinationID
    ) async throws -> [Int64] {
        var order: [Int64] = []
        var settlements: [Settlement] = []
        while true {
            let answer = try await spool.exchange(
                DeliveryBatch(
                    destination: destination,
                    settlements: settlements,
                    leases: [LeaseRequest(object: object, node: "a")],
                    stamp: stampAboveLast
                )
            )
            guard let next = answer.leased.first else { return order }
            order.append(next.sequence.rawValue)
            let kind = Settlement.Kind.delivered(at: start)
            settlements = [Settlement(object: object, sequence: next.sequence, kind: kind)]
        }
    }

    private func expectEverything(in path: String) async throws {
        let spool = try SpoolQueue.open(SpoolSettings(path: path), time: FixedTime())
        #expect(try await spool.contradictions() == [])
        let north = try await spool.register(destinations: ["north"])[0]

        let diskLane = try #require(try await spool.lanes(of: north, objects: [disk]).first)
        #expect((diskLane.queued, diskLane.kept, diskLane.rejected) == (1, 2, 0))
        #expect(diskLane.leased?.sequence.rawValue == 3)
        #expect(diskLane.leased?.isAmbiguous == true)
        #expect(diskLane.lastStamp == start + .seconds(3))
        #expect(diskLane.losses.evicted == 7)
        #expect(diskLane.losses.evictedKept == 6)
        #expect(diskLane.losses.refused == 5)
        let loadLane = try #require(try await spool.lanes(of: north, objects: [load]).first)
        #expect((loadLane.queued, loadLane.kept, loadLane.rejected) == (1, 1, 1))
        #expect(loadLane.parked?.until == start + .seconds(300))
        #expect(loadLane.parked?.reason == "404")
        #expect(loadLane.ignoredReason == "dependency")
        #expect(
            [loadLane.losses.superseded, loadLane.losses.ignored, loadLane.losses.dropped]
                == [4, 3, 2]
        )

        let unresolved = try await spool.leasedRows(of: north)
        #expect(unresolved.map(\.object) == [disk])
        #expect(unresolved.map(\.baseStamp) == [start + .seconds(3)])
        #expect(unresolved.map(\.attempts) == [2])
        #expect(unresolved.map(\.node) == ["a"])

        let kept = try await spool.keptLanes(of: north).sorted { $0.object < $1.object }
        #expect(kept.map(\.count) == [2, 1])
        #expect(kept.map(\.newestStamp) == [2, 5].map { start + .seconds($0) })
        #expect(kept.map(\.oldestAcknowledged) == [11, 15].map { start + .seconds($0) })
        #expect(kept.map(\.newestAcknowledged) == [12, 15].map { start + .seconds($0) })

        let rejected = try await spool.rejected(of: "north")
        #expect(rejected.map(\.sequence.rawValue) == [7])
        #expect(rejected.map(\.answer?.code) == [400])
        #expect(rejected.map(\.answer?.text) == ["no such field"])
        #expect(rejected.map(\.result.output) == ["number 7"])

        let schedules = try await spool.scheduleStates()
        #expect(
            schedules == [
                ScheduleState(
                    object: disk,
                    checkState: CheckState(state: .warning, type: .soft, attempt: 2),
                    lastStart: start,
                    lastEnd: start + .seconds(1),
                    nextCheck: start + .seconds(60),
                    lastOutput: "number 4"
                )
            ]
        )
        let status = try await spool.status().destinations[0]
        #expect((status.queued, status.leased, status.kept, status.rejected) == (2, 1, 3, 1))
        #expect(status.oldestExecution == start + .seconds(3))
        try spool.close()
    }
}
