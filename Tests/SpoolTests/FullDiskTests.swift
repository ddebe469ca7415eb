import Monitoring
import TestSupport
import Testing

@testable import Spool

#if canImport(Glibc)
    import Glibc
#endif

/// A spool on a file system that another program fills to the last byte.
@Suite(.serialized, .enabled(if: geteuid() == 0, "only root can mount a small file system"))
struct FullDiskTests {
    @Test func `what is queued on a full disk is leased and settled to the last row`()
        async throws
    {
        let place = try SmallPlace("12m")
        let (spool, destination) = try await place.open()
        try await fill(spool, with: 600)
        try place.disk.fill()
        try await drain(spool, destination, count: 600)
        #expect(try await spool.contradictions() == [])
        try spool.close()
    }

    @Test func `a full disk opens after a crash, with all that was queued`() async throws {
        let place = try SmallPlace("12m")
        let (spool, destination) = try await place.open()
        try await fill(spool, with: 200)
        _ = try await lease(spool, destination, [disk])
        let crashed = try place.crashCopy()
        try spool.close()
        try crashed.disk.fill()
        #expect(crashed.freeBytes == 0)

        let (again, same) = try await crashed.open()
        let unresolved = try await again.leasedRows(of: same)
        #expect(unresolved.map(\.object) == [disk])
        let settlement = Settlement(
            object: disk, sequence: unresolved[0].sequence, kind: .deliveredUnconfirmed)
        _ = try await again.exchange(
            DeliveryBatch(destination: same, settlements: [settlement]))
        try await drain(again, same, count: 199)
        try again.close()
    }

    @Test func `a full disk opens after an end in good order, however often`() async throws {
        let place = try SmallPlace("12m")
        let (spool, _) = try await place.open()
        try await fill(spool, with: 100)
        try spool.close()
        for _ in 0..<5 {
            try place.disk.fill()
            let (again, destination) = try await place.open()
            #expect(try await again.status().destinations[0].queued > 0)
            try await drain(again, destination, count: 10)
            try again.close()
        }
    }

    @Test func `a spool opens after a crash though others took all the ballast gave up`()
        async throws
    {
        let place = try SmallPlace("12m")
        let (spool, destination) = try await place.open()
        try await fill(spool, with: 400)
        try place.disk.fill()
        var left = 400
        while place.ballastByteCount > 0 {
            try await drain(spool, destination, count: 10)
            left -= 10
        }
        let crashed = try place.crashCopy()
        try spool.close()
        try crashed.disk.fill()
        let (again, same) = try await crashed.open()
        #expect(try await again.status().destinations[0].queued == left)
        try await drain(again, same, count: 1)
        try again.close()
    }

    @Test func `accepting ends while there is room, and goes on by itself`() async throws {
        let place = try SmallPlace("12m")
        let (spool, destination) = try await place.open()
        _ = try await spool.append([record(disk, 1)])
        let bounds = spool.bounds
        try place.disk.fill(leaving: bounds.freeFloorBytes - 65_536)
        let refusal = await fault { _ = try await spool.append([record(disk, 2)]) }
        #expect(refusal == .diskFull(path: place.path))
        #expect(place.ballastByteCount == bounds.ballastBytes, "settling did not need it yet")
        try await drain(spool, destination, count: 1)
        try place.disk.free()
        #expect(try await spool.append([record(disk, 3)]).accepted == 1)
        try spool.close()
    }

    @Test func `the ballast is given up for settling alone and taken again with room`()
        async throws
    {
        let place = try SmallPlace("12m")
        let (spool, destination) = try await place.open()
        let held = spool.bounds.ballastBytes
        #expect(place.ballastByteCount == held)
        #expect(place.blockBytes(".ballast") == held, "a hole holds nothing back")
        try await fill(spool, with: 100)
        try place.disk.fill()
        for number in 0..<20 {
            _ = await fault { _ = try await spool.append([record(load, number)]) }
        }
        #expect(place.ballastByteCount == held)
        try await drain(spool, destination, count: 100)
        #expect(place.ballastByteCount == 0)
        let refusal = await fault { _ = try await spool.append([record(load, 30)]) }
        #expect(refusal == .diskFull(path: place.path))

        try place.disk.free()
        _ = try await spool.append([record(load, 31)])
        #expect(place.ballastByteCount == held)
        try spool.close()
    }

    @Test func `on a full disk what was proved is forgotten`() async throws {
        let place = try SmallPlace("12m")
        let (spool, destination) = try await place.open()
        try await fill(spool, with: 1500)
        try await spool.deliverAll([disk], at: destination)
        try place.disk.fill()
        let later = start + .seconds(10_000)
        let proof = StampProof(object: disk, stamp: later)
        let count = try await spool.confirm([proof], of: destination, acknowledgedBefore: later)
        #expect(count == 1500)
        #expect(try await spool.contradictions() == [])
        try spool.close()
    }

