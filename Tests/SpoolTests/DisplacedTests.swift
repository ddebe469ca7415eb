import Monitoring
import TestSupport
import Testing

@testable import Spool

#if canImport(Glibc)
    import Glibc
#endif

/// A spool whose file is removed or replaced while it is open.
@Suite struct DisplacedTests {
    /// What may happen to an open spool's files.
    enum Mishap: CaseIterable {
        case databaseRemoved, allRemoved, directoryRemoved, renamed
    }

    @Test(arguments: Mishap.allCases)
    func `a removed spool takes nothing in and is written to its place again`(
        _ mishap: Mishap
    ) async throws {
        let scene = try await Scene()
        try await scene.append(disk, [.critical, .ok, .critical])
        try await scene.deliver(disk)
        let leased = try await scene.lease(disk)
        try scene.inflict(mishap)

        let found = await fault { _ = try await scene.spool.append([record(disk, 9)]) }
        #expect(found == .displaced(path: scene.settings.path))
        #expect(found?.disposition == .alarm)
        var damage: [SpoolFault] = []
        for await one in scene.spool.damage.prefix(1) { damage.append(one) }
        #expect(damage == [.displaced(path: scene.settings.path)])

        #expect(try await scene.spool.rescue() == .putBack)
        #expect(SpoolQueue.movedAside(from: scene.settings) == [])
        scene.spool = try SpoolQueue.open(scene.settings, time: FixedTime())
        #expect(try await scene.spool.contradictions() == [])
        let lane = try #require(try await scene.lane(disk))
        #expect(lane.kept == 1 && lane.queued == 1 && lane.leased?.isAmbiguous == true)
        let unresolved = try await scene.spool.leasedRows(of: scene.destination)
        #expect(unresolved.map(\.baseStamp) == leased.map(\.baseStamp))
        var facts = stat()
        #expect(stat(scene.settings.path, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
    }

    @Test func `a spool that another file replaced is kept beside it`() async throws {
        let scene = try await Scene()
        try await scene.append(disk, [.critical, .ok])
        try scene.inflict(.databaseRemoved)
        let other = Array("a letter to my aunt".utf8)
        try write(other, to: scene.settings.path)

        guard case .setAside(let moved) = try await scene.spool.rescue() else {
            Issue.record("it was put back over another file")
            return
        }
        #expect(moved.kind == .displaced)
        #expect(moved.path == "\(scene.settings.path).displaced-20231114T221320Z")
        #expect(SpoolQueue.movedAside(from: scene.settings) == [moved])
        let salvage = try Salvage(path: moved.path)
        #expect(salvage.isWhole && salvage.entries.count == 2)
        let found = await fault { _ = try SpoolQueue.open(scene.settings, time: FixedTime()) }
        #expect(found?.disposition == .quarantine, "what stands there is as it was")
    }

    @Test func `a rescue that fails leaves nothing behind and can be tried again`() async throws {
        let scene = try await Scene()
        try await scene.append(disk, [.critical])
        try scene.inflict(.allRemoved)
        // Its name exists already as a directory that nothing can be written into.
        let folder = scene.settings.path.split(separator: "/").dropLast().joined(separator: "/")
        let away = "/\(folder)-away"
        try #require(rename("/\(folder)", away) == 0)
        try write([], to: "/\(folder)")
        let found = await fault { _ = try await scene.spool.rescue() }
        #expect(found == .unwritable(path: "/\(folder)", errno: ENOTDIR))
        try #require(unlink("/\(folder)") == 0)
        #expect(try await scene.spool.rescue() == .putBack)
        scene.spool = try SpoolQueue.open(scene.settings, time: FixedTime())
        #expect(try await scene.lane(disk)?.queued == 1)
    }
}

extension Scene {
    fileprivate func inflict(_ mishap: DisplacedTests.Mishap) throws {
        let path = settings.path
        switch mishap {
        case .databaseRemoved: try #require(unlink(path) == 0)
        case .allRemoved:
            try #require(unlink(path) == 0)
            for suffix in ["-wal", "-shm", ".ballast", ".lock"] { unlink(path + suffix) }
        case .directoryRemoved:
            removeTree(String(path.dropLast("/queue.db".count)))
        case .renamed: try #require(rename(path, path + ".old") == 0)
        }
    }
}

private func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
}
