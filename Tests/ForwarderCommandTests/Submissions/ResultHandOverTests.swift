import Foundation
import Logging
import Monitoring
import TestSupport
import Testing

@testable import ForwarderCommand

/// A result is with the daemon, in the drop directory, or its submitter hears that it is not.
@Suite(.timeLimit(.minutes(10))) struct ResultHandOverTests {
    private static let batch = SubmissionScene.batch([(ObjectName(host: "h"), 0, "up")])

    private struct Scene: Sendable {
        let folder: TemporaryDirectory

        init() throws {
            folder = try TemporaryDirectory("handover")
            try drops.prepare(isPrivate: false)
        }

        var path: String { folder.path("s") }
        var drops: DropDirectory { DropDirectory(path: folder.path("drop")) }

        /// Hands a batch over, on a thread that may wait.
        func handOver(patience: Duration = .seconds(300)) async -> ResultHandOver.Outcome {
            let way = ResultHandOver(
                controlPath: path, dropPath: drops.path, patience: patience)
            return await withCheckedContinuation { continuation in
                Thread { continuation.resume(returning: way.handOver(batch)) }.start()
            }
        }

        /// What was dropped; nil for nothing.
        func dropped() throws -> SubmissionBatch? {
            guard let opened = try drops.open() else { return nil }
            let plan = DropPlan(try drops.entries(opened), at: SystemTime().wall)
            return try plan.batches.first.map { try drops.batch($0.name, in: opened).batch }
        }
    }

    /// What becomes of a batch where a server answers its question this way.
    private static func outcome(
        _ scene: Scene, _ reply: ControlReply
    ) async throws -> ResultHandOver.Outcome {
        let server = try ControlServer(path: scene.path, log: Logger(label: "test"))
        server.start()
        defer { server.stop() }
        async let outcome = scene.handOver()
        for await (request, connection) in server.requests {
            guard case .submit(let bytes) = request else { continue }
            #expect(try SubmissionBatch(Array(bytes)) == batch)
            connection.reply(.working)
            connection.reply(reply)
            break
        }
        return await outcome
    }

    @Test func `the daemon's word on each record is handed on, and nothing is dropped`()
        async throws
    {
        let scene = try Scene()
        let verdicts: [SubmissionVerdict] = [.refused("no such object")]
        let outcome = try await Self.outcome(
            scene, .submitted(BatchOutcome(verdicts: verdicts, obstacle: nil)))
        #expect(outcome == .answered(verdicts))
        #expect(try scene.dropped() == nil)
    }

    @Test func `what the daemon cannot store is dropped under the same id`() async throws {
        let scene = try Scene()
        let outcome = try await Self.outcome(
            scene, .submitted(BatchOutcome(verdicts: [], obstacle: "full")))
        guard case .dropped = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try scene.dropped() == Self.batch, "the daemon is done with it")
    }

    @Test func `who may not submit is told so, and drops nothing`() async throws {
        let scene = try Scene()
        #expect(try await Self.outcome(scene, .refused(reason: "not you")) == .failed("not you"))
        #expect(try scene.dropped() == nil)
    }

    @Test func `without a daemon it is dropped, and nobody comes to it another way`() async throws {
        let scene = try Scene()
        guard case .dropped(let reason) = await scene.handOver() else {
            Issue.record("it was not dropped")
            return
        }
        #expect(reason.contains("No daemon listens"))
        #expect(try scene.dropped() == Self.batch)
    }

    @Test func `a daemon that has no connection left has not heard of it`() async throws {
        let scene = try Scene()
        let server = try ControlServer(path: scene.path, log: Logger(label: "test"))
        server.start()
        defer { server.stop() }
        let others = try (0..<ControlServer.connectionLimit).map { _ in
            try ControlSocket.connect(path: scene.path)
        }
        guard case .dropped(let reason) = await scene.handOver() else {
            Issue.record("it was not dropped")
            return
        }
        #expect(reason.contains("busy"))
        #expect(try scene.dropped() == Self.batch)
        withExtendedLifetime(others) {}
    }

    @Test func `where a daemon may still come to it, the dropped file says so`() async throws {
        let scene = try Scene()
        let listener = try ControlSocket.listen(path: scene.path)
        guard case .dropped(let reason) = await scene.handOver(patience: .seconds(1)) else {
            Issue.record("it was not dropped")
            return
        }
        #expect(reason.contains("did not answer"))
        let dropped = try #require(try scene.dropped())
        #expect(dropped.isUnderway && dropped.id == Self.batch.id)
        #expect(dropped.records == Self.batch.records)
        withExtendedLifetime(listener) {}
    }

    @Test func `what is neither here nor there is told with both reasons`() async throws {
        let scene = try Scene()
        try FileManager.default.removeItem(atPath: scene.drops.path)
        guard case .failed(let reason) = await scene.handOver() else {
            Issue.record("it was handed over")
            return
        }
        #expect(reason.contains("No daemon listens") && reason.contains("no drop directory"))
    }
}
