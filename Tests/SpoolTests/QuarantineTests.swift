import GRDB
import Monitoring
import TestSupport
import Testing

@testable import Spool

#if canImport(Glibc)
    import Glibc
#endif

/// Damaged and foreign files in the spool's place.
@Suite struct QuarantineTests {
    /// Ways to ruin a spool's file.
    enum Damage: CaseIterable {
        case header, zeros, shorter, empty, text, tableGone
    }

    @Test(arguments: Damage.allCases)
    func `a damaged spool is moved aside with its log, and a new one begins`(
        _ damage: Damage
    ) async throws {
        let ruin = try await Ruin()
        try await ruin.inflict(damage)
        let before = try ruin.bytes(of: "")
        let spool = try ruin.open(.moveAside)
        let moved = try #require(spool.movedAside)
        #expect(moved.kind == (damage == .text ? .foreign : .damaged))
        #expect(moved.path == "\(ruin.path).\(moved.kind.rawValue)-20231114T221320Z")
        #expect(moved.date == "2023-11-14T22:13:20Z")
        #expect(try ruin.bytes(atPath: moved.path) == before, "it is what it was")
        #expect(SpoolQueue.movedAside(from: ruin.settings) == [moved])
        #expect(try await spool.status().destinations.isEmpty)
        _ = try await spool.register(destinations: ["icinga"])
        #expect(try await spool.append([record(disk, 1)]).accepted == 1)
        try spool.close()
    }

    @Test(arguments: Damage.allCases)
    func `who may not move a damaged spool leaves every byte of it in place`(
        _ damage: Damage
    ) async throws {
        let ruin = try await Ruin()
        try await ruin.inflict(damage)
        let before = try ruin.bytes(of: "")
        let found = await fault { _ = try ruin.open(.refuse) }
        #expect(found?.disposition == .quarantine)
        #expect(found?.description.contains("forwarder daemon") == true)
        #expect(try ruin.bytes(of: "") == before)
        #expect(SpoolQueue.movedAside(from: ruin.settings) == [])
    }

    @Test func `a database of another program is moved with its content and named`() async throws {
        let ruin = try await Ruin()
        unlink(ruin.path)
        let other = try DatabaseQueue(path: ruin.path)
        try await other.write { try $0.execute(sql: "CREATE TABLE treasure (gold)") }
        try other.close()
        let spool = try ruin.open(.moveAside)
        let moved = try #require(spool.movedAside)
        #expect(moved.kind == .foreign)
        let found = try DatabaseQueue(path: moved.path)
        #expect(try await found.read { try $0.tableExists("treasure") })
        try spool.close()
    }

    @Test func `a newer format is neither moved nor touched`() async throws {
        let ruin = try await Ruin()
        let spool = try ruin.open(.refuse)
        try await spool.perform { try $0.db.execute(sql: "PRAGMA user_version = 99") }
        try spool.close()
        let before = try ruin.bytes(of: "")
        let found = await fault { _ = try ruin.open(.moveAside) }
        #expect(
            found == .newerVersion(path: ruin.path, version: 99, known: SpoolSchema.version))
        #expect(try ruin.bytes(of: "") == before)
    }

    @Test func `files that are moved within one second get names of their own`() async throws {
        let ruin = try await Ruin()
        for number in 1...3 {
            try ruin.write("no spool, number \(number), not at all a spool of any kind")
            try ruin.open(.moveAside).close()
        }
        let names = SpoolQueue.movedAside(from: ruin.settings).map(\.path)
        let first = "\(ruin.path).foreign-20231114T221320Z"
        #expect(names == [first, first + "-2", first + "-3"])
    }

    /// A kill between any two system calls of a move.
    @Test(arguments: 0...3)
    func `a move that was cut off is completed by the next owner`(_ stepsDone: Int) async throws {
        let ruin = try await Ruin(logged: true)
        let target = "\(ruin.path).damaged-20230101T000000Z"
        let database = try ruin.bytes(of: "")
        let log = try ruin.bytes(of: "-wal")
        try #require(!log.isEmpty)
        try #require(link(ruin.path, target) == 0)
        if stepsDone > 0 { try #require(rename(ruin.path + "-wal", target + "-wal") == 0) }
        if stepsDone > 1 { try #require(rename(ruin.path + "-shm", target + "-shm") == 0) }
        if stepsDone > 2 { unlink(ruin.path) }

        if stepsDone < 3 {
            let found = await fault { _ = try ruin.open(.refuse) }
            #expect(found?.disposition == .quarantine, "nobody else opens it without its log")
        }
        let spool = try ruin.open(.moveAside)
        #expect(try await spool.status().destinations.isEmpty, "no old log was applied")
        #expect(try ruin.bytes(atPath: target) == database)
        #expect(try ruin.bytes(atPath: target + "-wal") == log)
        #expect(SpoolQueue.movedAside(from: ruin.settings).map(\.path) == [target])
        try spool.close()
    }

    @Test func `a damaged spool that somebody took away leaves nothing to the next one`()
        async throws
    {
        let ruin = try await Ruin(logged: true)
        let log = try ruin.bytes(of: "-wal")
        try Command.require("cp", [ruin.path + "-wal", ruin.path + "-journal"])
        unlink(ruin.path)
        #expect(try SpoolQueue.moveAside(ruin.settings, time: FixedTime()) == nil)
        let target = "\(ruin.path).damaged-20231114T221320Z"
        #expect(try ruin.bytes(atPath: target + "-wal") == log)
        #expect(try ruin.bytes(atPath: target + "-journal") == log)
        let spool = try ruin.open(.refuse)
        #expect(try await spool.status().destinations.isEmpty)
        try spool.close()
    }

    @Test func `a step that meets damage says so once to who watches`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        _ = try await scene.spool.perform { try $0.run(Query("UPDATE result SET state = 17"), []) }
        for _ in 0..<3 { _ = await fault { _ = try await scene.lease(disk) } }
        try scene.spool.close()
        var faults: [SpoolFault] = []
        for await fault in scene.spool.damage { faults.append(fault) }
        #expect(faults.count == 1)
        let moved = try #require(
            try SpoolQueue.moveAside(scene.settings, time: FixedTime()))
        #expect(SpoolQueue.movedAside(from: scene.settings) == [moved])
        scene.spool = try SpoolQueue.open(scene.settings, time: FixedTime())
        #expect(try await scene.spool.status().destinations.isEmpty)
    }

    @Test func `a table that is gone while the spool is open is damage`() async throws {
        let scene = try await Scene()
        try await scene.spool.perform { try $0.db.execute(sql: "DROP TABLE schedule") }
        let found = await fault { _ = try await scene.spool.append([record(disk, 1)]) }
        #expect(found?.disposition == .quarantine)
    }

    @Test func `a spool with another name for a backup is not mistaken for a moved one`()
        async throws
    {
        let ruin = try await Ruin()
        try #require(link(ruin.path, ruin.path + ".backup") == 0)
        let spool = try ruin.open(.moveAside)
        #expect(spool.movedAside == nil)
        #expect(try await spool.status().destinations[0].queued == 50)
        try spool.close()
    }
}

