import Foundation
import Logging
import Monitoring
import TestSupport
import Testing

@testable import ForwarderCommand

/// What lies in the usual drop directory, where this daemon does not look for work, is told.
@Suite(.timeLimit(.minutes(10))) struct StrayDropsTests {
    private struct Scene {
        let folder: TemporaryDirectory
        let alarms = AlarmBoard()
        let usual: DropDirectory
        let own: DropDirectory

        init() throws {
            folder = try TemporaryDirectory("stray")
            usual = DropDirectory(path: folder.path("usual"))
            own = DropDirectory(path: folder.path("own"))
            try usual.prepare(isPrivate: false)
            try own.prepare(isPrivate: false)
        }

        func stray(own path: String? = nil) -> StrayDrops {
            StrayDrops(
                ownPath: path ?? own.path, usualPath: usual.path, alarms: alarms,
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func put() throws -> String {
            let batch = SubmissionScene.batch([(ObjectName(host: "h"), 0, "up")])
            try usual.put(batch, at: Timestamp(microseconds: 1))
            return "\(usual.path)/\(DropName(time: Timestamp(microseconds: 1), id: batch.id).text)"
        }
    }

    @Test func `it is alarmed with its place, its number and the remedy, until it is gone`()
        async throws
    {
        let scene = try Scene()
        await scene.stray().look()
        #expect(!scene.alarms.isStanding(.strayDrops), "nothing lies there")
        let place = try scene.put()
        // a process that another test starts just now has the lock until its program runs
        try await becomesTrue("it is alarmed") {
            await scene.stray().look()
            return scene.alarms.isStanding(.strayDrops)
        }
        let text = scene.alarms.texts.joined()
        #expect(text.contains("1 file with results in \(scene.usual.path)"), "\(text)")
        #expect(text.contains("mv \(scene.usual.path)/batch-* \(scene.own.path)/"), "\(text)")
        unlink(place)
        await scene.stray().look()
        #expect(!scene.alarms.isStanding(.strayDrops))
    }

    @Test func `what a daemon holds, or this one empties, is nobody's stray`() async throws {
        let scene = try Scene()
        _ = try scene.put()
        await scene.stray(own: scene.usual.path).look()
        #expect(!scene.alarms.isStanding(.strayDrops), "it is this daemon's own")
        // a process that another test starts just now has the lock until its program runs
        var held: Descriptor?
        try await becomesTrue("the lock is free") {
            held = try? scene.usual.claim(isPrivate: false)
            return held != nil
        }
        await scene.stray().look()
        #expect(!scene.alarms.isStanding(.strayDrops), "another daemon takes it")
        withExtendedLifetime(held) {}
    }
}
