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
        #expect(audit.summary(at: .seconds(59)) == nil)
        #expect(audit.summary(at: .seconds(60)) == [.denied: 49_970, .delayed: 49_970])
        #expect(audit.summary(at: .seconds(60)) == nil)
        let isTold = audit.note(.honoured, of: "north", at: .seconds(61))
        #expect(isTold, "a new minute")
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
        #expect(taken.map(\.request.object) == objects.sorted())
        #expect(taken.allSatisfy { $0.request.value == 999 })
        #expect(inbox.take().isEmpty)
        inbox.tell(.minuteEnded)
        guard case .minuteEnded = await works.next() else {
            Issue.record("told of one round more than once")
            return
        }
    }
}
