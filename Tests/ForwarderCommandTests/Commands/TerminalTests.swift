import Logging
import Monitoring
import Testing

@testable import ForwarderCommand
@testable import Spool

/// Text of masters, plugins and the uplink on a terminal.
@Suite struct TerminalTests {
    private static let hostile = "\u{1B}[2J\u{9B}A\u{7F}\rforged\nline"

    private static func expectHarmless(
        _ text: String, lines: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let driving = text.unicodeScalars.filter {
            $0 != "\n" && ($0.value < 0x20 || (0x7F...0x9F).contains($0.value))
        }
        #expect(driving.isEmpty, "\(driving)", sourceLocation: sourceLocation)
        #expect(text.contains("forged"), sourceLocation: sourceLocation)
        #expect(text.split(separator: "\n").count == lines, sourceLocation: sourceLocation)
    }

    @Test func `a table, the progress bar and what a flush left drive no terminal`() {
        var table = TextTable(heading: ["A", "B"])
        table.add([Self.hostile, "b"])
        Self.expectHarmless(table.text, lines: 2)
        Self.expectHarmless(
            ProgressBar.line(done: 1, total: 2, note: Self.hostile, width: 100), lines: 1)
        let outcome = FlushOutcome(
            delivered: 0, left: [.init(destination: "m", count: 1, reason: Self.hostile)])
        Self.expectHarmless(FlushCommand.text(outcome), lines: 2)
    }

    @Test func `status drives no terminal, whatever a master calls itself`() throws {
        let configuration = try ConfigurationFixture.load(ConfigurationFixture.master("m1"))
        var report = StatusAssembler.nothingYet(configuration)
        let plain = StatusText(report: report).text.split(separator: "\n").count
        report.alarms = [Self.hostile]
        report.destinations[0].masterVersion = Self.hostile
        Self.expectHarmless(StatusText(report: report).text, lines: plain)
    }

    @Test(arguments: LogLine.Format.allCases)
    func `a line of the daemon's log drives no terminal`(format: LogLine.Format) {
        let log = PlainLogHandler(label: "daemon", format: format, logLevel: .info)
        let event = LogEvent(
            level: .notice, message: "\(Self.hostile)", metadata: ["why": "\(Self.hostile)"],
            source: nil, file: "", function: "", line: 0)
        Self.expectHarmless(log.line(of: event), lines: 1)
    }

    @Test func `a result of the queue drives no terminal, and its output keeps its lines`() {
        let result = CheckResult(
            object: ObjectName(host: "web1"), state: .ok, exitStatus: 0,
            output: "first\n\(Self.hostile)", performanceData: [Self.hostile],
            executionStart: .init(microseconds: 1), executionEnd: .init(microseconds: 2))
        var row = QueueRow(result, sequence: .init(rawValue: 1), significance: .change)
        row.answerText = Self.hostile
        Self.expectHarmless(QueueText(rows: [row]).text, lines: 14)
    }
}
