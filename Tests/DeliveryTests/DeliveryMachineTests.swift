import Monitoring
import Testing
import UplinkMessages

@testable import Delivery
@testable import Spool

private func objects(_ count: Int) -> [ObjectName] {
    (0..<count).map { ObjectName(host: "h", service: "s\($0)") }
}

/// What the machine does about one node, one event at a time.
@Suite struct DeliveryMachineTests {
    @Test func `seventeen objects are read back by two questions, sixteen by one`() {
        for (count, sizes) in [(16, [16]), (17, [16, 1])] {
            var stage = Rehearsal()
            stage.kept = objects(count).map { object in
                KeptLane(
                    object: object, count: 1, newestStamp: Rehearsal.start,
                    newestAcknowledged: Rehearsal.start, oldestAcknowledged: Rehearsal.start)
            }
            stage.tell(.uplinkStarted)
            stage.accept(objects(1))
            stage.serve { if case .probe = $0 { true } else { false } }
            #expect(stage.questions.map(\.objects.count) == sizes)
        }
    }

    @Test(arguments: [
        SubmissionOutcome.passiveChecksDisabled, .objectUnknown, .rejected,
    ])
    func `a master that refuses own health gets everything else with no skew, and a warning`(
        refusal: SubmissionOutcome
    ) throws {
        var stage = Rehearsal()
        stage.answers[Rehearsal.health] = refusal
        stage.open()
        stage.accept(objects(1))
        let submission = try #require(stage.submissions.first)
        #expect(submission.object == objects(1)[0])
        #expect(submission.executionStart == stage.now.wall - .seconds(1))
        let report = stage.machine.report(at: stage.now)
        #expect(report.skew == .zero)
        #expect(report.warnings.contains { $0.contains("skew is taken as 0") })
    }

    @Test func `an object whose results were all withheld goes on when they may leave again`() {
        var stage = Rehearsal()
        let object = objects(1)[0]
        // one that was set aside is not forgotten when nothing of it waits
        stage.answers[object] = .objectUnknown
        stage.open()
        stage.accept([object])
        stage.serve()
        stage.withheld = [object]
        stage.accept([object, object, object])
        stage.tell(.hurry)
        stage.serve()
        #expect(stage.machine.counts.withheld == 4)
        #expect(stage.machine.report(at: stage.now).waiting == 0)
        stage.withheld = []
        stage.answers = [:]
        let before = stage.submitted[object, default: 0]
        for _ in 0..<3 { stage.accept([object]) }
        stage.serve()
        #expect(stage.submitted[object, default: 0] == before + 3)
    }

    @Test func `an object that was set aside twice does not wake at the first time`() throws {
        var stage = Rehearsal()
        let object = objects(1)[0]
        stage.answers[object] = .objectUnknown
        stage.open()
        stage.accept([object])
        stage.serve()
        let first = try #require(stage.machine.lanes[object]?.wakesAt)
        stage.tell(.hurry)
        stage.settle()
        let second = try #require(stage.machine.lanes[object]?.wakesAt)
        try #require(second > first)
        stage.pass(first - stage.now.monotonic)
        #expect(!stage.submissions.contains { $0.object == object })
        stage.pass(second - stage.now.monotonic)
        stage.serve { if case .submit = $0 { false } else { true } }
        #expect(stage.submissions.contains { $0.object == object })
    }

    @Test func `nothing is committed while more than half of the window is out`() throws {
        var stage = Rehearsal(window: 8)
        stage.open()
        stage.accept(objects(20))
        #expect(stage.submissions.count == 8)
        let before = stage.batches.count
        for _ in 0..<3 { stage.answer(stage.popSubmission()) }
        #expect(stage.batches.count == before)
        stage.answer(stage.popSubmission())
        #expect(stage.batches.count == before + 1)
        let batch = try #require(stage.batches.last)
        #expect(batch.settlements.count == 4)
        #expect(batch.leases.count == 4)
    }

    @Test func `new results do not make a stalled master cost commits`() {
        var stage = Rehearsal(window: 8)
        stage.open()
        stage.accept(objects(5))
        #expect(stage.submissions.count == 5)
        let before = stage.batches.count
        for object in objects(20).dropFirst(5) { stage.accept([object]) }
        #expect(stage.batches.count == before)
    }

