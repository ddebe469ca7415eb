import Foundation
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
        func handOver(
            _ batch: SubmissionBatch = ResultHandOverTests.batch,
            patience: Duration = ResultHandOver.longestPatience,
            flush: @escaping @Sendable (Int32) -> Int32 = { fsync($0) }
        ) async -> ResultHandOver.Outcome {
            let way = ResultHandOver(
                controlPath: path, drops: DropDirectory(path: drops.path, flush: flush),
                patience: patience)
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
        _ scene: Scene, _ reply: ControlReply, of batch: SubmissionBatch = batch
    ) async throws -> ResultHandOver.Outcome {
        let server = try ControlFixture.server(path: scene.path)
        return try await withTaskExecutorPreference(TaskThreads()) { () async throws in
            server.start()
            defer { server.stop() }
            async let outcome = scene.handOver(batch)
            for await (request, connection) in server.requests {
                guard case .submit(let bytes) = request else { continue }
                #expect(try SubmissionBatch(Array(bytes)) == batch)
                connection.reply(.working)
                connection.reply(reply)
                break
            }
            return await outcome
        }
    }

    @Test func `the daemon's word on each record is handed on, and nothing is dropped`()
        async throws
    {
        let scene = try Scene()
        let verdicts: [SubmissionVerdict] = [.refused("no such object")]
        let outcome = try await Self.outcome(
            scene, .submitted(BatchOutcome(verdicts: verdicts, obstacle: nil)))
        #expect(outcome == ResultHandOver.Outcome(verdicts: verdicts))
        #expect(try scene.dropped() == nil)
    }

    @Test func `what the daemon cannot store is dropped under the same id`() async throws {
        let scene = try Scene()
        let outcome = try await Self.outcome(
            scene, .submitted(BatchOutcome(verdicts: [], obstacle: "full")))
        guard case .dropped = outcome.rest, outcome.verdicts.isEmpty else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try scene.dropped() == Self.batch, "the daemon is done with it")
    }

    @Test func `the daemon's word on the first records is told, whatever becomes of the others`()
        async throws
    {
        let batch = SubmissionScene.batch((0..<3).map { (ObjectName(host: "h\($0)"), 0, "up") })
        let taken = SubmissionVerdict.taken(
            SubmitReply(state: "UP", stateType: "HARD", attempt: 1))
        let part = BatchOutcome(verdicts: [taken, .refused("not yours")], obstacle: "full")
        let scene = try Scene()
        let dropped = try await Self.outcome(scene, .submitted(part), of: batch)
        guard case .dropped(let reason) = dropped.rest else {
            Issue.record("\(dropped)")
            return
        }
        #expect(dropped.verdicts == part.verdicts && reason.contains("full"))
        #expect(try scene.dropped() == batch, "it goes on where it ended")

        try FileManager.default.removeItem(atPath: scene.drops.path)
        let failed = try await Self.outcome(scene, .submitted(part), of: batch)
        guard case .failed(let reason) = failed.rest else {
            Issue.record("\(failed)")
            return
        }
        #expect(failed.verdicts == part.verdicts)
        #expect(!reason.contains("Nothing was stored"), "two are decided: \(reason)")
    }

    @Test func `who may not submit is told so, and drops nothing`() async throws {
        let scene = try Scene()
        let outcome = try await Self.outcome(scene, .refused(reason: "not you"))
        #expect(outcome == ResultHandOver.Outcome(rest: .failed("not you")))
        #expect(try scene.dropped() == nil)
    }

    @Test func `without a daemon it is dropped, and nobody comes to it another way`() async throws {
        let scene = try Scene()
        guard case .dropped(let reason) = await scene.handOver().rest else {
            Issue.record("it was not dropped")
            return
        }
        #expect(reason.contains("No daemon listens"))
        #expect(try scene.dropped() == Self.batch)
    }

    @Test func `a daemon that has no connection left has not heard of it`() async throws {
        let scene = try Scene()
        let server = try ControlFixture.server(path: scene.path)
        server.start()
        defer { server.stop() }
        let others = try (0..<ConnectionShares.limit).map { _ in
            try ControlSocket.connect(path: scene.path)
        }
        guard case .dropped(let reason) = await scene.handOver().rest else {
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
        guard case .dropped(let reason) = await scene.handOver(patience: .seconds(1)).rest else {
            Issue.record("it was not dropped")
            return
        }
        #expect(reason.contains("did not answer"))
        let dropped = try #require(try scene.dropped())
        #expect(dropped.daemonWasAsked && dropped.id == Self.batch.id)
        #expect(dropped.records == Self.batch.records)
        withExtendedLifetime(listener) {}
    }

    @Test func `where a daemon went away nobody is told to ask again`() async throws {
        let scene = try Scene()
        let listener = try ControlSocket.listen(path: scene.path)
        Thread { ControlSocket.acceptAll(on: listener) { _ in } }.start()
        defer { shutdown(listener.number, Int32(SHUT_RDWR)) }
        guard case .dropped(let reason) = await scene.handOver().rest else {
            Issue.record("it was not dropped")
            return
        }
        #expect(reason.contains("did not answer") && !reason.contains("again"), "\(reason)")
    }

    @Test func `what is neither here nor there is told with both reasons`() async throws {
        let scene = try Scene()
        try FileManager.default.removeItem(atPath: scene.drops.path)
        guard case .failed(let reason) = await scene.handOver().rest else {
            Issue.record("it was handed over")
            return
        }
        #expect(reason.contains("No daemon listens") && reason.contains("no drop directory"))
    }

    @Test func `what could not be flushed is there, and is not told as nowhere`() async throws {
        let scene = try Scene()
        let broken: @Sendable (Int32) -> Int32 = { _ in
            errno = EIO
            return -1
        }
        guard case .unsure(let reason) = await scene.handOver(flush: broken).rest else {
            Issue.record("it was dropped, or is told as nowhere")
            return
        }
        #expect(reason.contains("would count twice") && reason.contains("could not be flushed"))
        #expect(try scene.dropped() == Self.batch)
    }

    @Test func `what a silent daemon may have stored is not told as nowhere`() async throws {
        let scene = try Scene()
        try FileManager.default.removeItem(atPath: scene.drops.path)
        let listener = try ControlSocket.listen(path: scene.path)
        guard case .unsure(let reason) = await scene.handOver(patience: .seconds(1)).rest else {
            Issue.record("it is told as nowhere")
            return
        }
        #expect(reason.contains("no drop directory") && reason.contains("is not known"))
        withExtendedLifetime(listener) {}
    }
}
