import Collector
import Delivery
import Foundation
import Logging
import Monitoring
import Policy
import TestSupport
import Testing

@testable import ForwarderCommand

private let backup = ObjectName(host: "web1", service: "backup")

/// A user's results are taken in the order in which they were handed over, whichever way.
@Suite(.timeLimit(.minutes(10))) struct SubmissionOrderTests {
    private struct Scene {
        let submissions: SubmissionScene
        let drops: DropDirectory
        let wishes: ObjectWishes

        init() throws {
            submissions = try SubmissionScene()
            drops = DropDirectory(path: submissions.folder.path("drop"))
            let time = SystemTime()
            let (runner, spools, log) = (submissions.runner, submissions.spools, submissions.log)
            let arrivals = RecheckArrivals()
            wishes = ObjectWishes(
                runner: runner,
                pauses: PauseDesk(
                    desk: spools, runner: runner, healthObject: backup, time: time, log: log),
                rechecks: RecheckDesk(
                    inbox: RecheckInbox(), desk: spools, policy: PolicyInForce(.none),
                    runner: runner, destinations: [], arrivals: arrivals, time: time, log: log),
                submissions: submissions.desk,
                drops: DropCollector(
                    drops.path, desk: submissions.desk, alarms: AlarmBoard(), time: time, log: log),
                arrivals: arrivals, time: time, log: log)
        }

        /// Hands a result over the socket.
        func ask(
            _ object: ObjectName, _ text: String, by submitter: SubmissionDesk.Submitter
        ) async throws -> BatchOutcome? {
            let batch = SubmissionScene.batch([(object, 0, text)])
            let reply = try await wishes.take(batch.bytes, by: submitter)
            guard case .submitted(let outcome) = reply else { return nil }
            return outcome
        }
    }

    private static let own = SubmissionDesk.Submitter(
        asker: ControlRights.Asker(user: geteuid(), groups: []), name: "own")

    @Test func `what a user dropped is taken before what that user hands over later`()
        async throws
    {
        let scene = try Scene()
        let spool = try await scene.submissions.openSpool()
        await scene.wishes.drops.begin()
        try scene.drops.put(SubmissionScene.batch([(backup, 0, "first")]), at: SystemTime().wall)
        let outcome = try await scene.ask(backup, "second", by: Self.own)
        #expect(outcome?.takenCount == 1 && outcome?.obstacle == nil)
        #expect(try await scene.submissions.outputs(spool) == ["first", "second"])
        #expect(try await scene.submissions.known(spool).count == 1, "of the second, for a while")
        await scene.submissions.end()
    }

    @Test func `while a dropped file waits nothing newer of its user overtakes it`() async throws {
        let scene = try Scene()
        let spool = try await scene.submissions.openSpool()
        await scene.wishes.drops.begin()
        #expect(await scene.submissions.runner.requestNow(SubmissionScene.slow) == .queued)
        let batch = SubmissionScene.batch([(SubmissionScene.slow, 0, "x"), (backup, 0, "first")])
        try scene.drops.put(batch, at: SystemTime().wall)
        let outcome = try await scene.ask(backup, "second", by: Self.own)
        #expect(outcome?.verdicts == [])
        #expect(outcome?.obstacle?.contains("What the same user dropped before waits") == true)
        let other = try await scene.ask(backup, "of cron", by: SubmissionScene.cron)
        #expect(other?.takenCount == 1, "other users' results go on")
        #expect(try await scene.submissions.outputs(spool) == ["of cron"])
        await scene.submissions.end()
    }

    @Test func `nor while the daemon cannot use the directory in which it lies`() async throws {
        let scene = try Scene()
        _ = try await scene.submissions.openSpool()
        try scene.drops.prepare(isPrivate: false)
        let batch = SubmissionScene.batch([(backup, 0, "first")])
        try scene.drops.put(batch, at: SystemTime().wall)
        // It was not begun, as it is when the directory is another daemon's.
        #expect(try await scene.ask(backup, "second", by: Self.own)?.obstacle != nil)
        #expect(try await scene.ask(backup, "of cron", by: SubmissionScene.cron)?.takenCount == 1)
        try FileManager.default.removeItem(atPath: scene.drops.path)
        #expect(try await scene.ask(backup, "second", by: Self.own)?.takenCount == 1)
        await scene.submissions.end()
    }
}