    @Test func `what winds down sends nothing more and is done when what is out is stored`() {
        var stage = Rehearsal(window: 8)
        stage.open()
        stage.accept(objects(3))
        let out = stage.take()
        #expect(out.count == 3)
        stage.tell(.windDown)
        stage.accept(objects(5))
        #expect(stage.submissions.isEmpty)
        for message in out.dropLast() { stage.answer(message) }
        #expect(!stage.machine.hasWoundDown, "one is out")
        stage.holdsCommits = true
        stage.answer(out[2])
        #expect(!stage.machine.hasWoundDown, "its outcome is not stored")
        stage.commitLast()
        #expect(stage.machine.hasWoundDown)
        #expect(stage.submissions.isEmpty)
    }

    @Test func `a pause is over with the next uplink, and leaves nothing in doubt`() {
        var stage = Rehearsal(window: 8)
        stage.open()
        stage.accept(objects(3))
        let out = stage.take()
        stage.tell(.pause)
        stage.accept(objects(5))
        for message in out { stage.answer(message) }
        #expect(stage.machine.hasWoundDown)
        #expect(stage.submissions.isEmpty)
        let before = stage.machine.counts.submitted
        stage.tell(.uplinkLost(text: "renewed"))
        stage.tell(.uplinkStarted)
        #expect(!stage.machine.hasWoundDown)
        stage.settle()
        #expect(stage.machine.counts.submitted == before + 5)
        #expect(stage.machine.counts.ambiguous == 0)
    }

    @Test func `results of an object that the master does not know are forgotten after a day`() {
        let day = Duration.seconds(86_400)
        for (age, isForgotten) in [(day, true), (day - .seconds(660), false)] {
            var stage = Rehearsal()
            let acknowledged = stage.now.wall
            stage.kept = [
                KeptLane(
                    object: objects(1)[0], count: 1, newestStamp: Rehearsal.start,
                    newestAcknowledged: acknowledged, oldestAcknowledged: acknowledged)
            ]
            stage.unknown = Set(objects(1))
            stage.pass(age + .seconds(601))
            stage.tell(.uplinkStarted)
            stage.accept([Rehearsal.health])
            stage.serve()
            #expect(stage.judged.map(\.object) == (isForgotten ? objects(1) : []))
            #expect(stage.judged.allSatisfy { !$0.isForgotten && $0.provedBefore != nil })
        }
    }

    @Test func `no more text is out at once than the uplink lets wait`() {
        var stage = Rehearsal(window: 256)
        stage.outputByteCount = 60_000
        stage.open()
        stage.accept(objects(100))
        let fitting = DeliverySettings.flightByteLimit / 60_000 + 1
        #expect(stage.submissions.count == fitting)
        let limits = stage.batches.map(\.leaseByteLimit)
        #expect(limits.allSatisfy { $0 <= DeliverySettings.flightByteLimit })
        for _ in 0..<100 {
            stage.serve()
            stage.pass(.milliseconds(50))
        }
        #expect(objects(100).allSatisfy { stage.held[$0] != nil })
        #expect(stage.machine.flightBytes == 0)
    }

    @Test func `what the spool said about an earlier connection is not what is compared`() {
        var stage = Rehearsal()
        let lanes = objects(2).map { object in
            KeptLane(
                object: object, count: 1, newestStamp: Rehearsal.start,
                newestAcknowledged: Rehearsal.start, oldestAcknowledged: Rehearsal.start)
        }
        stage.holdsLoads = true
        stage.tell(.uplinkStarted)
        stage.accept(objects(1))
        stage.serve()
        stage.tell(.uplinkLost(text: "it ended"))
        stage.tell(.uplinkStarted)
        stage.pass(.seconds(60))
        stage.serve()
        #expect(stage.loads == [1, 2])
        stage.tell(.keptLoaded(round: 1, [lanes[0]]))
        stage.tell(.keptFailed(round: 1, text: "the spool is busy"))
        #expect(stage.questions.isEmpty && stage.machine.link.isConnected)
        stage.tell(.keptLoaded(round: 2, lanes))
        #expect(stage.questions.map(\.objects) == [objects(2)])
        stage.tell(.keptJudged(round: 1, KeptJudgement()))
        #expect(stage.machine.keptWork.stage == .asking)
    }
}

extension Rehearsal {
    fileprivate mutating func popSubmission() -> DaemonMessage {
        let all = take()
        for message in all.dropFirst() { restore(message) }
        return all[0]
    }
}
