import Foundation
import Monitoring
import TestSupport
import Testing

@testable import ForwarderCommand

/// The drop directory on a real file system, with all that somebody may put into it.
@Suite struct DropDirectoryTests {
    private static func sample(_ number: UInt64 = 1) -> SubmissionBatch {
        SubmissionBatch(
            id: BatchID(high: 7, low: number),
            records: [
                SubmissionBatch.Record(
                    object: ObjectName(host: "web1", service: "backup"), exitStatus: 2,
                    output: Array("no tape".utf8), time: Timestamp(microseconds: 5))
            ])
    }

    private struct Scene {
        let folder: TemporaryDirectory
        let drops: DropDirectory

        init(isPrivate: Bool = false) throws {
            folder = try TemporaryDirectory("drops")
            drops = DropDirectory(path: folder.path("drop"))
            try drops.prepare(isPrivate: isPrivate)
        }

        func open() throws -> Descriptor { try #require(try drops.open()) }

        func names() throws -> [String] {
            try drops.entries(try open()).map(\.name).sorted()
        }

        func place(_ name: DropName) -> String { "\(drops.path)/\(name.text)" }

        /// Why a file of this name is not read.
        func fault(_ name: DropName) throws -> DropFault? {
            let folder = try open()
            do throws(DropFault) {
                _ = try drops.batch(name, in: folder)
                return nil
            } catch {
                return error
            }
        }
    }

    private static let name = DropName(time: Timestamp(microseconds: 9), id: sample().id)

    @Test func `what was put there is read back, with its owner, and nothing else lies there`()
        throws
    {
        let scene = try Scene()
        try scene.drops.put(Self.sample(), at: Self.name.time)
        #expect(try scene.names() == [Self.name.text])
        let found = try scene.drops.batch(Self.name, in: try scene.open())
        #expect(found.batch == Self.sample() && found.owner == geteuid())
        let facts = try FileManager.default.attributesOfItem(atPath: scene.place(Self.name))
        #expect(facts[.posixPermissions] as? Int == 0o640)
    }

    @Test func `the directory is open to all or to nobody, and passes its group on`() throws {
        for (isPrivate, mode) in [(true, 0o3700), (false, 0o3777)] {
            let scene = try Scene(isPrivate: isPrivate)
            var status = stat()
            #expect(stat(scene.drops.path, &status) == 0)
            #expect(Int(status.st_mode & 0o7777) == mode)
        }
    }

