import Foundation
import Spool
import TestSupport
import Testing

/// Kills in the middle of moving a damaged spool aside.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct QuarantineKillTests {
    @Test(arguments: KillPoint.quarantine)
    func `all that a damaged spool held can be exported, killed while it is moved aside`(
        _ point: KillPoint
    ) throws {
        let scene = try CrashScene(
            "quarantine", services: NumberedServices(count: 6, interval: 0.3))
        try scene.master.kill()
        let first = try scene.startDaemon()
        defer { first.end() }
        try eventually("results wait") {
            try scene.readLedger()
            return scene.ledger.entries.count >= 30
        }
        try first.kill()
        try scene.readLedger()
        let held = Set(scene.ledger.entries.map(\.id))
        try Command.require(
            "dd",
            [
                "if=/dev/urandom", "of=\(scene.site.folder.path("spool.db"))", "bs=64", "count=1",
                "conv=notrunc",
            ])
        let killed = try scene.startDaemon(killedAt: point.name)
        defer { killed.end() }
        try eventually("\(point.name) is passed") { !killed.isRunning }
        #expect(killed.killedAt == point.name, "\(killed.log.suffix(1000))")
        // What the killed one left behind would be taken for an answer.
        try? FileManager.default.removeItem(atPath: scene.site.folder.path("control.sock"))
        let last = try scene.startDaemon()
        defer { last.end() }
        try last.waitUntilReady()
        let names = try FileManager.default.contentsOfDirectory(atPath: scene.site.folder.path)
        let moved = names.filter { $0.hasPrefix("spool.db.damaged-") && !$0.hasSuffix("-shm") }
        let database = try #require(moved.first { !$0.hasSuffix("-wal") })
        #expect(Set(moved) == [database, database + "-wal"])
        let export = try Command.run(
            BuiltProducts.forwarder,
            [
                "queue", "export", "--config", scene.site.configurationPath, "--file",
                scene.site.folder.path(database),
            ])
        #expect(export.isSuccess, "the log still has the page: \(export.errorText)")
        let lines = try export.outputText.split(separator: "\n").map { line in
            try JSON(parsing: Data(line.utf8))
        }
        #expect(Set(lines.compactMap { $0["sequence"].number.map(Int.init) }) == held)
    }
}
