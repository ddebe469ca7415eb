import Delivery
import Monitoring
import Policy
import Testing

@testable import ForwarderCommand

/// A flood of requests leaves few lines and every count.
@Suite struct RecheckAuditTests {
    @Test func `a flood of 100,000 leaves 60 lines and one with the rest's counts`() {
        var audit = RecheckAudit()
        var lines = 0
        for number in 0..<100_000 {
            let kind: RecheckOutcome.Kind = number % 2 == 0 ? .denied : .delayed
            let now = Duration.microseconds(500 * number)
            if audit.note(kind, of: "north", at: now) { lines += 1 }
        }
        #expect(lines == RecheckAudit.lineLimit)
        #expect(audit.counts["north"] == [.denied: 50_000, .delayed: 50_000])
        #expect(audit.summaryDueAt == .seconds(60))
        #expect(audit.summary(at: .seconds(59)) == [:])
        let rest = audit.summary(at: .seconds(60))
        #expect(rest == ["north": [.denied: 49_970, .delayed: 49_970]])
        #expect(audit.summary(at: .seconds(60)) == [:])
        let isTold = audit.note(.honoured, of: "north", at: .seconds(61))
        #expect(isTold, "a new minute")
    }

    @Test func `a flood hides neither what was honoured nor what others ask`() {
        var audit = RecheckAudit()
        for _ in 0..<1000 { _ = audit.note(.denied, of: "north", at: .zero) }
        let isOwnTold = audit.note(.honoured, of: "north", at: .zero)
        let isOtherTold = audit.note(.denied, of: "south", at: .zero)
        #expect(isOwnTold && isOtherTold)
        #expect(audit.summary(at: .zero, isLast: true) == ["north": [.denied: 940]])
        #expect(audit.summaryDueAt == nil)
    }

    @Test func `requests now and then are all told`() {
        var audit = RecheckAudit()
        for number in 0..<200 {
            let isTold = audit.note(.honoured, of: "north", at: .seconds(2 * number))
            #expect(isTold)
        }
        #expect(audit.summaryDueAt == nil)
    }
}

/// What was demanded waits once for each object, the newest first.
@Suite struct RecheckInboxTests {
    @Test func `rounds that nobody looked at take no more room than one`() async {
        let inbox = RecheckInbox()
        let objects = (0..<10).map { ObjectName(host: "h", service: "s\($0)") }
        for value in 0..<1000 {
            inbox.demanded(
                .init(
                    destination: "north", node: "n1", lead: .zero,
                    demands: objects.map { .init(object: $0, value: Int64(value)) }))
        }
        var works = inbox.works.makeAsyncIterator()
        guard case .demanded = await works.next() else {
            Issue.record("nobody is told")
            return
        }
        let taken = inbox.take()
        #expect(taken.rounds.map(\.destination) == ["north"])
        #expect(taken.demands.map(\.request.object) == objects.sorted())
        #expect(taken.demands.allSatisfy { $0.request.value == 999 })
        #expect(inbox.take().demands.isEmpty)
        inbox.tell(.minuteEnded)
        guard case .minuteEnded = await works.next() else {
            Issue.record("told of one round more than once")
            return
        }
        inbox.demanded(.init(destination: "north", node: "n1", lead: .zero, demands: []))
        guard case .demanded = await works.next() else {
            Issue.record("a round without demands is a look as well")
            return
        }
        inbox.close()
        inbox.demanded(.init(destination: "north", node: "n1", lead: .zero, demands: []))
        #expect(inbox.take().rounds.isEmpty)
        let end = await works.next()
        if end != nil { Issue.record("it goes on after its end") }
    }
}
