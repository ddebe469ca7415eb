import Foundation
import TestSupport
import Testing

/// A forwarder that is stopped or killed, and started again.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct RestartTests {
    /// The time that a forwarder did not run.
    private struct Pause {
        /// Before it was told to end.
        let begin: Double
        /// When it had ended.
        let ended: Double
        /// When the next one was ready.
        let end: Double
    }

    @Test func `a restart, clean or not, neither repeats nor skips checks, and attempts go on`()
        throws
    {
        let walk = WalkingServices(count: 20, interval: 3)
        let (master, site) = try walk.prepare()
        try master.start()
        let seen = try ProcessedResults(master)
        var (begin, ended) = (0.0, 0.0)
        var pauses: [Pause] = []
        try site.withDaemon { daemon in
            try waitForResults(2, of: walk, on: site)
            begin = now
            #expect(try daemon.stop() == .exited(0))
        }
        ended = now
        try site.withDaemon { daemon in
            pauses.append(Pause(begin: begin, ended: ended, end: now))
            try waitForResults(4, of: walk, on: site)
            begin = now
            try daemon.kill()
        }
        ended = now
        try site.withDaemon { daemon in
            pauses.append(Pause(begin: begin, ended: ended, end: now))
            try waitForResults(6, of: walk, on: site)
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try expectRhythm(of: walk, on: site, pauses)
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }

    /// Expects one run in each interval of 3 s; after a start the first one is anywhere in it, as
    /// Icinga spreads what is due within a minute.
    ///
    /// A slow machine has a check start late, but by less than an interval; then one was skipped.
    private func expectRhythm(
        of walk: WalkingServices, on site: ForwarderSite, _ pauses: [Pause]
    ) throws {
        let measured = try site.measured()
        for name in walk.names {
            let runs = (measured[name] ?? []).map(\.executionStart)
            for (one, next) in zip(runs, runs.dropFirst()) {
                let pause = pauses.first { one < $0.ended && $0.ended < next }
                let bounds = pause.map { 0...8 + $0.end - $0.begin } ?? 1.8...5.9
                #expect(bounds.contains(next - one), "\(name), across a start: \(pause != nil)")
            }
            // A check that ran as the daemon was killed has no result, and is run again.
            #expect(walk.runs(of: name, on: site) <= runs.count + 1, "\(name)")
        }
        let starts = measured.filter { walk.names.contains($0.key) }.values.joined()
            .map(\.executionStart)
        for pause in pauses {
            let next = starts.filter { $0 > pause.ended }
            let first = try #require(next.min())
            #expect(next.count { $0 < first + 1 } < 18, "a burst after a start")
        }
    }

    private var now: Double { Date().timeIntervalSince1970 }

    @Test func `kills of daemon and uplink in a drain lose nothing and repeat nothing`() throws {
        let walk = WalkingServices(count: 20, interval: 0.3)
        let master = try PrivateMaster()
        // Three results in a round trip are as many as are measured: it lasts on any machine.
        let proxy = try DelayingProxy(to: master.port)
        proxy.setRoundTrip(.milliseconds(40))
        let site = try ForwarderSite(
            masters: [.init(master, port: proxy.port)], definitions: walk.definitions,
            masterAttributes: "grace = 1s\nconnections = 1\nwindow = 3")
        try site.plugin("walk", WalkingServices.plugin)
        try site.renderInto(master)
        let seen = try site.withDaemon { daemon in
            try eventually("a few hundred results wait") {
                try site.waitingCount() >= 500
            }
            let seen = try master.start(holding: daemon)
            try waitForDeliveries(30, on: site)
            try daemon.kill()
            return seen
        }
        #expect(try site.waitingCount() > 100)
        try site.withDaemon { daemon in
            try waitForDeliveries(60, on: site)
            try daemon.killUplink()
            #expect(try site.waitingCount() > 100)
            try waitForDeliveries(60, on: site)
            try daemon.kill()
        }
        #expect(try site.waitingCount() > 100)
        try site.withDaemon { daemon in
            try waitForDeliveries(60, on: site)
            try daemon.killUplink()
            #expect(try site.waitingCount() > 100)
            proxy.setRoundTrip(.zero)
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

    private func waitForDeliveries(_ count: Int, on site: ForwarderSite) throws {
        let before = try deliveredCount(site)
        try eventually("\(count) results were delivered") {
            try deliveredCount(site) >= before + count
        }
    }

    private func deliveredCount(_ site: ForwarderSite) throws -> Int {
        let rows = try site.ask("SELECT count(*) AS count FROM delivery WHERE state = 2")
        return Int(rows[0]["count"].number ?? 0)
    }
}
