import Foundation
import Logging
import Monitoring
import Synchronization
import TestSupport
import Testing

@testable import ForwarderCommand

private let backup = ObjectName(host: "web1", service: "backup")

/// What others do to the drop directory, and what the host's services do not answer, costs nobody's
/// results, and no more work than is bounded.
@Suite(.timeLimit(.minutes(10))) struct DropHazardTests {
    private static let cron = SubmissionScene.cron.asker.user

    private static func batch(_ text: String) -> SubmissionBatch {
        SubmissionScene.batch([(backup, 0, text)])
    }

    /// Makes many names, none of which is a batch's, on a thread that may wait.
    private static func litter(
        _ scene: DropScene, _ count: Int, _ name: @escaping @Sendable (Int) -> String
    ) async throws {
        let path = scene.drops.path
        let made = await OwnThread.run {
            (0..<count).count { number in
                let place = "\(path)/\(name(number))"
                let file = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
                if file >= 0 { close(file) }
                return file >= 0
            }
        }
        try #require(made == count)
    }

    // MARK: - Names

    @Test func `a flood of names blinds nobody, and nothing is forgotten of what lies there`()
        async throws
    {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let collector = scene.collector()
        await collector.begin()
        // Known, and its file is still there: as after a kill before the file went.
        let kept = SubmissionScene.batch([(backup, 0, "kept")])
        _ = await scene.submissions.take(kept)
        let key = SubmissionLedger.Key(submitter: 0, id: kept.id)
        for number in 0..<10 { try scene.put(Self.batch("n\(number)"), at: Int64(number)) }
        try scene.drops.put(kept, at: Timestamp(microseconds: 100))
        try await Self.litter(scene, 100_000) { "unfinished-\(BatchID(high: 5, low: UInt64($0)))" }

        scene.time.advance(by: SubmissionLedger.patience)
        await collector.tidy()
        #expect(try await scene.submissions.known(spool) == [SubmissionLedger.key(key)])
        #expect(await collector.emptyAll())
        #expect(
            try await scene.submissions.outputs(spool)
                == ["kept"] + (0..<10).map { "n\($0)" })
        scene.time.advance(by: SubmissionLedger.patience)
        await collector.tidy()
        #expect(try await scene.submissions.known(spool).isEmpty)
        await scene.submissions.end()
    }

    @Test func `useless names go in bounded steps until none is left`() async throws {
        let scene = try DropScene()
        let collector = scene.collector()
        await collector.begin()
        try await Self.litter(scene, DropSurvey.removalLimit + 10) { "useless\($0)" }
        _ = await collector.emptyAll()
        #expect(try scene.names().count == 10)
        _ = await collector.emptyAll()
        #expect(try scene.names().isEmpty)
        #expect(await collector.report.unusableFiles == DropSurvey.removalLimit + 10)
        await scene.submissions.end()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `what cannot be removed is told once, and its owner looked up once`() async throws {
        let scene = try DropScene()
        let asked = Mutex<[uid_t]>([])
        let counter: FileOwners.LookUp = { user in
            asked.withLock { $0.append(user) }
            return SubmissionDesk.Submitter(
                asker: ControlRights.Asker(user: user, groups: []), name: "name of \(user)")
        }
        let collector = scene.collector(counter)
        await collector.begin()
        let count = DropSurvey.stuckLimit + 50
        for number in 0..<count {
            let path = "\(scene.drops.path)/folder\(number)"
            try #require(mkdir(path, 0o755) == 0 && mkdir("\(path)/full", 0o755) == 0)
            try #require(chown(path, Self.cron, getegid()) == 0)
        }
        for _ in 0..<3 { #expect(await collector.emptyAll()) }
        #expect(asked.withLock { $0 } == [Self.cron])
        #expect(await collector.report.unusableFiles == DropSurvey.stuckLimit)
        #expect(scene.lines.all.count { $0.contains("result refused") } == RefusalAudit.lineLimit)
        #expect(scene.lines.all.count { $0.contains("too much in the drop directory") } == 1)
        // They keep nobody from what can be removed.
        try await Self.litter(scene, 1) { "useless\($0)" }
        #expect(await collector.emptyAll())
        #expect(try scene.names().count == count)
        await scene.submissions.end()
    }

    @Test func `a file as large as nothing else costs its owner no other file`() async throws {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let collector = scene.collector()
        await collector.begin()
        try scene.put(Self.batch("before"), at: 1)
        let name = DropName(time: Timestamp(microseconds: 2), id: BatchID(high: 0, low: 1)).text
        let place = try scene.submissions.folder.write("", to: "drop/\(name)", mode: 0o640)
        try #require(truncate(place, 1 << 34) == 0)
        for number in 3..<6 { try scene.put(Self.batch("n\(number)"), at: Int64(number)) }
        #expect(await collector.emptyAll())
        #expect(try await scene.submissions.outputs(spool) == ["before", "n3", "n4", "n5"])
        #expect(await collector.report.unusableFiles == 1)
        #expect(scene.lines.all.count { $0.contains("result refused") } == 1)
        await scene.submissions.end()
    }

    @Test func `what waits is counted while it is being taken`() async throws {
        let scene = try DropScene()
        _ = try await scene.submissions.openSpool()
        let isHeld = Mutex(true)
        let collector = scene.collector { user in
            while isHeld.withLock({ $0 }) { usleep(1000) }
            return SubmissionDesk.Submitter(
                asker: ControlRights.Asker(user: user, groups: []), name: "x")
        }
        await collector.begin()
        for number in 0..<129 { try scene.put(Self.batch("n"), at: Int64(number)) }
        let pass = Task { await collector.emptyAll() }
        var seen = 0
        do {
            defer { isHeld.withLock { $0 = false } }
            try await becomesTrue("something waits") {
                seen = await collector.report.waitingFiles
                return seen > 0
            }
        }
        #expect(seen == 129)
        #expect(await pass.value)
        #expect(await collector.report.waitingFiles == 0)
        await scene.submissions.end()
    }

    // MARK: - Owners

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `while the user database does not answer a file waits, and others do not`() async throws {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let isDown = Mutex(true)
        let collector = scene.collector { (user) throws(UserFault) in
            if user == Self.cron, isDown.withLock({ $0 }) {
                throw UserFault(user: user, code: EIO)
            }
            return SubmissionDesk.Submitter(
                asker: ControlRights.Asker(user: user, groups: []), name: "somebody")
        }
        await collector.begin()
        try scene.put(Self.batch("cron's"), at: 1, of: Self.cron)
        try scene.put(Self.batch("root's"), at: 2)
        #expect(await collector.emptyAll() == false)
        #expect(try await scene.submissions.outputs(spool) == ["root's"])
        let report = await collector.report
        #expect(report.refused == 0 && report.waitingFiles == 1)
        #expect(report.obstacle?.contains("user database cannot say") == true)
        isDown.withLock { $0 = false }
        #expect(await collector.emptyAll())
        #expect(try await scene.submissions.outputs(spool) == ["root's", "cron's"])
        #expect(await collector.report.obstacle == nil)
        await scene.submissions.end()
    }

    @Test func `who may by a group of the process alone is told of once, with the remedy`()
        async throws
    {
        let scene = try DropScene()
        let collector = scene.collector { user in
            SubmissionDesk.Submitter(
                asker: ControlRights.Asker(
                    user: user, groups: user == 8 ? [SubmissionScene.operators] : []),
                name: "x")
        }
        for user in [7, 8, 7] as [uid_t] {
            let submitter = SubmissionDesk.Submitter(
                asker: ControlRights.Asker(user: user, groups: [SubmissionScene.operators]),
                name: "user \(user)")
            await collector.note(submitter, submitted: [backup])
            await collector.tidy()
        }
        #expect(scene.lines.all.count { $0.contains("name the user in a Submitter object") } == 1)
        await scene.submissions.end()
    }

    // MARK: - The directory

    @Test func `a second daemon takes nothing and says why, until the first one ended`()
        async throws
    {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let second = scene.collector()
        do {
            let first = try scene.drops.claim(isPrivate: false)
            await second.begin()
            #expect(scene.alarms.texts.contains { $0.contains("Another forwarder daemon") })
            try scene.put(Self.batch("theirs"), at: 1)
            #expect(await second.emptyAll())
            #expect(try scene.names().count == 1)
            #expect(await second.empty(of: geteuid())?.contains("Another") == true)
            #expect(await second.empty(of: geteuid() + 1) == nil, "nothing of theirs waits")
            withExtendedLifetime(first) {}
        }
        // a process that another test starts just now has the lock until its program runs
        try await becomesTrue("the first one is gone") {
            await second.begin()
            return !scene.alarms.isStanding(.dropping)
        }
        #expect(await second.emptyAll())
        #expect(try await scene.submissions.outputs(spool) == ["theirs"])
        await scene.submissions.end()
    }

    @Test func `a directory that was replaced is claimed anew`() async throws {
        let scene = try DropScene()
        let spool = try await scene.submissions.openSpool()
        let collector = scene.collector()
        await collector.begin()
        try FileManager.default.removeItem(atPath: scene.drops.path)
        #expect(await collector.empty(of: geteuid()) == nil, "where there is none nothing waits")
        await collector.begin()
        #expect(throws: DropFault.shared(path: scene.drops.path)) {
            try scene.drops.prepare(isPrivate: false)
        }
        try scene.put(Self.batch("new"), at: 1)
        #expect(await collector.emptyAll())
        #expect(try await scene.submissions.outputs(spool) == ["new"])
        await scene.submissions.end()
    }
}
