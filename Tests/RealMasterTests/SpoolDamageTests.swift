import Foundation
import TestSupport
import Testing

/// A spool that is damaged, not ours, held by others or on a disk that refuses: the daemon checks
/// on, says what is wrong, and goes on by itself.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct SpoolDamageTests {
    /// What a spool's file can be found to be at the start.
    enum Ruin: String, CaseIterable {
        case garbageHeader = "dd if=/dev/urandom of=$F bs=64 count=1 conv=notrunc"
        case zeros = "dd if=/dev/zero of=$F bs=4096 count=4 conv=notrunc"
        case truncated = "truncate -s 12288 $F"
        case otherDatabase = "rm $F; sqlite3 $F 'CREATE TABLE treasure (gold)'"
        case text = "echo 'a letter to my aunt' >$F"

        var word: String { self == .otherDatabase || self == .text ? "foreign" : "damaged" }
    }

    @Test(arguments: Ruin.allCases)
    func `a file that is no sound spool is moved aside at the start`(_ ruin: Ruin) throws {
        let walk = WalkingServices(count: 2, interval: 0.5)
        let (master, site) = try walk.prepare()
        try site.withDaemon { daemon in
            try walk.waitForRuns(4, on: site)
            #expect(try daemon.stop() == .exited(0))
        }
        try site.ruin(ruin.rawValue)
        let ruined = try Data(contentsOf: URL(fileURLWithPath: site.folder.path("spool.db")))
        let refusal = try site.run("flush")
        #expect(!refusal.isSuccess && refusal.errorText.contains("moves it aside"))
        #expect(try site.movedFiles().isEmpty, "only the daemon moves it")

        try master.start()
        try site.withDaemon { daemon in
            let moved = try site.movedFiles()
            #expect(moved.count == 1 && moved[0].hasPrefix("spool.db.\(ruin.word)-2"), "\(moved)")
            let copy = try Data(contentsOf: URL(fileURLWithPath: site.folder.path(moved[0])))
            #expect(copy == ruined, "it is what it was")
            #expect(try site.alarms().contains { $0.contains(moved[0]) })
            try eventually("results arrive from the new spool") {
                try site.destination()["delivered"].number ?? 0 >= 6
            }
            try FileManager.default.removeItem(atPath: site.folder.path(moved[0]))
            try eventually("the alarm ends with the file") { try site.alarms().isEmpty }
            let mentions = daemon.log.components(separatedBy: "spool moved aside").count - 1
            #expect(mentions == 1, "the log says it once")
            #expect(try daemon.stop() == .exited(0))
        }
        try master.stop()
    }

    @Test func `a spool that is ruined while it is used is replaced, and checks go on`() throws {
        let walk = WalkingServices(count: 4, interval: 0.5)
        let (master, site) = try walk.prepare()
        try master.start()
        try site.withDaemon { daemon in
            try eventually("results arrive") {
                try site.destination()["delivered"].number ?? 0 >= 8
            }
            // Another connection commits around it, so that SQLite reads again what it remembers.
            let script = """
                for f in "$1" "$1-wal"; do
                    n=$(($(stat -c %s "$f") / 4096))
                    dd if=/dev/urandom of="$f" bs=4096 seek=1 count=$n conv=notrunc 2>/dev/null
                done
                """
            let program = try site.plugin("overwrite", script)
            try site.ruin(
                """
                sqlite3 -cmd '.timeout 10000' $F \
                    "BEGIN IMMEDIATE; INSERT INTO object (name) VALUES ('nobody')" \
                    ".shell \(program) $F" COMMIT
                """
            )
            do {
                try eventually("the file is moved aside") {
                    try site.movedFiles().count == 1
                }
            } catch {
                throw SupportFault("\(error): \(try site.alarms()) \(daemon.log.suffix(2000))")
            }
            let runs = walk.runs(of: walk.names[0], on: site)
            try walk.waitForRuns(runs + 2, on: site)
            try eventually("the new spool delivers") {
                let alarms = try site.alarms()
                let delivered = try site.destination()["delivered"].number ?? 0
                return alarms.count == 1 && alarms[0].contains("damaged spool was moved")
                    && delivered >= 8
            }
            #expect(try daemon.stop() == .exited(0))
        }
        // what was measured during the stop
        try site.flushAll()
        for name in walk.names {
            let object = try #require(try master.objectState(name))
            let standing = try site.standings()[name]
            #expect(object.standing == standing, "\(name)")
        }
        try master.stop()
    }

    /// What can happen to a spool's name while the daemon has it open.
    enum Mishap: String, CaseIterable {
        case removed = "rm $F $F-wal $F-shm"
        case replaced = "mv $F $F.mine; rm $F-wal $F-shm; echo 'a letter to my aunt' >$F"
    }

    @Test(arguments: Mishap.allCases)
    func `a spool that loses its name while it is used loses no result`(_ mishap: Mishap) throws {
        let walk = WalkingServices(count: 4, interval: 0.5)
        let (master, site) = try walk.prepare()
        try site.withDaemon { daemon in
            let runs = walk.runs(of: walk.names[0], on: site)
            try walk.waitForRuns(runs + 6, on: site)
            // It looks for the name all the time, and the shell may take long between two steps.
            daemon.pause()
            try site.ruin(mishap.rawValue)
            daemon.resume()
            try eventually("the daemon has a spool with a name again") {
                daemon.log.contains("spool opened")
            }
            let moved = try site.movedFiles()
            switch mishap {
            case .removed: #expect(moved.isEmpty)
            case .replaced:
                #expect(moved.count { $0.contains(".displaced-") } == 1, "\(moved)")
                #expect(moved.count { $0.contains(".foreign-") } == 1, "\(moved)")
                let alarms = try site.alarms()
                #expect(alarms.contains { $0.contains("replaced by another one") }, "\(alarms)")
            }
            try walk.waitForRuns(runs + 10, on: site)
            #expect(try daemon.stop() == .exited(0))
        }
        guard mishap == .removed else { return }
        let measured = try site.measured()
        for name in walk.names {
            let runs = (measured[name] ?? []).map { WalkingServices.run($0.output) }
            #expect(runs.count >= 10)
            #expect(runs == (1...max(runs.count, 1)).map { $0 }, "none is missing")
        }
        try master.start()
        let seen = try ProcessedResults(master)
        #expect(try site.run("flush").isSuccess)
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }

    @Test func `a move that was cut off by a kill is completed at the next start`() throws {
        let walk = WalkingServices(count: 2, interval: 0.5)
        let (_, site) = try walk.prepare()
        try site.withDaemon { daemon in
            try walk.waitForRuns(4, on: site)
            try daemon.kill()
        }
        // What the killed one left behind would be taken for an answer.
        try FileManager.default.removeItem(atPath: site.folder.path("control.sock"))
        let name = "spool.db.damaged-20260101T000000Z"
        try site.ruin("ln $F ${F%/*}/\(name); mv $F-wal ${F%/*}/\(name)-wal")
        try site.withDaemon { daemon in
            let moved = try site.movedFiles()
            #expect(moved == [name])
            let alarms = try site.alarms()
            #expect(alarms.contains { $0.contains("2026-01-01T00:00:00Z") }, "\(alarms)")
            #expect(try daemon.stop() == .exited(0))
        }
    }

    @Test func `a database that another program holds is waited for, and checks go on`() throws {
        let walk = WalkingServices(count: 2, interval: 0.5)
        let (master, site) = try walk.prepare()
        try master.start()
        let seen = try ProcessedResults(master)
        try site.withDaemon { daemon in
            try walk.waitForRuns(3, on: site)
            // In the daemon's pauses, and until the test has seen what it has to see.
            let script = """
                { printf '.timeout 60000\\nBEGIN EXCLUSIVE;\\n'
                until [ -e "$2" ]; do sleep 0.1; done; } | sqlite3 "$1"
                """
            let release = site.folder.path("release")
            let holder = try ChildProcess(
                "sh", ["-c", script, "holder", site.folder.path("spool.db"), release])
            let runs = walk.runs(of: walk.names[0], on: site)
            try eventually("the daemon's log says who holds it") {
                daemon.log.contains("Another program holds the database")
            }
            try walk.waitForRuns(runs + 6, on: site)
            try site.folder.write("", to: "release")
            _ = try holder.wait()
            try eventually("all is well again") {
                try site.alarms().isEmpty
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a file system"))
    func `a read-only file system at the start is waited for, checks and reloads go on`() throws {
        let walk = WalkingServices(count: 2, interval: 0.5)
        let (master, site) = try walk.prepare()
        let disk = try SmallDisk(at: site.folder.makeFolder("disk"), size: "12m")
        defer { disk.unmount() }
        try site.configureSpool(#"path = "disk/spool.db", size_limit = 4 * 1024 * 1024"#)
        // For the tests' own look at the tables.
        try FileManager.default.createSymbolicLink(
            atPath: site.folder.path("spool.db"), withDestinationPath: "disk/spool.db")
        try site.withDaemon { daemon in
            try walk.waitForRuns(3, on: site)
            #expect(try daemon.stop() == .exited(0))
        }
        #expect(try Set(walk.names).isSubset(of: site.standings().keys))
        try disk.makeReadOnly()
        let runs = walk.runs(of: walk.names[0], on: site)
        try site.withDaemon { daemon in
            try walk.waitForRuns(runs + 3, on: site)
            #expect(try site.alarms().contains { $0.contains("Read-only file system") })
            try site.definitions(WalkingServices(count: 1, interval: 0.5).definitions)
            daemon.reload()
            try eventually("it reloads") { daemon.log.contains("definitions reloaded") }
            try disk.makeWritable()
            try master.start()
            try eventually("results arrive") {
                let delivered = try site.destination()["delivered"].number ?? 0
                return try site.alarms().isEmpty && delivered >= 12
            }
            #expect(try daemon.stop() == .exited(0))
        }
        let standing = try site.standings().keys.filter { walk.names.contains($0) }
        #expect(standing == [walk.names[0]], "what was removed meanwhile is forgotten")
        try master.stop()
    }
}

extension WalkingServices {
    /// Waits until each service ran so often.
    func waitForRuns(_ count: Int, on site: ForwarderSite) throws {
        for name in names {
            try eventually("\(name) ran \(count) times") { runs(of: name, on: site) >= count }
        }
    }
}

extension ForwarderSite {
    /// Runs a shell script on the spool's file, `$F` in it.
    fileprivate func ruin(_ script: String) throws {
        try Command.require("sh", ["-e", "-c", "F=$1; \(script)", "ruin", folder.path("spool.db")])
    }

    /// The names of what was moved aside, logs and indexes left out.
    fileprivate func movedFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(".")).filter { name in
            ["damaged", "foreign", "displaced"].contains { name.hasPrefix("spool.db.\($0)-") }
                && !name.hasSuffix("-wal") && !name.hasSuffix("-shm")
        }.sorted()
    }
}
