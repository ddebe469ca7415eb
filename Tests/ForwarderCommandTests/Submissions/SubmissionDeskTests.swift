import Collector
import Delivery
import Logging
import Monitoring
import Policy
import Spool
import Synchronization
import TestSupport
import Testing

@testable import ForwarderCommand

private let backup = ObjectName(host: "web1", service: "backup")
private let disk = ObjectName(host: "web1", service: "disk")

/// A submitted result is on disk before its submitter hears so, or nowhere; and once.
@Suite(.timeLimit(.minutes(10))) struct SubmissionDeskTests {
    @Test func `what is taken is spooled in order, with its state and attempts`() async throws {
        let scene = try SubmissionScene()
        let spool = try await scene.openSpool()
        let verdicts = try await scene.submit([(backup, 2, "text|a=1"), (backup, 2, "still|b=2")])
        #expect(
            verdicts == [
                .taken(SubmitReply(state: "CRITICAL", stateType: "SOFT", attempt: 2)),
                .taken(SubmitReply(state: "CRITICAL", stateType: "HARD", attempt: 1)),
            ])
        let third = try await scene.submit([(backup, 2, "third")])
        #expect(
            third == [.taken(SubmitReply(state: "CRITICAL", stateType: "HARD", attempt: 1))])
        let entries = try await spool.entries(QueueFilter(), after: nil).entries
        #expect(entries.map(\.result.output) == ["text", "still", "third"])
        #expect(entries.map(\.result.performanceData) == [["a=1"], ["b=2"], []])
        let stamps = entries.map(\.result.executionStart)
        #expect(zip(stamps, stamps.dropFirst()).allSatisfy { $0 < $1 })
        await scene.end()
    }

    @Test func `many at a time are each taken once, in the order of their answers`() async throws {
        let scene = try SubmissionScene()
        let spool = try await scene.openSpool()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { _ = try await scene.submit([(backup, 0, "n\(number)")]) }
            }
            try await group.waitForAll()
        }
        let entries = try await spool.entries(QueueFilter(), after: nil).entries
        #expect(entries.count == 50)
        #expect(Set(entries.map(\.result.output)).count == 50)
        let stamps = entries.map(\.result.executionStart)
        #expect(stamps == stamps.sorted())
        await scene.end()
    }

    @Test func `what this host checks itself, and what it does not know, is refused`()
        async throws
    {
        let scene = try SubmissionScene()
        let spool = try await scene.openSpool()
        let verdicts = try await scene.submit(
            [(disk, 2, "no"), (backup, 1, "yes"), (ObjectName(host: "other"), 2, "no")])
        #expect(verdicts.count == 3)
        guard case .refused(let active) = verdicts[0], case .taken = verdicts[1],
            case .refused(let unknown) = verdicts[2]
        else {
            Issue.record("\(verdicts)")
            return
        }
        #expect(active.contains("checked by this host itself") && unknown.contains("no object"))
        let entries = try await spool.entries(QueueFilter(), after: nil).entries
        #expect(entries.map(\.result.output) == ["yes"])
        #expect(await scene.runner.status(of: disk)?.schedule.checkState?.state != .critical)
        let counts = await scene.desk.counts
        #expect(counts.taken == 1 && counts.refused == 2)
        await scene.end()
    }

    @Test func `each record needs its submitter's right`() async throws {
        let scene = try SubmissionScene()
        let spool = try await scene.openSpool()
        let other = ObjectName(host: "web1", service: "other")
        let verdicts = try await scene.submit(
            [(other, 1, "no"), (backup, 1, "yes")], by: SubmissionScene.cron)
        guard case .refused(let reason) = verdicts.first, case .taken = verdicts.last else {
            Issue.record("\(verdicts)")
            return
        }
        #expect(reason.contains("The user cron may not submit results of 'web1!other'"))
        #expect(try await spool.entries(QueueFilter(), after: nil).entries.count == 1)
        await scene.end()
    }

    @Test func `without a spool nothing is taken, and the object stands where it is stored`()
        async throws
    {
        let scene = try SubmissionScene()
        let batch = SubmissionScene.batch([(backup, 2, "x")])
        let early = await scene.take(batch)
        #expect(early.verdicts.isEmpty && early.obstacle != nil)
        let spool = try await scene.openSpool()
        _ = try await scene.submit([(backup, 0, "x")])
        try spool.close()
        let stored = await scene.runner.status(of: backup)
        let late = await scene.take(batch)
        #expect(late.verdicts.isEmpty && late.obstacle != nil)
        let standing = await scene.runner.status(of: backup)
        #expect(standing?.schedule.checkState?.state == .ok)
        #expect(standing?.schedule.lastEnd == stored?.schedule.lastEnd)
        await scene.end()
        #expect(await scene.take(batch).obstacle != nil)
    }

    // MARK: - Once

    @Test func `a batch that comes again is known, after a restart too`() async throws {
        let scene = try SubmissionScene()
        let spool = try await scene.openSpool()
        let batch = SubmissionScene.batch((0..<3).map { (backup, 0, "n\($0)") })
        #expect(await scene.take(batch).takenCount == 3)
        #expect(await scene.take(batch).verdicts == [.known, .known, .known])
        try spool.close()
        await scene.end()
        let next = try SubmissionScene(in: scene.folder)
        let again = try await next.openSpool()
        #expect(await next.take(batch).verdicts == [.known, .known, .known])
        #expect(try await again.entries(QueueFilter(), after: nil).entries.count == 3)
        // The id is its submitter's: who takes it first takes nothing from anybody.
        #expect(await next.take(batch, by: SubmissionScene.cron).takenCount == 3)
        await next.end()
    }

    @Test func `two ways at once take each record once`() async throws {
        let scene = try SubmissionScene()
        let spool = try await scene.openSpool()
        let count = SubmissionBatch.recordLimit
        let batch = SubmissionScene.batch((0..<count).map { (backup, 0, "n\($0)") })
        async let socket = scene.take(batch)
        async let file = scene.take(batch)
        let outcomes = await [socket, file]
        for outcome in outcomes {
            #expect(outcome.verdicts.count == count && outcome.obstacle == nil)
        }
        let taken = outcomes.flatMap(\.verdicts).filter {
            if case .taken = $0 { true } else { false }
        }
        #expect(taken.count == count)
        #expect(try await scene.outputs(spool) == (0..<count).map { "n\($0)" })
        await scene.end()
    }

    @Test func `a batch for which the room ends goes on there later, and loses nothing`()
        async throws
    {
        let scene = try SubmissionScene()
        let spool = try await scene.openSpool(sizeLimit: SpoolSettings.minimumSizeLimit)
        // Changes of state, none of which makes room for another.
        let text = String(repeating: "x", count: 60_000)
        let names = (0..<100).map { ObjectName(host: "many\($0)") }
        let batch = SubmissionScene.batch(names.map { ($0, 2, text) })
        let first = await scene.take(batch)
        #expect(first.obstacle?.contains("full") == true)
        #expect((1..<100).contains(first.takenCount))
        let status = try await spool.status().destinations
        #expect(status.allSatisfy { $0.losses.refused == 0 }, "what waits outside is not refused")
        #expect(await scene.take(batch).verdicts.allSatisfy { $0 == .known })
        let stuck = names[first.takenCount]
        #expect(await scene.runner.status(of: stuck)?.schedule.checkState == nil)
        await scene.end()
    }

    @Test func `what could not be stored leaves its object as it is stored`() async throws {
        let scene = try SubmissionScene()
        let spool = try await scene.openSpool(sizeLimit: SpoolSettings.minimumSizeLimit)
        let names = (0..<100).map { ObjectName(host: "many\($0)") }
        let first: [SubmissionScene.Text] = names.map { ($0, Int32(2), "was down") }
        _ = try await scene.submit(first)
        let text = String(repeating: "x", count: 60_000)
        let texts: [SubmissionScene.Text] = names.flatMap {
            [($0, Int32(2), "still down"), ($0, Int32(0), text)]
        }
        let outcome = await scene.take(SubmissionScene.batch(texts))
        #expect(outcome.obstacle?.contains("full") == true)
        let stored = try await spool.scheduleStates()
        #expect(stored.count == names.count)
        for state in stored {
            let standing = await scene.runner.status(of: state.object)?.schedule
            #expect(standing?.checkState == state.checkState, "\(state.object)")
            #expect(standing?.lastOutput == state.lastOutput && standing?.lastEnd == state.lastEnd)
        }
        #expect(Set(stored.map(\.checkState?.attempt)).count > 1, "some of it was stored")
        await scene.end()
    }

    @Test func `ids are forgotten when their time is over, but for files that still lie there`()
        async throws
    {
        let time = FakeTime()
        let scene = try SubmissionScene(time: time)
        let spool = try await scene.openSpool()
        let batches = (0..<3).map { SubmissionScene.batch([(backup, 0, "n\($0)")]) }
        for batch in batches { _ = await scene.take(batch) }
        let keys = batches.map { SubmissionLedger.Key(submitter: 0, id: $0.id) }
        await scene.desk.forget([keys[0]])
        time.advance(by: SubmissionLedger.patience - .seconds(1))
        await scene.desk.tidy(forgetting: Set(keys))
        #expect(try await scene.known(spool).count == 2)
        time.advance(by: .seconds(1))
        #expect(await scene.desk.expired == Set(keys.dropFirst()))
        await scene.desk.tidy(forgetting: [keys[0], keys[2]])
        #expect(try await scene.known(spool) == [SubmissionLedger.key(keys[1])])
        await scene.end()
    }

    @Test func `a new spool is told of all batches before anything else`() async throws {
        let scene = try SubmissionScene()
        let old = try await scene.openSpool()
        let batch = SubmissionScene.batch([(backup, 0, "x")])
        _ = await scene.take(batch)
        try old.close()
        let new = try await scene.openSpool(named: "new.db")
        #expect(await scene.take(batch).verdicts == [.known])
        _ = try await scene.submit([(backup, 0, "y")])
        #expect(try await scene.known(new).count == 2)
        #expect(try await scene.outputs(new) == ["y"])
        await scene.end()
    }

    @Test func `what cannot be read of a batch keeps that batch, and no other, waiting`()
        async throws
    {
        let lines = LogLines()
        let scene = try SubmissionScene(log: lines.logger)
        let spool = try await scene.openSpool()
        let batches = (0..<3).map { SubmissionScene.batch([(backup, 0, "n\($0)")]) }
        let keys = batches.map { SubmissionLedger.Key(submitter: 0, id: $0.id) }
        let unread = [
            LedgerEntry(key: SubmissionLedger.key(keys[0]), body: Array("[1,2]".utf8)),
            LedgerEntry(key: SubmissionLedger.key(keys[1]), body: Array("-1".utf8)),
            LedgerEntry(key: "\(SubmissionLedger.prefix)of a newer version", body: []),
        ]
        try await spool.note(unread, forgetting: [])
        await scene.desk.spoolBegan()
        #expect(lines.all.count { $0.contains("cannot all be read") } == 1, "\(lines.all)")
        for batch in batches.prefix(2) {
            let outcome = await scene.take(batch)
            #expect(outcome.verdicts.isEmpty, "it may be stored already, or not")
            #expect(outcome.obstacle?.contains("cannot be read") == true)
        }
        #expect(await scene.take(batches[2]).takenCount == 1)
        #expect(try await scene.outputs(spool) == ["n2"])
        // A spool that is begun meanwhile is told the same.
        let next = try await scene.openSpool(named: "next.db")
        #expect(await scene.take(batches[0]).obstacle != nil)
        #expect(try await next.ledger().contains(unread[0]))
        await scene.end()
    }

    // MARK: - Checks that are underway

    @Test func `a result that waits for a check of its object keeps nobody else waiting`()
        async throws
    {
        let scene = try SubmissionScene()
        let spool = try await scene.openSpool()
        #expect(await scene.runner.requestNow(SubmissionScene.slow) == .queued)
        while await scene.runner.status(of: SubmissionScene.slow)?.isRunning != true {
            await Task.yield()
        }
        let slow = SubmissionScene.batch(
            [(backup, 0, "before it"), (SubmissionScene.slow, 0, "slow"), (backup, 0, "behind it")])
        let blocked = await scene.take(slow, patience: .zero)
        #expect(blocked.takenCount == 1)
        #expect(blocked.obstacle?.contains("A check of 'web1!slow' is not stored yet") == true)
        let hasEnded = Mutex(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { @Sendable in
                _ = await scene.take(slow, patience: .seconds(60))
                hasEnded.withLock { $0 = true }
            }
            for number in 0..<20 {
                _ = try await scene.submit([(backup, 0, "n\(number)")])
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(!hasEnded.withLock { $0 }, "nobody waited for it")
            group.cancelAll()
        }
        #expect(try await scene.outputs(spool) == ["before it"] + (0..<20).map { "n\($0)" })
        await scene.end()
    }

    @Test func `who waits for an object keeps the place in line for it`() {
        var lines = SubmissionLines()
        let ids = (0..<3).map { BatchID(high: 0, low: UInt64($0)) }
        let place = SubmissionLines.Place(submitter: 1, object: backup)
        let other = SubmissionLines.Place(submitter: 2, object: backup)
        for id in ids + ids { lines.join(id, at: place) }
        #expect(ids.map { lines.lets($0, to: place) } == [true, false, false])
        #expect(lines.lets(ids[2], to: other), "another submitter's results may pass")
        lines.leave(ids[0], at: place)
        #expect(ids.map { lines.lets($0, to: place) } == [false, true, false])
        lines.leave(ids[2], at: place)
        lines.leave(ids[1], at: place)
        #expect(lines.lets(ids[2], to: place))
    }

    @Test func `one submitter's many calls leave room for others`() async throws {
        var ledger = SubmissionLedger()
        for number in 0..<SubmissionLedger.limit {
            let id = BatchID(high: 0, low: UInt64(number))
            ledger.note(.init(submitter: 1, id: id), position: 1, at: .zero)
        }
        let more = BatchID(high: 1, low: 0)
        #expect(!ledger.hasRoom(for: .init(submitter: 1, id: more)))
        #expect(ledger.hasRoom(for: .init(submitter: 2, id: more)))
        #expect(ledger.hasRoom(for: .init(submitter: 1, id: BatchID(high: 0, low: 3))))
        ledger.forget(.init(submitter: 1, id: BatchID(high: 0, low: 3)))
        #expect(ledger.hasRoom(for: .init(submitter: 1, id: more)))
    }

    @Test func `a flood of refusals leaves few lines, counts all, and hides nobody's`() {
        var audit = RefusalAudit()
        let told = (0..<10_000).count { _ in audit.note(1, at: .seconds(1)) }
        #expect(told == RefusalAudit.lineLimit && audit.count == 10_000)
        let isOtherTold = audit.note(2, at: .seconds(2))
        let early = audit.summary(at: .seconds(60))
        #expect(isOtherTold && early.isEmpty)
        let rest = audit.summary(at: .seconds(62))
        #expect(rest.map(\.submitter) == [1] && rest.map(\.count) == [10_000 - told])
        let isToldAgain = audit.note(1, at: .seconds(62))
        #expect(isToldAgain)
        for user in 0..<5000 as Range<UInt32> { _ = audit.note(user, at: .seconds(63)) }
        let untold = audit.summary(at: .seconds(200)).map(\.count).reduce(0, +)
        #expect(untold > 3000, "who has no budget of its own shares one")
    }
}
