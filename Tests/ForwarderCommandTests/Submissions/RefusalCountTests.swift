import Collector
import Logging
import Monitoring
import Spool
import TestSupport
import Testing

@testable import ForwarderCommand

private let backup = ObjectName(host: "web1", service: "backup")

/// What is refused is counted and told once, however often its batch is tried.
@Suite(.timeLimit(.minutes(10))) struct RefusalCountTests {
    private struct Scene {
        let lines = LogLines(from: .notice)
        let submissions: SubmissionScene

        init() throws { submissions = try SubmissionScene(log: lines.logger) }

        /// What is counted, and how many lines tell it.
        var refused: [Int] {
            get async {
                let told = lines.all.count { $0.contains("result refused") }
                return [await submissions.desk.counts.refused, told]
            }
        }
    }

    private static func unknown(_ count: Int) -> [SubmissionScene.Text] {
        (0..<count).map { (ObjectName(host: "unknown\($0)"), 0, "x") }
    }

    @Test func `while no master is configured nothing is refused, and then once`() async throws {
        let scene = try Scene()
        let spool = try await scene.submissions.openSpool()
        _ = try await spool.register(destinations: [])
        let batch = SubmissionScene.batch(Self.unknown(7) + [(backup, 0, "good")])
        for _ in 0..<3 {
            let outcome = await scene.submissions.take(batch)
            #expect(outcome.verdicts.isEmpty)
            #expect(outcome.obstacle?.contains("No master") == true)
        }
        #expect(await scene.refused == [0, 0])
        _ = try await spool.register(destinations: ["m"])
        for _ in 0..<2 { #expect(await scene.submissions.take(batch).obstacle == nil) }
        #expect(await scene.refused == [7, 7])
        #expect(await scene.submissions.desk.counts.taken == 1)
        await scene.submissions.end()
    }

    @Test func `what is refused in front of an obstacle counts when the batch has passed it`()
        async throws
    {
        let scene = try Scene()
        let spool = try await scene.submissions.openSpool()
        let runner = scene.submissions.runner
        #expect(await runner.requestNow(SubmissionScene.slow) == .queued)
        while await runner.status(of: SubmissionScene.slow)?.isRunning != true {
            await Task.yield()
        }
        let waiting: SubmissionScene.Text = (SubmissionScene.slow, 0, "waits")
        let front = SubmissionScene.batch(Self.unknown(2) + [waiting])
        for _ in 0..<3 {
            let outcome = await scene.submissions.take(front, patience: .zero)
            #expect(outcome.verdicts.count == 2 && outcome.obstacle != nil, "its caller hears it")
        }
        #expect(await scene.refused == [0, 0])
        let behind = SubmissionScene.batch(
            Self.unknown(1) + [(backup, 0, "good")] + Self.unknown(2) + [waiting])
        for _ in 0..<3 {
            #expect(await scene.submissions.take(behind, patience: .zero).obstacle != nil)
        }
        #expect(await scene.refused == [3, 3], "the ledger knows that these are decided")
        #expect(try await scene.submissions.outputs(spool) == ["good"])
        await scene.submissions.end()
    }
}
