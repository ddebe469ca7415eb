import Foundation
import TestSupport
import Testing

/// A spool that has no room: on the disk, or within its own limit.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct SpoolFaultTests {
    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func `a full disk loses nothing that was accepted, and recovers by itself`() throws {
        let walk = WalkingServices(count: 4, interval: 0.5)
        let (master, site) = try walk.prepare()
        let disk = try SmallDisk(at: site.folder.makeFolder("disk"), size: "6m")
        defer { disk.unmount() }
        try site.configureSpool(#"path = "disk/spool.db""#)
        // For the tests' own look at the tables.
        try FileManager.default.createSymbolicLink(
            atPath: site.folder.path("spool.db"),
            withDestinationPath: "disk/spool.db"
        )
        try master.start()
        let seen = try ProcessedResults(master)
        try site.withDaemon { daemon in
            try walk.waitForRuns(2, on: site)
            try disk.fill()
            try eventually("status alarms that the disk is full") {
                try site.alarms().contains { $0.contains("file system") && $0.contains("is full") }
            }
            let full = walk.runs(of: walk.names[0], on: site)
            try walk.waitForRuns(full + 4, on: site)
            #expect(daemon.isRunning)
            #expect(try site.alarms().contains { $0.contains("is full") }, "it still is")

            try disk.free()
            try eventually("the alarm ends and everything was delivered") {
                let destination = try site.destination()
                return try site.alarms().isEmpty && destination["fault"] == .null
                    && (destination["queued"].number ?? .infinity) <= Double(walk.count)
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        for (name, results) in try site.measured() where walk.names.contains(name) {
            let runs = results.map { WalkingServices.run($0.output) }
            #expect(runs == Array(1..<1 + runs.count), "\(name): no run is missing")
        }
        try master.stop()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func `what waits on a full disk survives crashes and is delivered from there`() throws {
        let walk = WalkingServices(count: 4, interval: 0.5)
        let (master, site) = try walk.prepare()
        let disk = try SmallDisk(at: site.folder.makeFolder("disk"), size: "12m")
        defer { disk.unmount() }
        try site.configureSpool(#"path = "disk/spool.db", size_limit = 4 * 1024 * 1024"#)
        try FileManager.default.createSymbolicLink(
            atPath: site.folder.path("spool.db"),
            withDestinationPath: "disk/spool.db"
        )
        let queued = try site.withDaemon { daemon in
            try walk.waitForRuns(6, on: site)
            try disk.fill()
            try eventually("status alarms that the disk is full") {
                try site.alarms().contains { $0.contains("is full") }
            }
            let queued = try site.destination()["queued"].number ?? 0
            try daemon.kill()
            return queued
        }
        #expect(queued >= 20)
        try disk.fill()
        #expect(try site.destination()["queued"].number == queued, "status reads a full disk")
        try disk.fill()
        // A daemon gets it going again, and is killed amid the delivery.
        try site.withDaemon { daemon in
            #expect(try site.destination()["queued"].number == queued)
            let full = walk.runs(of: walk.names[0], on: site)
            try walk.waitForRuns(full + 2, on: site)
            try daemon.kill()
        }
        try disk.fill()
        let measured = try site.measured()
        try master.start()
        let seen = try ProcessedResults(master)
        try site.flushAll()
        let processed = Dictionary(grouping: try seen.drain(), by: \.object)
        for name in walk.names {
            let got = processed[name, default: []].map(\.output)
            #expect(got == measured[name, default: []].map(\.output), "\(name)")
        }
        #expect(try site.waitingCount() == 0)
        try master.stop()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func `a daemon delivers on a full disk until nothing waits`() throws {
        let walk = WalkingServices(count: 4, interval: 0.5)
        let (master, site) = try walk.prepare()
        let disk = try SmallDisk(at: site.folder.makeFolder("disk"), size: "12m")
        defer { disk.unmount() }
        try site.configureSpool(#"path = "disk/spool.db", size_limit = 4 * 1024 * 1024"#)
        try site.withDaemon { daemon in
            try walk.waitForRuns(6, on: site)
            try disk.fill()
            try eventually("status alarms that the disk is full") {
                try site.alarms().contains { $0.contains("is full") }
            }
            try daemon.kill()
        }
        try disk.fill()
        try site.withDaemon { daemon in
            try master.start()
            try eventually("nothing waits") {
                try site.destination()["queued"].number == 0
            }
            #expect(try site.alarms().contains { $0.contains("is full") }, "it still is")
            try disk.free()
            let runs = walk.runs(of: walk.names[0], on: site)
            try walk.waitForRuns(runs + 2, on: site)
            try eventually("results are stored again") {
                try site.alarms().isEmpty
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try master.stop()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func `a daemon that finds no room for a spool checks, says so and begins one later`() throws {
        let walk = WalkingServices(count: 4, interval: 0.5)
        let (master, site) = try walk.prepare()
        let disk = try SmallDisk(at: site.folder.makeFolder("disk"), size: "4m")
        defer { disk.unmount() }
        try site.configureSpool(#"path = "disk/spool.db", size_limit = 2 * 1024 * 1024"#)
        try disk.fill()
        try site.withDaemon { daemon in
            try walk.waitForRuns(4, on: site)
            #expect(
                try site.alarms().contains {
                    $0.contains("There is no spool") && $0.contains("is full")
                })
            let outcome = try site.run("flush")
            #expect(!outcome.isSuccess && outcome.errorText.contains("is full"))
            try disk.free()
            try eventually("the spool is opened") {
                try site.alarms().allSatisfy { !$0.contains("no spool") }
            }
            try master.start()
            try eventually("results arrive") {
                try site.destination()["delivered"].number ?? 0 >= 16
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try master.stop()
    }

    @Test func `a small spool keeps its limit and the newest result of each object`() throws {
        let walk = WalkingServices(count: 12, interval: 0.5)
        let (master, site) = try walk.prepare()
        // 36 KB each: a round of all of them fits, four do not.
        let long = "head -c 36000 /dev/zero | tr '\\0' x\n    exit $state"
        try site.plugin("walk", WalkingServices.plugin.replacing("exit $state", with: long))
        let limit = 3 << 20
        try site.configureSpool(#"path = "spool.db", size_limit = 3 * 1024 * 1024"#)
        var largest = 0
        try site.withDaemon { daemon in
            try eventually("more was evicted than fits") {
                largest = max(largest, site.spoolBytes)
                return try site.destination()["evicted"].number ?? 0 >= 60
            }
            try eventually("status says that results are given up") {
                largest = max(largest, site.spoolBytes)
                return try site.alarms().contains {
                    $0.contains("The spool is at its limit") && $0.contains("given up")
                }
            }
            let runs = walk.names.map { walk.runs(of: $0, on: site) }
            #expect(try daemon.stop() == .exited(0))
            let measured = try site.measured()
            for (name, run) in zip(walk.names, runs) {
                let newest = measured[name]?.last.map { WalkingServices.run($0.output) } ?? 0
                // The run that is counted may not have ended yet.
                #expect(newest >= run - 1, "\(name)")
            }
        }
        #expect(largest <= limit, "\(largest) bytes")
        #expect(largest > limit / 2, "the limit was never near: \(largest) bytes")

        try expectAllCounted(walk, site)
        // Now it holds more than it may: what is to be said first costs what is oldest.
        let text = try String(contentsOfFile: site.configurationPath, encoding: .utf8)
        try site.folder.write(
            text.replacing("3 * 1024 * 1024", with: "2 * 1024 * 1024"), to: "forwarder.conf")
        try expectKeptDelivered(walk, site, master)
        try master.stop()
    }

    /// Expects that what was checked is in the spool or counted as given up.
    private func expectAllCounted(_ walk: WalkingServices, _ site: ForwarderSite) throws {
        let destination = try site.destination()
        let evicted = Int(destination["evicted"].number ?? 0)
        let refused = Int(destination["refused"].number ?? 0)
        let stored = try site.measured().values.map(\.count).reduce(0, +)
        let runs = walk.names.map { walk.runs(of: $0, on: site) }.reduce(0, +)
        // The stop cut off one run of each at most; own health was stored besides, each minute.
        let counted = runs - walk.count...runs + 3
        #expect(counted.contains(stored + evicted + refused), "\(stored) \(evicted) \(refused)")
    }

    /// Expects that for the health that goes ahead of everything what matters least has gone: what
    /// changed nothing, oldest first, and only then changes, oldest first.
    ///
    /// The first health, under an old stamp, goes before anything else is leased. A fresh one
    /// follows. It needs less room than one result has, so it costs one at most; and then each
    /// object's next result may be leased, which cannot go, or is delivered.
    ///
    /// - Parameters:
    ///   - spared: what could have gone too; no object's newest.
    ///   - leased: those of them that were delivered or may have been leased when the last fresh
    ///     health was stored.
    ///   - freshCount: how many fresh ones were stored.
    private func expectLeastGone(
        _ gone: [ForwarderSite.Measured], spared: Set<ForwarderSite.Measured>,
        leased: Set<ForwarderSite.Measured>, freshCount: Int
    ) {
        let worth = gone.sorted {
            $0.isChange == $1.isChange ? $0.sequence < $1.sequence : $1.isChange
        }
        expectLess(worth.dropLast(freshCount), than: spared)
        expectLess(worth[...], than: spared.subtracting(leased))
    }

    private func expectLess(
        _ gone: ArraySlice<ForwarderSite.Measured>, than spared: Set<ForwarderSite.Measured>
    ) {
        for isChange in [false, true] {
            let lastGone = gone.filter { $0.isChange == isChange }.map(\.sequence).max() ?? 0
            let firstSpared = spared.filter { $0.isChange == isChange }.map(\.sequence).min()
            #expect(lastGone < firstSpared ?? .max, "changes: \(isChange)")
        }
        let hasSparedUnchanged = spared.contains { !$0.isChange }
        #expect(!(hasSparedUnchanged && gone.contains(where: \.isChange)))
    }

    /// Expects that flush delivers what the spool holds, in order, down to each newest result.
    private func expectKeptDelivered(
        _ walk: WalkingServices,
        _ site: ForwarderSite,
        _ master: PrivateMaster
    ) throws {
        try master.start()
        let seen = try ProcessedResults(master)
        let kept = try site.measured()
        let before = try site.destination()
        let evicted = before["evicted"].number ?? 0
        let began = Date().timeIntervalSince1970
        let outcome = try JSON(parsing: site.run("flush", ["--json"]).output)
        #expect(outcome["left"].elements.isEmpty)
        let processed = Dictionary(grouping: try seen.drain(), by: \.object)
        let fresh = processed["web1!forwarder", default: []].filter { $0.executionStart > began }
        let lastFresh = fresh.map(\.processedAt).max() ?? 0
        var missing = 0
        var gone: [ForwarderSite.Measured] = []
        var (spared, leased) = (Set<ForwarderSite.Measured>(), Set<ForwarderSite.Measured>())
        for name in walk.names {
            let got = processed[name, default: []]
            let waited = kept[name, default: []]
            let wanted = waited.map { WalkingServices.run($0.output) }
            let runs = got.map { WalkingServices.run($0.output) }
            #expect(runs == wanted.filter(Set(runs).contains), "\(name)")
            let isThere = { (one: ForwarderSite.Measured) in
                runs.contains(WalkingServices.run(one.output))
            }
            gone += waited.filter { !isThere($0) }
            spared.formUnion(waited.dropLast().filter(isThere))
            // what was processed by then, and the one behind it
            let doneCount = got.prefix { $0.processedAt <= lastFresh }.count
            leased.formUnion(waited.filter(isThere).prefix(doneCount + 1))
            missing += wanted.count - got.count
            walk.expectStrictOrder(got, name)
            let newest = try master.objectState(name)?.lastCheckResult?.output
            #expect(newest != nil && newest.map(WalkingServices.run) == wanted.last, "\(name)")
        }
        expectLeastGone(gone, spared: spared, leased: leased, freshCount: fresh.count)
        let given = (try site.destination()["evicted"].number ?? 0) - evicted
        #expect(missing > 0)
        #expect(Double(missing) == given, "what is not delivered is counted as evicted")
        // Delivered ones that only waited for their proof are given up before, and flush says so.
        let proofs =
            (try site.destination()["evicted_kept"].number ?? 0)
            - (before["evicted_kept"].number ?? 0)
        #expect(outcome["evicted"].number == given + proofs, "and flush says so")
    }
}

extension ForwarderSite {
    /// Replaces what forwarder.conf says of the spool.
    func configureSpool(_ attributes: String) throws {
        let text = try String(contentsOfFile: configurationPath, encoding: .utf8)
        let changed = text.replacing(#"path = "spool.db""#, with: attributes)
        try #require(changed != text)
        try folder.write(changed, to: "forwarder.conf")
    }

    /// What `status` alarms of.
    func alarms() throws -> [String] {
        try status()["alarms"].elements.compactMap(\.string)
    }

    /// Bytes of database and write-ahead log on disk.
    fileprivate var spoolBytes: Int {
        ["spool.db", "spool.db-wal"].map { name -> Int in
            // lost on purpose: what is not there takes no room
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path(name))
            return (attributes?[.size] as? Int) ?? 0
        }.reduce(0, +)
    }
}
