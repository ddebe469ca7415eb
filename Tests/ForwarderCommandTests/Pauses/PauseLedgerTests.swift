import Collector
import Monitoring
import Spool
import Testing

@testable import ForwarderCommand

/// What is stored of a pause says what it was, and how long it lasts.
@Suite struct PauseLedgerTests {
    private let object = ObjectName(host: "web 1", service: "disk é")
    private let pause = ObjectPause(
        reason: "\"replaced\" | é", author: "root", since: Timestamp(microseconds: 17),
        until: Timestamp(microseconds: .max))

    @Test func `pauses are what their entries are`() {
        let entries = PauseLedger.entries(of: [object: pause])
        #expect(entries.map(\.key) == [PauseLedger.key(of: object)])
        let others = [LedgerEntry(key: "recheck.floor\u{1F}pause\u{1F}", body: [1])]
        #expect(PauseLedger.pauses(entries + others) == [object: pause])
    }

    @Test func `what cannot be read pauses nothing`() {
        let broken = LedgerEntry(key: PauseLedger.key(of: object), body: Array("{}".utf8))
        #expect(PauseLedger.pauses([broken]).isEmpty)
        let nameless = LedgerEntry(
            key: "pause\u{1F}", body: PauseLedger.entry(object, pause).body)
        #expect(PauseLedger.pauses([nameless]).isEmpty)
    }

    @Test(arguments: [
        ("90s", 90), ("30m", 1800), ("2h", 7200), ("366d", 366 * 86_400), ("1d", 86_400),
    ])
    func `a span is a number and a unit`(_ text: String, _ seconds: Int) {
        #expect(PauseSpan(argument: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "2", "h", "-1h", "+1h", "0s", "1.5h", "2 h", "367d", "2w", "99999999999999999999d",
        "1152921504606846976d", "２h",
    ])
    func `what is no span of a pause is refused`(_ text: String) {
        #expect(PauseSpan(argument: text) == nil)
    }
}
