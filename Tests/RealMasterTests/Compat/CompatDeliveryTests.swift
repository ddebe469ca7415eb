import Foundation
import TestSupport
import Testing

/// Every accepted result once, in order and with its own times, on each version of the master.
@Suite(
    .serialized,
    .enabled(if: CompatVersion.isWanted, "versions are compared by `make compat`"),
    CompatTable.watch
)
struct CompatDeliveryTests {
    /// Has the clock looked at often enough.
    private static let health = """
        object Service "forwarder" {
            host_name = NodeName
            check_interval = 1s
            retry_interval = 1s
        }
        """

    @Test(arguments: CompatVersion.allCases)
    func `results are taken with their own times`(version: CompatVersion) throws {
        try CompatTable.hold("own times", version) { installation, _ in
            let walk = WalkingServices(count: 4, interval: 0.5)
            let (master, site) = try walk.prepare(installation: installation)
            try master.start()
            let seen = try ProcessedResults(master)
            try site.withDaemon { daemon in
                try walk.waitForRuns(5, on: master)
                #expect(try daemon.stop() == .exited(0))
            }
            try site.flushAll()
            let entries = try seen.drain()
            try walk.expectExactReplay(of: site, on: master, seen: entries)
            let most = try walk.largestError(entries, site)
            try master.stop()
            return "\(walk.own(entries).count) results, off by \(most) us at most"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `what gathered in an outage is replayed in order, each once`(
        version: CompatVersion
    )
        throws
    {
        try CompatTable.hold("outage", version) { installation, _ in
            let walk = WalkingServices(count: 20, interval: 0.4)
            let (master, site) = try walk.prepare(installation: installation)
            let (seen, waited) = try site.withDaemon { daemon in
                try eventually("200 results wait") { try site.waitingCount() >= 200 }
                let waited = try site.waitingCount()
                let seen = try master.start(holding: daemon)
                try site.flushAll()
                #expect(try daemon.stop() == .exited(0))
                return (seen, waited)
            }
            try site.flushAll()
            #expect(try site.waitingCount() == 0)
            try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
            try master.stop()
            return "\(waited) waited, each once, in order"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `what a killed master forgot is sent again`(version: CompatVersion) throws {
        try CompatTable.hold("master killed -9", version) { installation, _ in
            let walk = WalkingServices(count: 4, interval: 0.5)
            let (master, site) = try walk.prepare(installation: installation)
            try master.start()
            let (stored, forgotten, seen) = try site.withDaemon { daemon in
                try walk.waitForRuns(2, on: master)
                daemon.pause()
                try master.restart()
                let stored = try walk.newest(master)
                let storedRuns = try walk.runs(at: master)
                daemon.resume()
                try walk.waitForRuns(4, after: storedRuns, on: master)
                daemon.pause()
                let acknowledgedRuns = try walk.runs(at: master)
                try master.kill()
                try master.start()
                #expect(try walk.newest(master) == stored, "that of its clean stop")
                let seen = try ProcessedResults(master)
                daemon.resume()
                try walk.waitForRuns(3, after: acknowledgedRuns, on: master)
                let forgotten = Int(try site.destination()["forgotten"].number ?? 0)
                #expect(forgotten >= walk.count)
                try site.flushAll()
                #expect(try daemon.stop() == .exited(0))
                return (stored, forgotten, seen)
            }
            try site.flushAll()
            try walk.expectReplay(after: stored, of: site, on: master, seen: seen.drain())
            try master.stop()
            return "\(forgotten) objects' results sent again"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `a master that hangs and goes on processes nothing twice`(version: CompatVersion) throws {
        try CompatTable.hold("stalled master", version) { installation, _ in
            let walk = WalkingServices(count: 20, interval: 0.3)
            let (master, site) = try walk.prepare(
                masterAttributes: "grace = 2s\nanswer_timeout = 1s",
                installation: installation
            )
            try master.start()
            let seen = try ProcessedResults(master)
            let ambiguous = try site.withDaemon { daemon in
                try walk.waitForRuns(2, on: master)
                for round in 1...3 {
                    // Until nothing of the round before is in doubt, nothing is out.
                    let delivered = try site.destination()["delivered"].number ?? 0
                    try eventually("results flow") {
                        (try site.destination()["delivered"].number ?? 0) > delivered + 40
                    }
                    let before = try site.destination()["ambiguous"].number ?? 0
                    master.pause()
                    try eventually("answers are given up") {
                        (try site.destination()["ambiguous"].number ?? 0) > before
                    }
                    master.resume()
                    try walk.waitForRuns(2 + 6 * round, on: master)
                }
                let ambiguous = Int(try site.destination()["ambiguous"].number ?? 0)
                try site.flushAll()
                #expect(try daemon.stop() == .exited(0))
                return ambiguous
            }
            try site.flushAll()
            let entries = try seen.drain()
            try walk.expectExactReplay(of: site, on: master, seen: entries)
            try master.stop()
            return "\(ambiguous) ambiguous of \(walk.own(entries).count), none twice"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `reloads amid the flow lose nothing and turn nothing round`(
        version: CompatVersion
    )
        throws
    {
        try CompatTable.hold("reload in mid-flow", version) { installation, _ in
            let walk = WalkingServices(count: 10, interval: 0.3)
            let (master, site) = try walk.prepare(installation: installation)
            try master.start()
            var recordings = [try ProcessedResults(master)]
            try site.withDaemon { daemon in
                for round in 1...3 {
                    try walk.waitForRuns(3 * round, on: master)
                    try master.reload()
                    recordings.append(try ProcessedResults(master))
                }
                try walk.waitForRuns(14, on: master)
                try site.flushAll()
                #expect(try daemon.stop() == .exited(0))
            }
            try site.flushAll()
            _ = try recordings.last?.drain()
            let seen = try recordings.map { try $0.entries }
            let standings = try site.standings()
            let measured = try site.measured()
            for name in walk.names {
                for entries in seen {
                    walk.expectStrictOrder(entries.filter { $0.object == name }, name)
                }
                let object = try #require(try master.objectState(name))
                #expect(object.standing == standings[name], "\(name)")
                #expect(object.lastCheckResult?.output == measured[name]?.last?.output)
            }
            let total = walk.names.map { measured[$0]?.count ?? 0 }.reduce(0, +)
            try master.stop()
            return "3 reloads in \(total) results, none twice, same end state"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `a host whose clock is wrong by seconds shows true times`(version: CompatVersion) throws {
        try CompatTable.hold("clock +-5 s", version) { installation, _ in
            let skews = try [5, -5].map { try heldSkew($0, installation) }
            return "skew seen: \(skews.joined(separator: ", ")); times true"
        }
    }

    private func heldSkew(_ offset: Int, _ installation: IcingaInstallation) throws -> String {
        let walk = WalkingServices(count: 3, interval: 0.4)
        let (master, site) = try walk.prepare(more: Self.health, installation: installation)
        try master.start()
        let seen = try ProcessedResults(master)
        let clock = try ShiftedClock()
        try clock.set(secondsAhead: offset)
        let skew = try site.withDaemon(clock: clock) { daemon in
            try walk.waitForRuns(6, on: master)
            let skew = try #require(try site.destination()["skew_s"].number)
            try site.flushAll()
            #expect(try daemon.stop() == .exited(0))
            return skew
        }
        #expect(abs(skew + Double(offset)) < 0.2, "skew_s \(skew)")
        let entries = try seen.drain()
        let measured = try site.measured()
        for name in walk.names {
            let pairs = (measured[name] ?? []).map { ($0.output, $0.executionStart) }
            let starts = Dictionary(pairs) { first, _ in first }
            let own = entries.filter { $0.object == name }
            walk.expectStrictOrder(own, name)
            let runs = own.map { WalkingServices.run($0.output) }
            #expect(!runs.isEmpty && runs == Array(1...max(1, runs.count)), "\(name)")
            let errors = own.map { entry in
                abs(entry.executionStart - ((starts[entry.output] ?? 0) - Double(offset)))
            }.sorted()
            #expect(errors.isEmpty || errors[errors.count / 2] < 0.1, "\(name): \(errors)")
        }
        try master.stop()
        return String(format: "%.2f s", skew)
    }
}
