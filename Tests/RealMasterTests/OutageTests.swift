import Foundation
import TestSupport
import Testing

/// Results that gather while the master is away.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct OutageTests {
    /// Twenty services with a check each minute make 1,200 results in an hour.
    private static let hour = 1200

    @Test func `an outage of an hour's worth of results replays in order, none twice`() throws {
        let walk = WalkingServices(count: 40, interval: 0.4)
        let (master, site) = try walk.prepare()
        let seen = try site.withDaemon { daemon in
            try eventually("an hour's worth of results waits") {
                try site.waitingCount() >= Self.hour
            }
            let seen = try master.start(holding: daemon)
            try site.flushAll()
            #expect(try daemon.stop() == .exited(0))
            return seen
        }
        // What the last moments added goes without a daemon.
        try site.flushAll()
        #expect(try site.waitingCount() == 0)
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }
}
