@testable import Collector
import ConfigLanguage
import Monitoring
import Testing

@Suite struct RuntimeBoardTests {
    private static let name = ObjectName(host: "web1", service: "disk")

    private struct Noon: TimeSource {
        let wall = Timestamp(microseconds: 1_700_000_100_000_000)
        let monotonic = Duration.zero
    }

    private static func result(_ state: ServiceState, end: Int64) -> CheckResult {
        CheckResult(
            object: name,
            state: state,
            exitStatus: Int32(state.rawValue),
            output: "\(state)",
            performanceData: ["a=1", "b=2"],
            executionStart: Timestamp(microseconds: end - 500_000),
            executionEnd: Timestamp(microseconds: end)
        )
    }

    private static func macro(_ name: ByteString, _ board: RuntimeBoard) -> String? {
        RuntimeMacros(facts: board.facts(of: [Self.name])).value(name, of: Self.name)?.toText.text
    }

    @Test func `before the first result there is a state but no output`() {
        let board = RuntimeBoard(time: Noon())
        #expect(Self.macro("state", board) == "UNKNOWN")
        #expect(Self.macro("state_type", board) == "SOFT")
        #expect(Self.macro("output", board) == nil)
        #expect(Self.macro("nonsense", board) == nil)
    }

    @Test func `a result is what the next check's macros tell`() {
        let board = RuntimeBoard(time: Noon())
        let soft = CheckState(state: .warning, type: .soft, attempt: 1)
        board.note(Self.result(.warning, end: 1_700_000_000_000_000), state: soft)
        let due = Timestamp(microseconds: 1_700_000_058_000_000)
        board.note(
            Self.result(.critical, end: 1_700_000_060_000_000),
            state: CheckState(state: .critical, type: .hard, attempt: 1),
            due: due
        )
        #expect(Self.macro("state", board) == "CRITICAL")
        #expect(Self.macro("state_id", board) == "2")
        #expect(Self.macro("last_state", board) == "WARNING")
        #expect(Self.macro("last_state_type", board) == "SOFT")
        #expect(Self.macro("last_state_change", board) == "1700000060")
        #expect(Self.macro("duration_sec", board) == "40")
        #expect(Self.macro("output", board) == "critical")
        #expect(Self.macro("perfdata", board) == "a=1 b=2")
        #expect(Self.macro("execution_time", board) == "0.500000")
        #expect(Self.macro("latency", board) == "1.500000")
    }

    @Test func `a repeated state keeps the time of its change`() {
        let board = RuntimeBoard(time: Noon())
        let state = CheckState(state: .ok, type: .hard, attempt: 1)
        board.note(Self.result(.ok, end: 1_700_000_000_000_000), state: state)
        board.note(Self.result(.ok, end: 1_700_000_060_000_000), state: state)
        #expect(Self.macro("last_state_change", board) == "1700000000")
    }

    @Test func `a restart knows the states it found`() {
        let state = CheckState(state: .warning, type: .hard, attempt: 1)
        let board = RuntimeBoard(
            time: Noon(),
            states: [
                ScheduleState(
                    object: Self.name,
                    checkState: state,
                    nextCheck: Timestamp(microseconds: 0)
                )
            ]
        )
        #expect(Self.macro("state", board) == "WARNING")
    }

    @Test func `a restart knows the first line of the output that it found`() {
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        let found = ScheduleState(
            object: Self.name,
            checkState: CheckState(state: .warning, type: .hard, attempt: 1),
            lastStart: time, lastEnd: time + .seconds(2), nextCheck: time, lastOutput: "first line")
        let board = RuntimeBoard(time: Noon(), states: [found])
        #expect(Self.macro("output", board) == "first line")
        #expect(Self.macro("perfdata", board) == "")
        #expect(Self.macro("execution_time", board) == "2")
        // one that was interrupted left no result
        var interrupted = found
        interrupted.lastEnd = time - .seconds(1)
        #expect(Self.macro("output", RuntimeBoard(time: Noon(), states: [interrupted])) == nil)
    }

    @Test func `the hard state is the newest that was hard`() {
        let board = RuntimeBoard(time: Noon())
        let steps: [(ServiceState, StateType)] = [(.ok, .hard), (.critical, .soft)]
        for (number, step) in steps.enumerated() {
            board.note(
                Self.result(step.0, end: 1_700_000_000_000_000 + Int64(number) * 1_000_000),
                state: CheckState(state: step.0, type: step.1, attempt: 1))
        }
        let object = board.facts(of: [Self.name]).objects[Self.name]
        #expect(object?.lastHardState == .ok)
        #expect(object?.lastHardStateChange == Timestamp(microseconds: 1_700_000_000_000_000))
        #expect(object?.lastStateChange == Timestamp(microseconds: 1_700_000_001_000_000))
        #expect(object?.previousStateChange == Timestamp(microseconds: 1_700_000_000_000_000))
        #expect(Self.macro("check_source", board) == "")
        #expect(object?.lastSeen[.ok] == Timestamp(microseconds: 1_700_000_000_000_000))
    }

    @Test func `objects that are gone are forgotten`() {
        let board = RuntimeBoard(time: Noon())
        let state = CheckState(state: .ok, type: .hard, attempt: 1)
        board.note(Self.result(.ok, end: 1_700_000_000_000_000), state: state)
        board.keep(only: [])
        #expect(Self.macro("output", board) == nil)
    }

    @Test func `services of a host are counted by state`() {
        let up = RuntimeFacts.Object(checkState: CheckState(state: .ok, type: .hard, attempt: 1))
        let other = ObjectName(host: "web1", service: "load")
        let macros = RuntimeMacros(
            facts: RuntimeFacts(
                now: Noon().wall,
                started: Noon().wall,
                objects: [Self.name: up]
            )
        )
        func count(_ name: ByteString) -> String? {
            macros.serviceCount(name, among: [Self.name, other])?.toText.text
        }
        #expect(count("num_services") == "2")
        #expect(count("num_services_ok") == "1")
        #expect(count("num_services_pending") == "1")
        #expect(count("num_services_critical") == "0")
        #expect(count("num_services_unknown") == "1", "a pending one is unknown, too")
        func hostCount(_ name: ByteString) -> String? {
            macros.hostCount(name, among: [ObjectName(host: "web1")])?.toText.text
        }
        #expect(hostCount("num_hosts_down") == "1", "a pending one is down, too")
        #expect(hostCount("num_hosts_pending") == "1")
        #expect(hostCount("num_hosts") == nil)
        #expect(count("num_services_purple") == nil)
    }

    @Test(arguments: [
        (0, "less than 1 second"), (1, "1 second"), (65, "1 minute and 5 seconds"),
        (90_061, "1 day, 1 hour, 1 minute and 1 second"),
    ])
    func `the uptime is in words`(seconds: Int, expected: String) {
        #expect(LocalTime.span(Double(seconds)) == expected)
    }
}
