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
            try walk.waitForRuns(3, on: master)
            daemon.pause()
            try master.restart()
            let stored = try walk.newest(master)
            let storedRuns = try walk.runs(at: master)
            daemon.resume()
            try walk.waitForRuns(5, after: storedRuns, on: master)

            daemon.pause()
            let acknowledged = try walk.newest(master)
            let acknowledgedRuns = try walk.runs(at: master)
            try master.kill()
            try master.start()
            #expect(
                try walk.newest(master) == stored, "the master's file is that of its clean stop")
            #expect(acknowledged.allSatisfy { $0.value > stored[$0.key] ?? 0 })
            let seen = try ProcessedResults(master)
            daemon.resume()

            try walk.waitForRuns(4, after: acknowledgedRuns, on: master)
            #expect((try site.destination()["forgotten"].number ?? 0) > 0)
            try site.flushAll()
            #expect(try daemon.stop() == .exited(0))
            return (stored, seen)
        }
        try site.flushAll()
        try walk.expectReplay(after: stored, of: site, on: master, seen: seen.drain())
        try master.stop()
    }
}
