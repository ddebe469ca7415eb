import Foundation
import TestSupport
import Testing

/// A master that is far away, or that stalls: what a backlog costs this host's disk.
@Suite(
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct RoundTripTests {
    private static let objectCount = 500
    private static let backlog = 1500
    private static let definitions = """
        object CheckCommand "says" { command = [ "/bin/echo", "here" ] }
        object Host NodeName { check_command = "dummy" }
        for (number in range(\(objectCount))) {
            object Service "s" + number {
                host_name = NodeName
                check_command = "says"
                check_interval = 2
                retry_interval = 2
            }
        }
        """
    private static let nothing = "object Host NodeName { check_command = \"dummy\" }"

    @Test func `a backlog over 50 ms of round trip shares its commits, and so does a stall`() throws
    {
        let master = try PrivateMaster(logLevel: "warning")
        let proxy = try DelayingProxy(to: master.port)
        proxy.setRoundTrip(.milliseconds(50))
        let site = try ForwarderSite(
            masters: [.init(master, port: proxy.port)], definitions: Self.definitions)
        try site.renderInto(master)
        try site.withDaemon { daemon in
            try eventually("a backlog waits") {
                try site.waitingCount() >= Self.backlog
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try site.definitions(Self.nothing)
        let backlog = try site.waitingCount()
        try master.start()
        try site.withDaemon { daemon in
            try eventually("half of it is delivered") { try site.waitingCount() < backlog / 2 }
            let commits = try stall(master, site)
            try eventually("all of it is delivered") { try site.waitingCount() == 0 }
            let all = try #require(site.commitCount())
            #expect(commits <= 2, "the stalled master cost \(commits) commits")
            #expect(all * 32 <= backlog, "\(all) commits for \(backlog) results")
            #expect(try daemon.stop() == .exited(0))
        }
        #expect(proxy.byteCount(.toMaster) > backlog * 100)
        try master.stop()
    }

    /// Stalls the master until nothing moves, and returns what was committed from then on.
    private func stall(_ master: PrivateMaster, _ site: ForwarderSite) throws -> Int {
        master.pause()
        defer { master.resume() }
        // One pair of equal counts may only show a daemon that had no turn.
        var counts: [Int] = []
        try eventually("nothing is delivered any more") {
            Thread.sleep(forTimeInterval: 0.3)
            counts.append(try site.waitingCount())
            return counts.count >= 5 && Set(counts.suffix(5)).count == 1
        }
        let before = try #require(site.commitCount())
        Thread.sleep(forTimeInterval: 1)
        return try #require(site.commitCount()) - before
    }
}
