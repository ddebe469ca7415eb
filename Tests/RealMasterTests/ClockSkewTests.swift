import Foundation
import TestSupport
import Testing

/// A host whose clock is wrong: the master sees true times all the same.
///
/// The plugins print the true time, which is the master's.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct ClockSkewTests {
    private let walk = WalkingServices(count: 3, interval: 0.4)
    /// Has the clock looked at often enough.
    private static let health = """
        object Service "forwarder" {
            host_name = NodeName
            check_interval = 1s
            retry_interval = 1s
        }
        """

    @Test(arguments: [5, -5, 3600, -3600])
    func `times on the master are true, and in order when the clock is set right`(
        secondsAhead offset: Int
    ) throws {
        let (master, site) = try walk.prepare(more: Self.health)
        try master.start()
        let seen = try ProcessedResults(master)
        let clock = try ShiftedClock()
        try clock.set(secondsAhead: offset)
        try site.withDaemon(clock: clock) { daemon in
            try waitForRuns(6, on: site, master)
            let skew = try #require(try site.destination()["skew_s"].number)
            #expect(abs(skew + Double(offset)) < 0.2, "skew_s \(skew)")
            #expect(try daemon.stop() == .exited(0))
        }
        // what ran at the daemon's end would go with a time ahead, and those behind it follow that
        try site.flushAll(clock: clock)
        let before = walk.names.map { walk.runs(of: $0, on: site) }.max() ?? 0
        try site.withDaemon { daemon in
            try waitForRuns(before + 6, on: site, master)
            let skew = try #require(try site.destination()["skew_s"].number)
            #expect(abs(skew) < 0.2, "skew_s \(skew)")
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try expectTruth(try seen.drain(), on: site, master, wrongAtSteps: 1)
        try master.stop()
    }

    @Test(arguments: [3600, -3600])
    func `a clock that is stepped in flight is followed at once`(seconds offset: Int) throws {
        let (master, site) = try walk.prepare(more: Self.health)
        try master.start()
        let seen = try ProcessedResults(master)
        let clock = try ShiftedClock()
        try site.withDaemon(clock: clock) { daemon in
            for step in [0, offset, 0] {
                try clock.set(secondsAhead: step)
                let now = walk.names.map { walk.runs(of: $0, on: site) }.max() ?? 0
                try waitForRuns(now + 5, on: site, master)
                let skew = try #require(try site.destination()["skew_s"].number)
                #expect(abs(skew + Double(step)) < 0.2, "skew_s \(skew)")
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try expectTruth(try seen.drain(), on: site, master, wrongAtSteps: 2)
        try master.stop()
    }

    /// Waits until the master holds a result of that run or a later one of every service.
    private func waitForRuns(
        _ count: Int,
        on site: ForwarderSite,
        _ master: PrivateMaster
    ) throws {
        for name in walk.names {
            try eventually("the master has run \(count) of \(name)") {
                let output = try master.objectState(name)?.lastCheckResult?.output ?? ""
                return output.hasPrefix("run ") && Self.run(output) >= count
            }
        }
    }

    private func expectTruth(
        _ entries: [ProcessedResults.Entry],
        on site: ForwarderSite,
        _ master: PrivateMaster,
        wrongAtSteps steps: Int = 0
    ) throws {
        let objects = Dictionary(grouping: entries, by: \.object)
        let standings = try site.standings()
        #expect(objects["web1!forwarder"] != nil)
        for (name, entries) in objects {
            walk.expectStrictOrder(entries, name)
            let early = entries.first { $0.executionStart > $0.processedAt + 0.002 }
            #expect(early == nil, "\(name) has a time that lies ahead of the master's clock")
        }
        for name in walk.names {
            let entries = objects[name] ?? []
            let runs = entries.map { Self.run($0.output) }
            let others = entries.map(\.output).filter { Self.run($0) < 0 }
            let wanted = Array(1...max(1, walk.runs(of: name, on: site)))
            #expect(runs == wanted, "\(name), not a run: \(others)")
            let errors = entries.map { abs($0.executionStart - Self.trueTime($0.output)) }.sorted()
            let median = errors.isEmpty ? .infinity : errors[errors.count / 2]
            #expect(median < 0.05, "\(name)")
            // Starting a shell takes its time on a busy machine.
            // A result that was measured before a step and sent after it keeps its order only.
            #expect(errors.filter { $0 > 1 }.count <= steps, "\(name): \(errors.suffix(5))")
            #expect(try master.objectState(name)?.standing == standings[name], "\(name)")
        }
    }

    private static func run(_ output: String) -> Int {
        Int(output.split(separator: " ").dropFirst().first ?? "") ?? -1
    }

    private static func trueTime(_ output: String) -> Double {
        Double(output.split(separator: "=").last ?? "") ?? 0
    }
}
