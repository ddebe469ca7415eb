import Monitoring
import Testing
import UplinkMessages

@testable import Delivery
@testable import Spool

private let object = ObjectName(host: "h", service: "s")

/// Masters whose answers are well formed and make no sense.
@Suite struct LyingMasterTests {
    @Test func `a master that ends each connection after its greeting is left alone, and named`() {
        var stage = Rehearsal()
        stage.tell(.uplinkStarted)
        stage.accept([object])
        var probes = 0
        for _ in 0..<1000 {
            for message in stage.take() {
                guard case .probe = message else { continue }
                probes += 1
                stage.answer(message)
                stage.tell(.uplink(.link(node: NodeID(index: 0), isUp: false)))
            }
        }
        #expect(probes == 1)
        #expect(stage.machine.link.fault?.text.contains("ends the connection") == true)
        stage.pass(.seconds(600))
        #expect(!stage.sent.isEmpty, "it is tried again")
    }

    @Test func `an idle connection that was of use ends without a fault`() {
        var stage = Rehearsal()
        stage.open()
        stage.tell(.uplink(.link(node: NodeID(index: 0), isUp: false)))
        #expect(stage.machine.link.fault == nil)
        #expect(stage.machine.link.phase == .resting)
    }

    @Test func `an impossible time of processing costs few results of own health`() {
        var stage = Rehearsal()
        stage.tell(.uplinkStarted)
        stage.accept([object])
        var submissions = 0
        for _ in 0..<1000 {
            for message in stage.take() {
                switch message {
                case .submit(let submission):
                    if submission.object == Rehearsal.health { submissions += 1 }
                    stage.answer(message)
                case .readBack(let id, _, let objects):
                    let never = Timestamp(microseconds: 95_000_000_000_000_000)
                    let readings = objects.map {
                        ObjectReading(
                            object: $0, executionStart: stage.held[$0], lastCheck: never)
                    }
                    stage.tell(.uplink(.readBackAnswer(id: id, .readings(readings))))
                default: stage.answer(message)
                }
            }
            stage.pass(.seconds(1))
        }
        #expect(submissions < 20)
        #expect(stage.held[object] != nil, "the others are delivered all the same")
        let warnings = stage.machine.report(at: stage.now).warnings
        #expect(warnings.contains { $0.contains("skew is taken as 0") })
    }

    @Test func `a master that answers everything with 500 for an hour costs no result`() {
        var stage = Rehearsal()
        stage.open()
        let objects = (0..<5).map { ObjectName(host: "h", service: "x\($0)") }
        let all = objects + [Rehearsal.health]
        for object in all { stage.answers[object] = .effectUnverified }
        for _ in 0..<60 {
            stage.accept(objects)
            for _ in 0..<60 {
                stage.pass(.seconds(1))
                stage.serve()
            }
        }
        #expect(stage.machine.link.fault?.text.contains("not that it took any") == true)
        for object in all { stage.answers[object] = nil }
        for _ in 0..<900 {
            stage.pass(.seconds(1))
            stage.serve()
        }
        let kinds = stage.settlements(of: objects)
        #expect(kinds.count { $0.isRejection } == 0)
        #expect(kinds.count { if case .delivered = $0 { true } else { false } } == 300)
        #expect(stage.machine.link.fault == nil)
    }

    @Test func `one result that a master cannot digest is set aside while others get through`() {
        var stage = Rehearsal()
        stage.open()
        stage.answers[object] = .effectUnverified
        let others = (0..<3).map { ObjectName(host: "h", service: "x\($0)") }
        for _ in 0..<60 {
            stage.accept(others + [object])
            for _ in 0..<20 {
                stage.pass(.seconds(1))
                stage.serve()
            }
        }
        #expect(stage.settlements(of: [object]).contains { $0.isRejection })
        #expect(stage.settlements(of: others).count { $0.isRejection } == 0)
        #expect(stage.machine.link.fault == nil)
    }

    @Test func `what is in doubt of an object that the master no longer knows is set aside`() {
        var stage = Rehearsal()
        stage.open()
        stage.accept([object])
        for message in stage.take() {
            guard case .submit(let submission) = message else { continue }
            stage.end(submission, .lost)
        }
        stage.answers[object] = .objectUnknown
        stage.unknown = [object]
        var questions = 0
        for _ in 0..<120 {
            stage.pass(.seconds(60))
            questions += stage.questions.count { $0.objects.contains(object) }
            stage.serve()
        }
        #expect(stage.machine.report(at: stage.now).doubtful == 0)
        #expect(stage.machine.lanes[object]?.stage == .sleeping)
        #expect(questions < 5)
    }
}

extension Settlement.Kind {
    fileprivate var isRejection: Bool { if case .rejected = self { true } else { false } }
}

extension Rehearsal {
    fileprivate func settlements(of objects: [ObjectName]) -> [Settlement.Kind] {
        batches.flatMap(\.settlements).filter { objects.contains($0.object) }.map(\.kind)
    }
}