    @Test func `a batch that comes too late is not put there`() throws {
        let scene = try Scene()
        #expect(throws: DropFault.late) {
            try scene.drops.put(Self.sample(), at: Self.name.time) { false }
        }
        #expect(try scene.names().isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `without a directory, or one that keeps its group, nothing is put anywhere`() throws {
        let folder = try TemporaryDirectory("drops")
        let absent = DropDirectory(path: folder.path("none"))
        #expect(throws: DropFault.absent(path: absent.path)) {
            try absent.put(Self.sample(), at: Self.name.time)
        }
        let foreign = DropDirectory(path: try folder.makeFolder("other"))
        try #require(chown(foreign.path, geteuid(), 4_000_123) == 0)
        #expect(throws: DropFault.withoutGroup(path: foreign.path)) {
            try foreign.put(Self.sample(), at: Self.name.time)
        }
        #expect(try foreign.entries(try #require(try foreign.open())).isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `somebody else's directory is not emptied`() throws {
        let folder = try TemporaryDirectory("drops")
        let other = DropDirectory(path: try folder.makeFolder("other"))
        try #require(chown(other.path, 4_000_123, 0) == 0)
        #expect(throws: DropFault.foreign(path: other.path, owner: 4_000_123, user: 0)) {
            try other.prepare(isPrivate: false)
        }
    }

    @Test func `a directory that is in use for something else is not touched`() throws {
        let folder = try TemporaryDirectory("drops")
        let used = DropDirectory(path: try folder.makeFolder("data"))
        try #require(chmod(used.path, 0o750) == 0)
        let spool = try folder.write("results", to: "data/spool.db", mode: 0o600)
        #expect(throws: DropFault.inUse(path: used.path, name: "spool.db")) {
            try used.prepare(isPrivate: false)
        }
        var status = stat()
        #expect(stat(used.path, &status) == 0 && status.st_mode & 0o7777 == 0o750)
        #expect(access(spool, F_OK) == 0)
        let link = DropDirectory(path: folder.path("link"))
        try #require(symlink(used.path, link.path) == 0)
        #expect(throws: DropFault.self) { try link.prepare(isPrivate: false) }
        #expect(stat(used.path, &status) == 0 && status.st_mode & 0o7777 == 0o750)
    }

    @Test func `two daemons do not share it, and one that ended leaves it to the next`() throws {
        let folder = try TemporaryDirectory("drops")
        let drops = DropDirectory(path: folder.path("drop"))
        do {
            let first = try drops.claim(isPrivate: false)
            #expect(throws: DropFault.shared(path: drops.path)) {
                try drops.prepare(isPrivate: true)
            }
            var status = stat()
            #expect(stat(drops.path, &status) == 0 && status.st_mode & 0o7777 == 0o3777)
            try drops.put(Self.sample(), at: Self.name.time)
            withExtendedLifetime(first) {}
        }
        // a process that another test starts just now has the lock until its program runs
        try eventually("the lock is free") {
            do throws(DropFault) {
                try drops.prepare(isPrivate: true)
                return true
            } catch .shared {
                return false
            }
        }
    }

    @Test func `files keep their order when the clock steps back`() throws {
        let scene = try Scene()
        for (number, time) in [100, 50, 50, 200, 10].enumerated() {
            try scene.drops.put(
                Self.sample(UInt64(number)), at: Timestamp(microseconds: Int64(time)))
        }
        let names = try scene.names().compactMap { DropName($0) }.sorted()
        #expect(names.map(\.time.microseconds) == [100, 101, 102, 200, 201])
        #expect(names.map(\.id.low) == [0, 1, 2, 3, 4])
        let end = DropName(time: Timestamp(microseconds: .max), id: BatchID(high: 9, low: 9))
        try FileManager.default.moveItem(
            atPath: scene.place(names[0]), toPath: scene.place(end))
        try scene.drops.put(Self.sample(8), at: Self.name.time)
        #expect(try scene.names().count == 6, "a name from the end of times stops nobody")
    }

    @Test func `a call that finds too much when it has written gives its file up`() throws {
        let scene = try Scene()
        /// What another call put there: as long as a file may well be, and of no content.
        func place(_ number: Int) throws -> String {
            let id = BatchID(high: 1, low: UInt64(number))
            let name = DropName(time: Timestamp(microseconds: 1), id: id)
            try scene.folder.write("", to: "drop/\(name.text)", mode: 0o640)
            try #require(truncate(scene.place(name), 1 << 20) == 0)
            return scene.place(name)
        }
        let count = DropHoldings.byteQuota >> 20
        for number in 1..<count { _ = try place(number) }
        let early = try scene.drops.begin(Self.sample(1))
        let other = try place(count)
        #expect {
            try scene.drops.finish(early, at: Self.name.time)
        } throws: { if case DropFault.quota = $0 { true } else { false } }
        #expect(try scene.names().count == count, "nothing is left of it")
        unlink(other)
        let late = try scene.drops.begin(Self.sample(2))
        try scene.drops.finish(late, at: Self.name.time)
        let name = DropName(time: Self.name.time, id: Self.sample(2).id)
        #expect(try scene.drops.batch(name, in: try scene.open()).batch == Self.sample(2))
    }

    @Test func `what cannot be flushed is told as being there`() throws {
        let scene = try Scene()
        let drops = DropDirectory(path: scene.drops.path) { _ in
            errno = EIO
            return -1
        }
        #expect(throws: DropFault.unsynced(path: scene.place(Self.name), code: EIO)) {
            try drops.put(Self.sample(), at: Self.name.time)
        }
        #expect(try scene.names() == [Self.name.text])
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `before a daemon starts it is said whether it could use the directory`() throws {
        let folder = try TemporaryDirectory("drops")
        let drops = DropDirectory(path: folder.path("drop"))
        #expect(drops.complaint(for: 0) == nil, "it is made at the start")
        try #require(mkdir(drops.path, 0o755) == 0)
        #expect(drops.complaint(for: 0) == nil)
        #expect(
            drops.complaint(for: 4_000_123)
                == .foreign(path: drops.path, owner: 0, user: 4_000_123))
        try folder.write("x", to: "drop/data", mode: 0o600)
        #expect(drops.complaint(for: 0) == .inUse(path: drops.path, name: "data"))
        #expect(drops.complaint(for: nil) == .inUse(path: drops.path, name: "data"))
        #expect([0, 4_000_123].map { drops.mayHold(filesOf: $0) } == [true, false])
        let file = DropDirectory(path: folder.path("drop/data"))
        #expect(file.complaint(for: 0) != nil)
        var status = stat()
        #expect(stat(drops.path, &status) == 0 && status.st_mode & 0o7777 == 0o755)
    }

    // MARK: - Hostile files

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `links, pipes, folders, sockets and what others wrote are not read`() throws {
        let scene = try Scene()
        let place = scene.place(Self.name)
        let real = try scene.folder.write("secret", to: "secret", mode: 0o640)
        /// Puts one thing there, and says why it is not read.
        func refusal(_ make: () throws -> Void) throws -> DropFault? {
            try make()
            defer { Glibc.remove(place) }
            return try scene.fault(Self.name)
        }
        let link = try refusal { try #require(symlink(real, place) == 0) }
        #expect(link == .unusable("it is a symbolic link"))
        let dangling = try refusal { try #require(symlink("/no/such", place) == 0) }
        #expect(dangling == .unusable("it is a symbolic link"))
        let pipe = try refusal { try #require(mkfifo(place, 0o640) == 0) }
        #expect(pipe == .unusable("it is no regular file"))
        let folder = try refusal { try #require(mkdir(place, 0o750) == 0) }
        #expect(folder == .unusable("it is no regular file"))
        let hard = try refusal { try #require(Glibc.link(real, place) == 0) }
        #expect(hard == .unusable("it has several names"))
        for mode in [0, 0o600, 0o644, 0o660, 0o2640, 0o4640] as [mode_t] {
            let open = try refusal {
                try scene.drops.put(Self.sample(), at: Self.name.time)
                try #require(chmod(place, mode) == 0)
            }
            #expect(open == .unusable("its mode or group is none that a client gives"), "\(mode)")
        }
        let group = try refusal {
            try scene.drops.put(Self.sample(), at: Self.name.time)
            try #require(chown(place, 4_000_001, 4_000_001) == 0)
        }
        #expect(group == .unusable("its mode or group is none that a client gives"))
        #expect(try scene.fault(Self.name) == .gone)
    }

    @Test func `cut, changed, renamed and huge files are not read`() throws {
        let scene = try Scene()
        try scene.drops.put(Self.sample(), at: Self.name.time)
        let place = scene.place(Self.name)
        let whole = try Data(contentsOf: URL(fileURLWithPath: place))
        for content in [whole.dropLast(), Data(), whole + Data([0]), Data("FWBATCH1".utf8)] {
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: place))
            try handle.truncate(atOffset: 0)
            try handle.write(contentsOf: content)
            try handle.close()
            guard case .unusable = try scene.fault(Self.name) else {
                Issue.record("\(content.count) bytes are read")
                continue
            }
        }
        try #require(truncate(place, 1 << 32) == 0)
        #expect(try scene.fault(Self.name) == .unusable(BatchFault.tooLong.description))
        unlink(place)
        let other = DropName(time: Self.name.time, id: BatchID(high: 1, low: 1))
        try scene.drops.put(Self.sample(2), at: Self.name.time)
        let second = DropName(time: Self.name.time, id: Self.sample(2).id)
        try #require(rename(scene.place(second), scene.place(other)) == 0)
        #expect(try scene.fault(other) == .unusable("its name is out of bounds"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"))
    func `others can add and see names, and neither read, replace nor remove what is not theirs`()
        throws
    {
        let scene = try Scene()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o711], ofItemAtPath: scene.folder.path)
        try scene.drops.put(Self.sample(), at: Self.name.time)
        let script = """
            cd '\(scene.drops.path)'
            for file in batch-*; do
                cat "$file" && exit 1
                mv "$file" mine && exit 2
                rm -f "$file" && exit 3
                echo x >"$file" && exit 4
                test "$(cat /proc/sys/fs/protected_hardlinks)" = 0 || {
                    ln "$file" mine && exit 5
                }
            done 2>/dev/null
            umask 0
            echo own >own && test "$(stat -c %g own)" = "$(stat -c %g .)"
            """
        let stranger = try Command.run(
            "setpriv",
            ["--reuid=4000001", "--regid=4000001", "--clear-groups", "sh", "-c", script])
        #expect(stranger.ending == .exited(0), "\(stranger.errorText)")
        #expect(try scene.names() == [Self.name.text, "own"])
    }
}
