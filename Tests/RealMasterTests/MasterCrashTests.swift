import Foundation
import TestSupport
import Testing

/// A master that is killed after it acknowledged results, and comes back with an older state.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct MasterCrashTests {
    private let walk = WalkingServices(count: 8, interval: 0.5)

    @Test func `what a killed master forgot is sent again, in order, and nothing else`() throws {
        let (master, site) = try walk.prepare()
        try master.start()
        let (stored, seen) = try site.withDaemon { daemon in
            try waitForRuns(3, master)
            daemon.pause()
            try master.restart()
            let stored = try newest(master)
            daemon.resume()
            try waitForRuns(8, master)

            daemon.pause()
            let acknowledged = try newest(master)
            try master.kill()
            try master.start()
            #expect(try newest(master) == stored, "the master's file is that of its clean stop")
            #expect(acknowledged.allSatisfy { $0.value > stored[$0.key] ?? 0 })
            let seen = try ProcessedResults(master)
            daemon.resume()

            try waitForRuns(12, master)
            #expect((try site.destination()["forgotten"].number ?? 0) > 0)
            try site.flushAll()
            #expect(try daemon.stop() == .exited(0))
            return (stored, seen)
        }
        try site.flushAll()
        try expectResent(after: stored, on: site, master, seen.drain())
        try master.stop()
    }

    /// The newest stamp that the master holds of each service.
    private func newest(_ master: PrivateMaster) throws -> [String: Double] {
        var stamps: [String: Double] = [:]
        for name in walk.names {
            stamps[name] = try master.objectState(name)?.lastCheckResult?.executionStart
        }
        return stamps
    }

    private func waitForRuns(_ count: Int, _ master: PrivateMaster) throws {
        for name in walk.names {
            try eventually("the master has run \(count) of \(name)") {
                let output = try master.objectState(name)?.lastCheckResult?.output ?? ""
                let run = output.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
                return run >= count
            }
        }
    }

    private func expectResent(
        after stored: [String: Double],
        on site: ForwarderSite,
        _ master: PrivateMaster,
        _ entries: [ProcessedResults.Entry]
    ) throws {
        let measured = try site.measured()
        let standings = try site.standings()
        let processed = Dictionary(grouping: entries, by: \.object)
        for name in walk.names {
            let held = stored[name] ?? 0
            let wanted = (measured[name] ?? []).filter { $0.executionStart > held + 0.001 }
            let got = processed[name] ?? []
            let isSame = got.map(\.output) == wanted.map(\.output)
            #expect(isSame, "\(name): \(got.count) processed, \(wanted.count) wanted")
            walk.expectStrictOrder(got, name)
            #expect(try master.objectState(name)?.standing == standings[name], "\(name)")
        }
    }
}
