import Foundation
import Logging
import Monitoring
import Spool
import TestSupport
import Testing

@testable import Collector
@testable import ForwarderCommand

private let backup = ObjectName(host: "web1", service: "backup")

/// What was dropped is taken once, in order, and what is no use goes with a word.
@Suite(.timeLimit(.minutes(10))) struct DropCollectorTests {
    private static func batch(_ text: String, _ count: Int = 1) -> SubmissionBatch {
        SubmissionScene.batch((0..<count).map { (backup, 0, "\(text)\($0)") })
    }

    @Test func `files are taken in their order, then they and their ids are gone`() async throws {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let collector = scene.collector()
        await collector.begin()
        for (text, count, time) in [("early", 3, 100), ("mid", 1, 200), ("late", 1, 300)] {
            try scene.put(Self.batch(text, count), at: Int64(time))
        }
        #expect(await collector.empty(of: geteuid()) == nil)
        #expect(
            try await scene.submissions.outputs(spool)
                == ["early0", "early1", "early2", "mid0", "late0"])
        #expect(try scene.names().isEmpty)
        #expect(try await scene.submissions.known(spool).isEmpty)
        let report = await collector.report
        #expect(report.taken == 5 && report.refused == 0 && report.waitingFiles == 0)
        await scene.submissions.end()
    }

    @Test func `a file that outlived its commit is not stored again`() async throws {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let collector = scene.collector()
        await collector.begin()
        let batch = Self.batch("once", 3)
        // As it stands when the daemon is killed before it could remove the file.
        _ = await scene.submissions.desk.take(
            batch, by: SubmissionScene.root, patience: .zero)
        try scene.put(batch, at: 1)
        #expect(try await scene.submissions.known(spool).count == 1)
        #expect(await collector.empty(of: geteuid()) == nil)
        #expect(try await scene.submissions.outputs(spool).count == 3)
        #expect(try scene.names().isEmpty)
        #expect(try await scene.submissions.known(spool).isEmpty)
        await scene.submissions.end()
    }

    @Test func `a batch that a daemon may come to another way stays known`() async throws {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let collector = scene.collector()
        await collector.begin()
        var batch = Self.batch("twice")
        batch.daemonWasAsked = true
        try scene.put(batch, at: 1)
        #expect(await collector.empty(of: geteuid()) == nil)
        #expect(try scene.names().isEmpty)
        #expect(try await scene.submissions.known(spool).count == 1)
        // The question that was asked before comes to its turn.
        #expect(await scene.submissions.take(batch).verdicts == [.known])
        #expect(try await scene.submissions.outputs(spool).count == 1)
        await scene.submissions.end()
    }

    @Test func `without a spool files stay where they are`() async throws {
        let scene = try DropScene()
        let collector = scene.collector()
        await collector.begin()
        try scene.put(Self.batch("kept"), at: 1)
        #expect(await collector.empty(of: geteuid()) != nil)
        #expect(try scene.names().count == 1)
        let report = await collector.report
        #expect(report.waitingFiles == 1 && report.obstacle != nil)
        let spool = try await scene.submissions.openSpool()
        #expect(await collector.empty(of: geteuid()) == nil)
        #expect(try await scene.submissions.outputs(spool) == ["kept0"])
        #expect(await collector.report.obstacle == nil)
        await scene.submissions.end()
    }

    @Test func `the schedule hears when all that was dropped is taken, not while some waits`()
        async throws
    {
        let scene = try DropScene()
        let runner = scene.submissions.runner
        runner.drops.open()
        let collector = scene.collector()
        await collector.begin()
        try scene.put(Self.batch("kept"), at: 1)
        let running = Task { await collector.run() }
        try await becomesTrue("the spool is missed") {
            await collector.report.obstacle != nil
        }
        #expect(runner.drops.taken == .before(nil))
        let opened = SystemTime().monotonic
        let spool = try await scene.submissions.openSpool()
        // one that began before may have found the spool open
        try await becomesTrue("all is taken by a look that began since") {
            runner.drops.taken.reach(opened)
        }
        #expect(!runner.drops.taken.reach(SystemTime().monotonic))
        #expect(try await scene.submissions.outputs(spool) == ["kept0"])
        running.cancel()
        await running.value
        await scene.submissions.end()
    }

    @Test func `what is no use is removed, told and counted, and does not come again`()
        async throws
    {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let collector = scene.collector()
        await collector.begin()
        let path = scene.drops.path
        func name(_ number: UInt64) -> String {
            DropName(
                time: Timestamp(microseconds: 1), id: BatchID(high: 0, low: number)
            ).text
        }
        try #require(symlink("/etc/passwd", "\(path)/\(name(1))") == 0)
        try #require(mkfifo("\(path)/\(name(2))", 0o640) == 0)
        try #require(mkdir("\(path)/\(name(3))", 0o755) == 0)
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(path)/\(name(4))"))
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(path)/core"))
        try #require(mkdir("\(path)/full", 0o755) == 0)
        try Data().write(to: URL(fileURLWithPath: "\(path)/full/x"))
        try scene.put(Self.batch("good"), at: 1)
        for _ in 0..<3 { #expect(await collector.emptyAll()) }
        #expect(try scene.names() == ["full"], "what is not empty cannot be removed")
        #expect(try await scene.submissions.outputs(spool) == ["good0"])
        #expect(await collector.report.unusableFiles == 6)
        #expect(try String(contentsOfFile: "/etc/passwd", encoding: .utf8).contains("root"))
        await scene.submissions.end()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"))
    func `a file's owner is its submitter, with that user's rights and no others`() async throws {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let collector = scene.collector()
        await collector.begin()
        let other = ObjectName(host: "web1", service: "other")
        let cron = SubmissionScene.cron.asker.user
        for (number, user) in [(1, cron), (2, cron + 1)] {
            let batch = SubmissionScene.batch(
                [(backup, 1, "backup of \(user)"), (other, 1, "other of \(user)")])
            try scene.put(batch, at: Int64(number), of: user)
            #expect(await collector.empty(of: user) == nil)
        }
        #expect(try await scene.submissions.outputs(spool) == ["backup of \(cron)"])
        #expect(try scene.names().isEmpty)
        #expect(await collector.report.refused == 3)
        await scene.submissions.end()
    }

    @Test func `a directory that cannot be had is alarmed, and used once it can`() async throws {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        try Data().write(to: URL(fileURLWithPath: scene.drops.path))
        let collector = scene.collector()
        await collector.begin()
        #expect(scene.alarms.isStanding(.dropping))
        try FileManager.default.removeItem(atPath: scene.drops.path)
        await collector.begin()
        #expect(!scene.alarms.isStanding(.dropping))
        try scene.put(Self.batch("late"), at: 1)
        #expect(await collector.empty(of: geteuid()) == nil)
        #expect(try await scene.submissions.outputs(spool) == ["late0"])
        await scene.submissions.end()
    }
}
