import Foundation
import TestSupport
import Testing

/// Results that the master discards because it holds something newer, on a version that does not
/// say so.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct DiscardTests {
    private let walk = WalkingServices(count: 4, interval: 0.5)

    /// Which of the services somebody else submits results for.
    private let overtaken = "web1!walk2"

    @Test func `what somebody else made void in an outage is counted, named and not sent again`()
        throws
    {
        let (proxy, master, site) = try prepare(connectTimeout: 2)
        let (seen, stamp) = try site.withDaemon { daemon in
            try walk.waitForRuns(2, on: master)
            let seen = try ProcessedResults(master)
            proxy.hold(.toMaster)
            proxy.cut()
            try eventually("results wait") { try site.waitingCount() >= 6 * walk.count }
            let stamp = Date().timeIntervalSince1970
            #expect(try master.submit(overtaken, state: 0, at: stamp).status == 200)
            proxy.release(.toMaster)
            proxy.cut()
            try eventually("status counts what was made void") {
                let destination = try site.destination()
                return destination["overtaken"].number == 1
                    && (destination["superseded"].number ?? 0) >= 3
            }
            var newest = stamp
            for _ in 0..<2 {
                newest = try eventually("a newer result takes effect again") {
                    let state = try master.objectState(overtaken)
                    return state?.lastCheckResult.map(\.executionStart).flatMap {
                        $0 > newest ? $0 : nil
                    }
                }
            }
            #expect(try site.run("status").outputText.contains("1 overtaken"))
            #expect(try daemon.stop() == .exited(0))
            return (seen, stamp)
        }
        try site.flushAll()
        let entries = try seen.drain().filter { $0.object == overtaken }
        walk.expectStrictOrder(entries, overtaken)
        let measured = (try site.measured()[overtaken] ?? []).map(\.output)
        let after = entries.filter { $0.executionStart > stamp }
        #expect(after.count > 1)
        #expect(
            after.map(\.output) == measured.suffix(after.count), "all that is newer took effect")
        try master.stop()
    }

    @Test func `a repeat that its original came before is counted as discarded, and not doubled`()
        throws
    {
        let (proxy, master, site) = try prepare(connectTimeout: 20, more: "connections = 1")
        try site.withDaemon { daemon in
            try walk.waitForRuns(2, on: master)
            daemon.pause()
            try master.restart()
            let stored = try #require(try walk.newest(master)[overtaken])
            let storedRuns = try walk.runs(at: master)
            daemon.resume()
            try walk.waitForRuns(3, after: storedRuns, on: master)
            daemon.pause()
            // The oldest result that the master is about to forget is the one that is repeated.
            let rows = try site.ask(
                """
                SELECT min(base_stamp_us) AS stamp FROM delivery
                JOIN object ON object.id = delivery.object
                WHERE name = '\(overtaken)' AND base_stamp_us > \(Int(stored * 1_000_000) + 100)
                """
            )
            let stamp = try #require(rows.first?["stamp"].number) / 1_000_000
            try master.kill()
            try master.start()
            let seen = try ProcessedResults(master)
            // On its way the repeat is overtaken by its original, sent by hand.
            // The master ends a handshake of two such delays, and a silence, after ten seconds.
            proxy.delay(.toMaster, by: .seconds(3))
            daemon.resume()
            try eventually("the daemon looks what the master holds") {
                let destination = try site.destination()
                return destination["link"].string == "comparing"
                    || destination["forgotten"].number ?? 0 > 0
            }
            proxy.delay(.toMaster, by: .seconds(6))
            try eventually("the repeat is on its way") {
                try site.destination()["forgotten"].number ?? 0 > 0
            }
            proxy.hold(.toMaster)
            let answer = try master.submit(overtaken, state: 0, at: stamp, output: "the original")
            #expect(answer.status == 200)
            #expect(try site.destination()["discarded_repeats"].number == 0)
            proxy.delay(.toMaster, by: .zero)
            proxy.release(.toMaster)
            try eventually("the discard is counted") {
                try site.destination()["discarded_repeats"].number == 1
            }
            try eventually("later results follow") {
                (try master.objectState(overtaken)?.lastCheckResult?.executionStart ?? 0) > stamp
            }
            #expect(try site.run("status").outputText.contains("1 repeats discarded"))
            #expect(try daemon.stop() == .exited(0))
            let entries = try seen.drain().filter { $0.object == overtaken }
            walk.expectStrictOrder(entries, overtaken)
            #expect(entries.first?.output == "the original")
            let atStamp = entries.filter { abs($0.executionStart - stamp) < 0.0005 }
            #expect(atStamp.count == 1, "the repeat had no effect")
        }
        try site.flushAll()
        try master.stop()
    }

    private func prepare(
        connectTimeout seconds: Int, more: String = ""
    ) throws -> (DelayingProxy, PrivateMaster, ForwarderSite) {
        let master = try PrivateMaster()
        let proxy = try DelayingProxy(to: master.port)
        let site = try ForwarderSite(
            masters: [ForwarderSite.Target(master, port: proxy.port)],
            definitions: walk.definitions,
            masterAttributes: "grace = 1s\nconnect_timeout = \(seconds)s\n\(more)")
        try site.plugin("walk", WalkingServices.plugin)
        try site.renderInto(master)
        try master.start()
        return (proxy, master, site)
    }
}
