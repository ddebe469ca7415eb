import Monitoring
import Testing

@testable import Collector

@Suite struct RecordOutboxTests {
    private let a = ObjectName(host: "web01", service: "a")
    private let b = ObjectName(host: "web01", service: "b")

    @Test func `past the limit what changed nothing goes first, oldest first`() async {
        let box = RecordOutbox(byteLimit: 3 * 513)
        box.put(record(a, "1", .change))
        box.put(record(a, "2", .unchanged))
        box.put(record(a, "3", .unchanged))
        box.put(record(a, "4", .unchanged))
        #expect(await outputs(of: box) == ["1", "3", "4"])
        #expect(box.lostCount == 1)
    }

    @Test func `then the oldest changes go, never an object's newest record`() async {
        let box = RecordOutbox(byteLimit: 3 * 513)
        box.put(record(b, "0", .change))
        for number in 1...6 { box.put(record(a, "\(number)", .change)) }
        #expect(await outputs(of: box) == ["0", "5", "6"])
        #expect(box.lostCount == 4)
    }

    @Test func `an object's newest record stays even when it changed nothing`() async {
        let box = RecordOutbox(byteLimit: 2 * 513)
        box.put(record(b, "0", .unchanged))
        for number in 1...4 { box.put(record(a, "\(number)", .change)) }
        #expect(await outputs(of: box) == ["0", "4"])
        #expect(box.lostCount == 3)
    }

    @Test func `the newest of each object stay where they alone are above the limit`() async {
        let box = RecordOutbox(byteLimit: 1)
        for round in 1...3 {
            for object in [a, b] { box.put(record(object, "\(object.fullName) \(round)", .change)) }
        }
        #expect(await outputs(of: box) == ["web01!a 3", "web01!b 3"])
        #expect(box.lostCount == 4)
    }

    @Test func `what was taken no longer counts as an object's newest`() async {
        let box = RecordOutbox(byteLimit: 2 * 513)
        box.put(record(a, "1", .change))
        #expect(await outputs(of: box) == ["1"])
        for number in 2...4 { box.put(record(a, "\(number)", .change)) }
        #expect(await outputs(of: box) == ["3", "4"])
        #expect(box.lostCount == 1)
    }

    private func outputs(of box: RecordOutbox) async -> [String] {
        await box.next().map(\.result.output)
    }

    private func record(
        _ object: ObjectName, _ output: String, _ significance: Significance
    ) -> CheckRecord {
        let now = Timestamp(microseconds: 0)
        return CheckRecord(
            result: CheckResult(
                object: object, state: .ok, exitStatus: 0, output: output,
                executionStart: now, executionEnd: now, checkInterval: .seconds(60)),
            significance: significance, snapshot: ObjectSnapshot(name: object.fullName))
    }
}
