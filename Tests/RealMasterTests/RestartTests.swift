import Foundation
import TestSupport
import Testing

/// A forwarder that is stopped or killed, and started again.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct RestartTests {
    @Test func `a restart, clean or not, neither repeats nor skips checks, and attempts go on`()
        throws
    {
        let walk = WalkingServices(count: 20, interval: 3)
        let (master, site) = try walk.prepare()
        try master.start()
        let seen = try ProcessedResults(master)
        var starts: [Double] = []
        try site.withDaemon { daemon in
            try waitForResults(2, of: walk, on: site)
            #expect(try daemon.stop() == .exited(0))
        }
        starts.append(Date().timeIntervalSince1970)
        try site.withDaemon { daemon in
            try waitForResults(4, of: walk, on: site)
            try daemon.kill()
        }
        starts.append(Date().timeIntervalSince1970)
        try site.withDaemon { daemon in
            try waitForResults(6, of: walk, on: site)
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try expectRhythm(of: walk, on: site, starts: starts)
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }

    /// Expects one run in each interval of 3 s; after a start the first one is anywhere in it, as
    /// Icinga spreads what is due within a minute.
    private func expectRhythm(
        of walk: WalkingServices,
        on site: ForwarderSite,
        starts: [Double]
    ) throws {
        let measured = try site.measured()
        for name in walk.names {
            let runs = (measured[name] ?? []).map(\.executionStart)
            for (one, next) in zip(runs, runs.dropFirst()) {
                let isAcross = starts.contains { one < $0 && $0 < next }
                let bounds = isAcross ? 0...8 : 1.8...5.0
                #expect(bounds.contains(next - one), "\(name), across a start: \(isAcross)")
            }
            // A check that ran as the daemon was killed has no result, and is run again.
            #expect(walk.runs(of: name, on: site) <= runs.count + 1, "\(name)")
        }
        for start in starts {
            let first = measured.values.joined().map(\.executionStart).filter {
                $0 >= start && $0 < start + 1
            }
            #expect(first.count < 18, "a burst after a start")
        }
    }

    @Test func `kills of daemon and uplink in a drain lose nothing and repeat nothing`() throws {
        let walk = WalkingServices(count: 20, interval: 0.3)
        let (master, site) = try walk.prepare(
            masterAttributes: "grace = 1s\nconnections = 1\nwindow = 3"
        )
        let seen = try site.withDaemon { daemon in
            try eventually("a few hundred results wait") {
                try site.waitingCount() >= 500
            }
            let seen = try master.start(holding: daemon)
            try waitForDrain(of: site, below: 470)
            try daemon.kill()
            return seen
        }
        #expect(try site.waitingCount() > 100)
        try site.withDaemon { daemon in
            try waitForDrain(of: site, below: 400)
            try daemon.killUplink()
            #expect(try site.waitingCount() > 100)
            try waitForDrain(of: site, below: 300)
            try daemon.kill()
        }
        try site.withDaemon { daemon in
            try waitForDrain(of: site, below: 150)
            try daemon.killUplink()
            try site.flushAll()
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }

    private func waitForResults(
        _ count: Int,
        of walk: WalkingServices,
        on site: ForwarderSite
    ) throws {
        try eventually("each service has \(count) results") {
            let measured = try site.measured()
            return walk.names.allSatisfy { (measured[$0] ?? []).count >= count }
        }
    }

    private func waitForDrain(of site: ForwarderSite, below count: Int) throws {
        try eventually("less than \(count) results wait") {
            try site.waitingCount() < count
        }
    }
}
