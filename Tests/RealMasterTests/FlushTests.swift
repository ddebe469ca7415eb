import Foundation
import TestSupport
import Testing

/// `forwarder flush` beside a daemon that checks on.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct FlushTests {
    @Test func `beside a busy daemon it ends when what waited at its start is gone`() throws {
        let walk = WalkingServices(count: 8, interval: 0.3)
        let master = try PrivateMaster()
        let proxy = try DelayingProxy(to: master.port)
        let site = try ForwarderSite(
            masters: [.init(master, port: proxy.port)], definitions: walk.definitions)
        try site.plugin("walk", WalkingServices.plugin)
        try site.renderInto(master)
        let seen = try site.withDaemon { daemon in
            try walk.waitForRuns(5, on: site)
            let seen = try master.start(holding: daemon)
            try eventually("the way is open") {
                try site.destination()["delivered"].number ?? 0 >= 1
            }
            // Three checks of an object for each result of it that gets through.
            proxy.setRoundTrip(.seconds(1))
            let before = try eventually("a result of each object waits") {
                let waiting = try waiting(site)
                return waiting.count >= walk.count ? waiting : nil
            }
            let outcome = try site.run("flush", ["--json"], patience: .seconds(90))
            #expect(outcome.ending == .exited(0), "\(outcome.outputText)\(outcome.errorText)")
            let after = try waiting(site)
            #expect(before.isDisjoint(with: after), "what waited at its start is gone")
            #expect(after.count > walk.count, "more waits by now: it was busy all the time")
            #expect(try JSON(parsing: outcome.output)["left"].elements.isEmpty)
            proxy.setRoundTrip(.zero)
            #expect(try daemon.stop() == .exited(0))
            return seen
        }
        try site.flushAll()
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }

    @Test func `a first node that answers nothing is no end: the second one takes everything`()
        throws
    {
        let walk = WalkingServices(count: 4, interval: 0.5)
        let pair = try MasterPair()
        let proxy = try DelayingProxy(to: pair.second.port)
        // Longer than a fault is waited for.
        let site = try ForwarderSite(
            masters: [.init(pair.first), .init(pair.second, port: proxy.port)],
            definitions: walk.definitions,
            masterAttributes: "grace = 1s\nrelay_delay = 5s\nconnect_timeout = 12s")
        try site.plugin("walk", WalkingServices.plugin)
        for master in [pair.first, pair.second] { try site.renderInto(master) }
        try site.withDaemon { daemon in
            try walk.waitForRuns(3, on: site)
            #expect(try daemon.stop() == .exited(0))
        }
        try pair.start()
        pair.first.pause()
        defer { pair.first.resume() }
        // Far enough away for somebody to look between the fault and the first answer.
        proxy.setRoundTrip(.milliseconds(500))
        let outcome = try site.run("flush", ["--json"])
        #expect(outcome.ending == .exited(0), "\(outcome.outputText)\(outcome.errorText)")
        #expect(try waiting(site).isEmpty)
    }

    /// The results that wait for the master or are on their way to it.
    private func waiting(_ site: ForwarderSite) throws -> Set<Int> {
        let rows = try site.ask("SELECT result FROM delivery WHERE state <> 2")
        return Set(rows.compactMap { $0["result"].number.map { Int($0) } })
    }
}
