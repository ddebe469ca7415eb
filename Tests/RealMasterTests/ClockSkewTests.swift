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

    /// A step of the clock, and what was on its way then.
    private struct Step {
        /// Seconds that the clock was ahead before.
        let before: Int
        /// The newest run of each service that the master held just before it.
        let held: [String: Int]
        /// How often each had run just after it.
        let runs: [String: Int]
    }

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
        let step = try takeStep(from: offset, to: 0, clock, site, master)
        try site.withDaemon { daemon in
            try waitForRuns((step.runs.values.max() ?? 0) + 6, on: site, master)
            let skew = try #require(try site.destination()["skew_s"].number)
            #expect(abs(skew) < 0.2, "skew_s \(skew)")
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try expectTruth(try seen.drain(), on: site, master, [step])
        try master.stop()
    }

    @Test(arguments: [3600, -3600])
    func `a clock that is stepped in flight is followed at once`(seconds offset: Int) throws {
        let (master, site) = try walk.prepare(more: Self.health)
        try master.start()
        let seen = try ProcessedResults(master)
        let clock = try ShiftedClock()
        var steps: [Step] = []
        try site.withDaemon(clock: clock) { daemon in
            try waitForRuns(5, on: site, master)
            for (before, after) in [(0, offset), (offset, 0)] {
                let step = try takeStep(from: before, to: after, clock, site, master)
                steps.append(step)
                try waitForRuns((step.runs.values.max() ?? 0) + 5, on: site, master)
                let skew = try #require(try site.destination()["skew_s"].number)
                #expect(abs(skew + Double(after)) < 0.2, "skew_s \(skew)")
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try expectTruth(try seen.drain(), on: site, master, steps)
        try master.stop()
    }

    private func takeStep(
        from before: Int, to after: Int, _ clock: ShiftedClock, _ site: ForwarderSite,
        _ master: PrivateMaster
    ) throws -> Step {
        let held = try walk.runs(at: master)
        try clock.set(secondsAhead: after)
        let runs = walk.names.map { ($0, walk.runs(of: $0, on: site)) }
        return Step(before: before, held: held, runs: Dictionary(uniqueKeysWithValues: runs))
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
        _ steps: [Step]
    ) throws {
        let measured = try site.measured()
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
            let times = try Self.times(entries, measured[name] ?? [], steps)
            let errors = times.map(\.error).sorted()
            let median = errors.isEmpty ? .infinity : errors[errors.count / 2]
            #expect(median < 0.05, "\(name)")
            // A result that was measured before a step and sent after it keeps its order only.
            let wrong = times.filter { time in
                time.error > 1
                    && !steps.contains { step in
                        time.run > step.held[name, default: 0] && time.ahead == step.before
                            && time.run <= step.runs[name, default: 0] + 1
                    }
            }
            #expect(wrong.isEmpty, "\(name): \(wrong)")
            #expect(try master.objectState(name)?.standing == standings[name], "\(name)")
        }
    }

    /// How far each processed result is from when its plugin was started.
    ///
    /// The host's clock was ahead then as the plugin's own time tells, which comes later by as much
    /// as starting a shell takes.
    private static func times(
        _ entries: [ProcessedResults.Entry], _ measured: [ForwarderSite.Measured], _ steps: [Step]
    ) throws -> [(run: Int, ahead: Int, error: Double)] {
        let pairs = measured.map { ($0.output, $0.executionStart) }
        let starts = Dictionary(pairs) { first, _ in first }
        let clocks = [0] + steps.map(\.before)
        return try entries.map { entry in
            let start = try #require(starts[entry.output], "\(entry.output) was measured")
            let late = start - Self.trueTime(entry.output)
            let ahead = clocks.min { abs(Double($0) - late) < abs(Double($1) - late) } ?? 0
            return (run(entry.output), ahead, abs(entry.executionStart - (start - Double(ahead))))
        }
    }

    private static func run(_ output: String) -> Int {
        Int(output.split(separator: " ").dropFirst().first ?? "") ?? -1
    }

    private static func trueTime(_ output: String) -> Double {
        Double(output.split(separator: "=").last ?? "") ?? 0
    }
}