/// A spool with results in it, to be ruined.
private final class Ruin {
    let directory: String
    var path: String { "\(directory)/queue.db" }
    var settings: SpoolSettings { SpoolSettings(path: path) }

    /// - Parameter logged: leave the results in the log, as a crash does.
    init(logged: Bool = false) async throws {
        directory = try makeDirectory()
        let spool = try open(.refuse)
        _ = try await spool.register(destinations: ["icinga"])
        _ = try await spool.append((1...50).map { record(disk, $0, outputBytes: 1000) })
        if logged {
            for suffix in ["", "-wal", "-shm"] {
                try Command.require("cp", [path + suffix, "\(directory)/copy\(suffix)"])
            }
        }
        try spool.close()
        guard logged else { return }
        for suffix in ["", "-wal", "-shm"] {
            try Command.require("mv", ["\(directory)/copy\(suffix)", path + suffix])
        }
    }

    deinit { removeTree(directory) }

    func open(_ policy: SpoolQueue.DamagePolicy) throws(SpoolFault) -> SpoolQueue {
        try SpoolQueue.open(settings, time: FixedTime(), damaged: policy)
    }

    func inflict(_ damage: QuarantineTests.Damage) async throws {
        switch damage {
        case .header: try overwrite(0..<16, with: 0xAA)
        case .zeros: try overwrite(0..<8192, with: 0)
        case .shorter: try #require(truncate(path, 8192) == 0)
        case .empty:
            try #require(truncate(path, 0) == 0)
            try Command.require(
                "sh", ["-c", "head -c 4152 /dev/zero >\"$1\"", "sh", path + "-wal"])
        case .text: try write("a letter to my aunt, which is quite a bit longer than a header is")
        case .tableGone:
            let other = try DatabaseQueue(path: path)
            try await other.write { try $0.execute(sql: "DROP TABLE schedule") }
            try other.close()
        }
    }

    func write(_ text: String) throws {
        try Command.require("sh", ["-c", "printf %s \"$1\" >\"$2\"", "sh", text, path])
    }

    func bytes(of suffix: String) throws -> [UInt8] { try bytes(atPath: path + suffix) }

    func bytes(atPath path: String) throws -> [UInt8] {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        try #require(file >= 0, "\(path)")
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 8 << 20)
        return Array(bytes.prefix(max(read(file, &bytes, bytes.count), 0)))
    }

    private func overwrite(_ range: Range<Int>, with byte: UInt8) throws {
        let file = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        let bytes = [UInt8](repeating: byte, count: range.count)
        try #require(pwrite(file, bytes, bytes.count, range.lowerBound) == range.count)
    }
}
