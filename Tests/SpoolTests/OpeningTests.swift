import GRDB
import Monitoring
import Testing

@testable import Spool

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct OpeningTests {
    @Test func `commits wait for the medium`() async throws {
        let scene = try await Scene()
        let (level, mode) = try await scene.spool.perform { step in
            (
                try step.integer("PRAGMA synchronous"),
                try String.fetchOne(step.db, sql: "PRAGMA journal_mode")
            )
        }
        #expect(level == 2)
        #expect(mode == "wal")
    }

    @Test func `files and directory are the owner's alone`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        #expect(mode(of: "\(scene.directory)/spool") == 0o700)
        for suffix in ["", "-wal", "-shm", ".lock"] {
            #expect(mode(of: scene.settings.path + suffix) == 0o600)
        }
    }

    @Test func `a second owner is refused and told who has it`() async throws {
        let scene = try await Scene()
        let settings = scene.settings
        let refusal = await fault { _ = try SpoolQueue.open(settings, time: FixedTime()) }
        #expect(refusal == .owned(path: settings.path, byPID: getpid()))
    }

    @Test func `who waits gets the spool when its owner lets go`() async throws {
        let scene = try await Scene()
        let first = scene.spool
        var owners: [Int32?] = []
        let second = try await SpoolQueue.openWhenFree(scene.settings, time: FixedTime()) { owner in
            owners.append(owner)
            if owners.count == 3 { try first.close() }
        }
        #expect(owners == [getpid(), getpid(), getpid()])
        try second.close()
    }

    @Test func `a database of somebody else is left alone`() throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let path = "\(directory)/other.db"
        let other = try DatabaseQueue(path: path)
        try other.write { try $0.execute(sql: "CREATE TABLE treasure (gold)") }
        try other.close()
        let what = "it is a SQLite database with application id 0 and 1 tables"
        #expect(openFault(path) == .foreign(path: path, detail: what))
    }

    @Test(arguments: ["a letter to my aunt, which is quite a bit longer than a header".utf8])
    func `a file that is no database is left alone`(_ text: String.UTF8View) throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let path = "\(directory)/letter"
        try writeFile(path, Array(text))
        #expect(openFault(path) == .foreign(path: path, detail: "it is not a SQLite database"))
        #expect(try readFile(path) == Array(text))
    }

    @Test func `a newer format is refused by number`() async throws {
        let scene = try await Scene()
        try await scene.spool.perform { try $0.db.execute(sql: "PRAGMA user_version = 99") }
        try scene.spool.close()
        let path = scene.settings.path
        #expect(
            openFault(path) == .newerVersion(path: path, version: 99, known: SpoolSchema.version)
        )
    }

    @Test func `a spool whose pages were overwritten is called damaged`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append((1...50).map { record(disk, $0, outputBytes: 1000) })
        try scene.spool.close()
        let path = scene.settings.path
        var bytes = try readFile(path)
        for index in 0..<68 { bytes[index] = 0xAA }
        try writeFile(path, bytes)
        let found = try #require(openFault(path))
        guard case .damaged = found else {
            Issue.record("\(found)")
            return
        }
        #expect(found.disposition == .quarantine)
    }

    @Test func `a value of the wrong kind is damage, not a trap`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([record(disk, 1)])
        try await scene.spool.perform { try $0.db.execute(sql: "UPDATE result SET state = 17") }
        let found = await fault { _ = try await scene.lease(disk) }
        guard case .damaged? = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test func `a path that cannot be written is named with its reason`() throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        try writeFile("\(directory)/file", [1])
        #expect(
            openFault("\(directory)/file/queue.db")
                == .unwritable(path: "\(directory)/file", errno: ENOTDIR)
        )
        #expect(
            openFault("\(directory)/missing/deeper/queue.db")
                == .unwritable(path: "\(directory)/missing/deeper", errno: ENOENT)
        )
        #expect(openFault("/proc/queue.db") != nil)
        #expect(openFault(directory) == .unwritable(path: directory, errno: EISDIR))
    }

    @Test func `every fault says what happened, what it means and what to do`() {
        let faults: [SpoolFault] = [
            .owned(path: "/p", byPID: 7), .foreign(path: "/p", detail: "x"),
            .newerVersion(path: "/p", version: 2, known: 1), .damaged(path: "/p", detail: "x"),
            .unwritable(path: "/p", errno: EACCES), .diskFull(path: "/p"), .full(limitBytes: 7),
            .logBlocked(bytes: 7), .busy(path: "/p"), .notDurable(path: "/p", detail: "x"),
            .closed, .storage(path: "/p", code: 10, detail: "x"),
        ]
        for fault in faults {
            let sentences = fault.description.split(separator: ".", omittingEmptySubsequences: true)
            #expect(sentences.count >= 3, "\(fault.description)")
            #expect(!fault.description.contains("\n"))
        }
    }
}

private func openFault(_ path: String) -> SpoolFault? {
    do {
        let spool = try SpoolQueue.open(SpoolSettings(path: path), time: FixedTime())
        try spool.close()
        return nil
    } catch {
        return error
    }
}

private func mode(of path: String) -> mode_t {
    var facts = stat()
    return stat(path, &facts) == 0 ? facts.st_mode & 0o777 : 0
}

private func writeFile(_ path: String, _ bytes: [UInt8]) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard file >= 0 else { throw SceneFault.directory(errno: errno) }
    defer { close(file) }
    guard write(file, bytes, bytes.count) == bytes.count else {
        throw SceneFault.directory(errno: errno)
    }
}

private func readFile(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { throw SceneFault.directory(errno: errno) }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4 << 20)
    let count = read(file, &bytes, bytes.count)
    return Array(bytes.prefix(max(count, 0)))
}
