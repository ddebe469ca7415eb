import Foundation
import TestSupport
import Testing

/// A zone of two nodes whose preferred one goes away in the middle of everything and comes back.
@Suite(
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct TwoNodeZoneTests {
    /// How the preferred node goes away.
    enum Outage: CaseIterable {
        case killed
        case stopped
        case stalled
    }

    private let walk = WalkingServices(count: 6, interval: 0.5)
    private static let attributes = """
        grace = 1s
        answer_timeout = 3s
        relay_delay = 10s
        minimum_stay = 2s
        """

    @Test(arguments: Outage.allCases)
    func `the other node takes over, nothing is lost or doubled, and the first one is used again`(
        outage: Outage
    ) throws {
        let pair = try MasterPair()
        let site = try ForwarderSite(
            masters: [.init(pair.first), .init(pair.second)], definitions: walk.definitions,
            masterAttributes: Self.attributes)
        try site.plugin("walk", WalkingServices.plugin)
        for master in [pair.first, pair.second] { try site.renderInto(master) }
        try pair.start()
        let other = try ProcessedResults(pair.second)
        let first = try ProcessedResults(pair.first)
        let (left, again) = try site.withDaemon { daemon in
            try waitForNode("master1", site)
            try waitForRuns(3, at: pair.first)
            let (left, again) = try interrupt(pair.first, outage, first) {
                try waitForNode("master2", site)
                if outage == .stalled {
                    // Longer than nodes take to relay: what it holds waits for it all the same.
                    Thread.sleep(forTimeInterval: 15)
                    try eventually("status names the node that stands still") {
                        try site.destination()["warnings"].elements.contains {
                            $0.string?.contains("answers nothing") == true
                        }
                    }
                } else {
                    try waitForRuns(4, at: pair.second)
                }
            }
            try pair.waitUntilConnected()
            try waitForNode("master1", site)
            try waitForRuns(3, at: pair.first)
            try site.flushAll()
            #expect(try daemon.stop() == .exited(0))
            return (left, again)
        }
        try site.flushAll()
        // What the first node took comes to the other by their link, ahead of the mark or behind.
        try expectSameStates(pair)
        try walk.expectExactReplay(of: site, on: pair.second, seen: other.drain())
        expectOnceInOrder(left)
        expectOnceInOrder(try again.drain())
        try pair.first.stop()
        try pair.second.stop()
    }

    /// Takes the node away while `body` runs; returns what it processed before, and a recording
    /// from its return on.
    private func interrupt(
        _ master: PrivateMaster, _ outage: Outage, _ seen: ProcessedResults,
        while body: () throws -> Void
    ) throws -> ([ProcessedResults.Entry], ProcessedResults) {
        switch outage {
        case .killed: try master.kill()
        case .stopped: try master.stop()
        case .stalled:
            master.pause()
            defer { master.resume() }
            try body()
            return ([], seen)
        }
        try body()
        try master.start()
        return (try seen.entries.filter { walk.names.contains($0.object) }, try .init(master))
    }

    private func waitForNode(_ name: String, _ site: ForwarderSite) throws {
        var last = JSON.null
        do {
            try eventually("results go to \(name)") {
                last = try site.destination()
                return last["node"].string == name && last["link"].string == "open"
            }
        } catch { throw SupportFault("\(error): \(last)") }
    }

    /// Returns when the node has seen that many more runs of everything.
    private func waitForRuns(_ count: Int, at master: PrivateMaster) throws {
        let start = try walk.runs(at: master)
        do {
            try walk.waitForRuns(count, after: start, on: master)
        } catch { throw SupportFault("\(error): \(start) \(try walk.runs(at: master))") }
    }

    /// Expects that both nodes hold the same newest result of everything.
    private func expectSameStates(_ pair: MasterPair) throws {
        for name in walk.names {
            try eventually("both nodes hold the same of \(name)") {
                let one = try pair.first.objectState(name)?.lastCheckResult
                let other = try pair.second.objectState(name)?.lastCheckResult
                return one?.output == other?.output && one?.executionStart == other?.executionStart
            }
        }
    }

    private func expectOnceInOrder(_ entries: [ProcessedResults.Entry]) {
        for (name, entries) in Dictionary(grouping: entries, by: \.object)
        where walk.names.contains(name) {
            let twice = Dictionary(grouping: entries, by: \.output).filter { $0.value.count > 1 }
            #expect(twice.isEmpty, "\(name) doubled")
            walk.expectStrictOrder(entries, name)
        }
    }
}
