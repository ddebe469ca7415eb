import Foundation
import TestSupport
import Testing

/// A daemon that may have few descriptors, or suddenly none: it goes on, and recovers by itself.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct DescriptorTests {
    @Test func `few descriptors bound the checks at a time, and none fails for lack of them`()
        throws
    {
        let series = ServiceSeries(plugin: "slow", count: 40, interval: 1)
        let master = try PrivateMaster()
        let site = try ForwarderSite(master: master, definitions: series.definitions)
        try site.plugin("slow", "sleep 0.5; echo \"slept, may open $(ulimit -Sn)\"")
        try site.renderInto(master)
        try master.start()
        let daemon = try site.startDaemon(openFileLimit: 112)
        defer { daemon.end() }
        try daemon.waitUntilReady()
        // More than are served at a time.
        let askers = try (1...20).map { _ in
            try ChildProcess(
                BuiltProducts.forwarder, ["status", "--config", site.configurationPath])
        }
        try eventually("every service was checked and its result delivered") {
            try site.destination()["delivered"].number ?? 0 >= 60
        }
        for asker in askers { _ = try asker.wait() }
        #expect(daemon.log.contains("lets 8 checks run at a time"), "\(daemon.log.suffix(2000))")
        let outputs = Set(
            try site.measured().filter { series.names.contains($0.key) }
                .flatMap { $0.value.map(\.output) })
        #expect(outputs == ["slept, may open 112"])
        #expect(try daemon.stop() == .exited(0))
        try site.flushAll()
        try master.stop()
    }

    /// How many descriptors a daemon is left with.
    enum Left: CaseIterable { case one, none }

    @Test(arguments: Left.allCases)
    func `a daemon without free descriptors neither ends nor spins, and recovers`(
        _ left: Left
    ) throws {
        let walk = WalkingServices(count: 2, interval: 0.5)
        let (master, site) = try walk.prepare()
        try master.start()
        try site.withDaemon { daemon in
            try eventually("results arrive") {
                try site.destination()["delivered"].number ?? 0 >= 4
            }
            let limit = left == .none ? 3 : try daemon.lowestFreeDescriptor() + 1
            try Command.require("prlimit", ["--pid", "\(daemon.pid)", "--nofile=\(limit):4096"])
            let before = try daemon.processorSeconds()
            let started = ContinuousClock.now
            // Nobody can ask it, so that only the file can show what it does.
            let asker = try ChildProcess(
                BuiltProducts.forwarder, ["status", "--config", site.configurationPath])
            Thread.sleep(forTimeInterval: 5)
            guard daemon.isRunning || left == .one else {
                // The runtime library ends a process whose busy threads it cannot look at, which
                // it tries once a second while more is to be done than threads are awake.
                withKnownIssue("README: the runtime library ended it", isIntermittent: true) {
                    Issue.record("it ended")
                }
                #expect(try daemon.ending() == .killed(signal: SIGILL))
                return
            }
            let busy = try daemon.processorSeconds() - before
            let share = busy / (ContinuousClock.now - started).inSeconds
            #expect(share < 0.25, "it took \(share) of a processor")
            #expect(daemon.isRunning)
            try Command.require("prlimit", ["--pid", "\(daemon.pid)", "--nofile=1024:4096"])
            _ = try asker.wait()
            let runs = walk.runs(of: walk.names[0], on: site)
            try walk.waitForRuns(runs + 3, on: site)
            try eventually("all is well again") {
                try site.alarms().isEmpty
            }
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        try master.stop()
    }
}

extension RunningForwarder {
    /// Processor time that it used, its ended children left out.
    ///
    /// - Source: proc(5), /proc/PID/stat, fields 14 and 15.
    fileprivate func processorSeconds() throws -> Double {
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12])
        else { throw SupportFault("not a stat line: \(stat)") }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The smallest number that it could give to what it opens next.
    fileprivate func lowestFreeDescriptor() throws -> Int {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")
        let taken = Set(names.compactMap { Int($0) })
        return (0...).first { !taken.contains($0) } ?? 0
    }
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