    @Test func `a disk without room for a new spool is called full`() async throws {
        let place = try SmallPlace("1m")
        try place.disk.fill()
        let found = await fault { _ = try await place.open() }
        #expect(found == .diskFull(path: place.path))
        #expect(found?.disposition == .alarm)
        try place.disk.free()
        let (spool, _) = try await place.open()
        try spool.close()
    }

    @Test func `opening and closing a spool that is well writes nothing into it`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        try scene.spool.close()
        let before = try changeCounter(scene.settings.path)
        for _ in 0..<3 {
            let spool = try SpoolQueue.open(scene.settings, time: FixedTime())
            _ = try await spool.register(destinations: ["icinga"])
            #expect(spool.file.logByteCount == 0)
            try spool.close()
        }
        #expect(try changeCounter(scene.settings.path) == before)
    }

    @Test func `database, log and ballast together stay below the limit`() async throws {
        let scene = try await Scene(sizeLimit: SpoolSettings.minimumSizeLimit)
        for batch in 0..<60 {
            let records = (0..<50).map { record(disk, batch * 50 + $0, outputBytes: 2000) }
            _ = try await scene.spool.append(records)
            let size = try await scene.spool.status().size
            let all = size.fileBytes + size.logBytes + scene.spool.file.ballastByteCount
            #expect(all <= SpoolSettings.minimumSizeLimit)
        }
    }

    // MARK: Steps

    private func fill(_ spool: SpoolQueue, with count: Int) async throws {
        for first in stride(from: 0, to: count, by: 100) {
            let numbers = first..<min(first + 100, count)
            let receipt = try await spool.append(
                numbers.map { record(disk, $0, .change, outputBytes: 900) })
            try #require(receipt.accepted == numbers.count)
        }
    }

    private func lease(
        _ spool: SpoolQueue, _ destination: DestinationID, _ objects: [ObjectName]
    ) async throws -> [LeasedResult] {
        try await spool.exchange(
            DeliveryBatch(
                destination: destination,
                leases: objects.map { LeaseRequest(object: $0, node: "icinga1") },
                stamp: stampAboveLast
            )
        ).leased
    }

    /// Delivers exactly so many results, and keeps them as a daemon does.
    private func drain(
        _ spool: SpoolQueue, _ destination: DestinationID, count: Int
    ) async throws {
        for _ in 0..<count {
            let leased = try #require(try await lease(spool, destination, [disk]).first)
            let settlement = Settlement(
                object: disk, sequence: leased.sequence, kind: .delivered(at: start))
            let answer = try await spool.exchange(
                DeliveryBatch(destination: destination, settlements: [settlement]))
            try #require(answer.unmatched.isEmpty)
        }
    }

    /// SQLite's count of transactions that reached the file.
    ///
    /// - Source: SQLite file format, "The Database Header", offset 24.
    private func changeCounter(_ path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4)
        try #require(pread(file, &bytes, 4, 24) == 4)
        return bytes
    }
}

/// A directory on a small file system, gone with its last reference.
final class SmallPlace {
    let directory: String
    let disk: SmallDisk

    init(_ size: String) throws {
        directory = try makeDirectory()
        disk = try SmallDisk(at: directory, size: size)
    }

    deinit {
        disk.unmount()
        rmdir(directory)
    }

    var path: String { "\(directory)/queue.db" }
    var settings: SpoolSettings { SpoolSettings(path: path, sizeLimit: 4 << 20) }

    func open() async throws -> (SpoolQueue, DestinationID) {
        let spool = try SpoolQueue.open(settings, time: FixedTime())
        return (spool, try await spool.register(destinations: ["icinga"])[0])
    }

    /// Another file system with the files as a crash would leave them now.
    func crashCopy() throws -> SmallPlace {
        let copy = try SmallPlace("12m")
        try Command.require("cp", ["-a", "--sparse=never", "\(directory)/.", copy.directory])
        return copy
    }

    var freeBytes: Int {
        var facts = statvfs()
        return statvfs(directory, &facts) == 0 ? Int(facts.f_bavail * facts.f_frsize) : -1
    }

    var ballastByteCount: Int {
        var facts = stat()
        return stat("\(path).ballast", &facts) == 0 ? Int(facts.st_size) : 0
    }

    func blockBytes(_ suffix: String) -> Int {
        var facts = stat()
        return stat(path + suffix, &facts) == 0 ? Int(facts.st_blocks) * 512 : 0
    }
}
