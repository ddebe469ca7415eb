import Foundation
import TestSupport
import Testing

/// Calls of `send_nsca`, many at a time, while daemon and uplink are killed and for a while away.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct SubmissionKillTests {
    private static let serviceCount = 20

    private static var definitions: String {
        let services = (0..<serviceCount).map { number in
            """
            object Service "passive\(number)" {
                host_name = NodeName
                check_command = "passive"
                enable_active_checks = false
                max_check_attempts = 1
            }
            """
        }
        return "object Host NodeName { check_command = \"dummy\" }\n"
            + services.joined(separator: "\n")
    }

    @Test func `every call that ended with 0 has its results on the master, each once`() throws {
        let calls = try Calls(200)
        let scene = calls.scene
        // While a daemon runs, which then dies.
        try scene.site.withDaemon { daemon in
            try calls.start(60)
            try eventually("some have ended") { calls.endedCount > 10 }
            try daemon.kill()
            try calls.wait()
        }
        // While none does.
        try calls.start(60)
        try calls.wait()
        let dropped = scene.site.droppedFiles().count
        #expect(dropped >= 60, "calls without a daemon drop")
        // Between the commit of what was dropped, the end of its file and that of its id.
        for (point, count) in [
            ("ledger.committed", 1), ("ledger.uncommitted", 5), ("ledger.committed", 30),
            ("accept.uncommitted", 9),
        ] {
            try scene.die(at: point, count)
        }
        // While one comes, dies, and comes again, and its uplink dies in between.
        try calls.start(40)
        let daemon = try scene.site.startDaemon()
        defer { daemon.end() }
        try daemon.waitUntilReady()
        try daemon.killUplink()
        try daemon.kill()
        try calls.start(40)
        try scene.site.withDaemon { daemon in
            try calls.wait()
            try daemon.killUplink()
            try eventually("all files are taken") { scene.site.droppedFiles().isEmpty }
            try scene.site.flushAll()
            try eventually("no id outlives its file") { try calls.knownFileIDs() == 0 }
            #expect(try daemon.stop() == .exited(0))
        }
        try calls.expectOnce(scene.effects.drain())
        try scene.master.stop()
    }

    /// A master that tells all effects, and a site.
    private final class Scene {
        let master: PrivateMaster
        let site: ForwarderSite
        let effects: ProcessedResults

        init() throws {
            master = try PrivateMaster()
            site = try ForwarderSite(
                master: master, definitions: SubmissionKillTests.definitions,
                masterAttributes: "grace = 1s")
            try site.renderInto(master)
            try master.start()
            effects = try ProcessedResults(master)
        }

        /// Has a daemon end itself at a named point.
        func die(at point: String, _ count: Int) throws {
            let daemon = try site.startDaemon(killedAt: point, count: count)
            defer { daemon.end() }
            try daemon.waitUntilKilled()
            #expect(daemon.killedAt == point, "\(daemon.log.suffix(1000))")
        }
    }

    /// Numbered calls, two records each.
    private final class Calls {
        let scene: Scene
        private let limit: Int
        private var running: [(number: Int, child: ChildProcess)] = []
        private var succeeded: Set<Int> = []
        private var startedCount = 0

        /// Calls of those that run which have ended by now.
        var endedCount: Int { running.count { $0.child.poll() != nil } }

        init(_ limit: Int) throws {
            self.limit = limit
            scene = try Scene()
        }

        func start(_ count: Int) throws {
            for _ in 0..<count {
                let number = startedCount
                startedCount += 1
                let records = (0..<2).map { part in
                    let service = (number * 7 + part) % SubmissionKillTests.serviceCount
                    return "web1\tpassive\(service)\t\((number + part) % 4)\tcall \(number).\(part)"
                }
                let input = Data(records.joined(separator: "\u{17}").utf8)
                running.append((number, try scene.site.startSendNSCA([], input)))
            }
        }

        func wait() throws {
            for (number, child) in running {
                let ending = try child.wait()
                if ending == .exited(0) { succeeded.insert(number) }
                if ending != .exited(0), ending != .exited(1) {
                    Issue.record("call \(number) ended \(ending): \(child.errorText)")
                }
            }
            running = []
        }

        /// Batches that the spool knows although nobody was asked to take them.
        func knownFileIDs() throws -> Int {
            let rows = try scene.site.ask(
                "SELECT count(*) AS n FROM ledger WHERE key LIKE 'submit%'")
            // What came over the socket is known for ten minutes.
            let known = Int(rows.first?["n"].number ?? 0)
            return max(0, known - overSocket)
        }

        /// Calls that had a daemon to ask at some time.
        private var overSocket: Int { 60 + 80 }

        func expectOnce(_ entries: [ProcessedResults.Entry]) throws {
            #expect(startedCount == limit)
            let counts = Dictionary(grouping: entries.map(\.output), by: \.self)
                .mapValues(\.count)
            var missing: [String] = []
            for number in 0..<startedCount {
                for part in 0..<2 {
                    let output = "call \(number).\(part)"
                    let count = counts[output, default: 0]
                    if count > 1 { Issue.record("\(output) took effect \(count) times") }
                    if count == 0, succeeded.contains(number) { missing.append(output) }
                }
            }
            #expect(missing.isEmpty)
            #expect(succeeded.count > limit * 9 / 10, "\(succeeded.count) of \(limit) calls")
            print("send_nsca: \(succeeded.count) of \(startedCount) calls ended with 0")
        }
    }
}
