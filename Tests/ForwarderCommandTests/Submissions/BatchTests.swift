import Foundation
import Monitoring
import Testing

@testable import ForwarderCommand

/// Batches as values and as bytes.
@Suite struct BatchTests {
    private static func sample(_ count: Int = 3) -> SubmissionBatch {
        var batch = SubmissionBatch(
            id: BatchID(high: 1, low: .max), daemonWasAsked: true, records: [])
        for number in 0..<count {
            let object = ObjectName(host: "web1", service: "é\(number)")
            var record = SubmissionBatch.Record(
                object: object, exitStatus: Int32(number) - 1,
                output: [0, 255, UInt8(number % 256)],
                time: Timestamp(microseconds: Int64(number)))
            if number == 2 { record.start = Timestamp(microseconds: 1) }
            batch.records.append(record)
        }
        return batch
    }

    @Test func `what is written is read back`() throws {
        for count in [1, 3, SubmissionBatch.recordLimit] {
            let batch = Self.sample(count)
            #expect(try SubmissionBatch(batch.bytes) == batch)
        }
    }

    @Test func `a batch that was cut, lengthened or changed is none`() {
        let bytes = Self.sample().bytes
        for length in 0..<bytes.count {
            #expect(throws: BatchFault.self) { try SubmissionBatch(Array(bytes.prefix(length))) }
        }
        #expect(throws: BatchFault.self) { try SubmissionBatch(bytes + [0]) }
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 0x40
            #expect(throws: BatchFault.self, "\(place)") { try SubmissionBatch(changed) }
        }
    }

    @Test func `what no client writes is out of bounds`() {
        var none = Self.sample()
        none.records = []
        var many = Self.sample(SubmissionBatch.recordLimit)
        many.records.append(many.records[0])
        var early = Self.sample()
        early.records[1].time = Timestamp(microseconds: -1)
        var name = Self.sample()
        name.records[2].object = ObjectName(host: "a\nb")
        for batch in [none, many, early, name] {
            #expect(throws: BatchFault.self) { try SubmissionBatch(batch.bytes) }
        }
    }

    @Test func `records are cut into batches in order, with growing times that end now`() {
        var random = SplitMix(seed: 1)
        let object = ObjectName(host: "h")
        let long = [UInt8](repeating: 65, count: SubmissionBatch.outputByteLimit / 2 + 1)
        let results = (0..<2503).map { number in
            (
                object: object, exitStatus: Int32(number),
                output: number < 2500 ? [UInt8]() : long, time: Timestamp?.none
            )
        }
        let now = Timestamp(microseconds: 1_700_000_000_000_000)
        let batches = SubmissionBatch.batches(of: results, now: now, random: &random)
        #expect(batches.map(\.records.count) == [1000, 1000, 501, 1, 1])
        #expect(Set(batches.map(\.id)).count == batches.count)
        let records = batches.flatMap(\.records)
        #expect(records.map(\.exitStatus) == (0..<2503).map { Int32($0) })
        #expect(zip(records, records.dropFirst()).allSatisfy { $0.time < $1.time })
        #expect(records.last?.time == now)
        #expect(SubmissionBatch.batches(of: [], now: now, random: &random).isEmpty)
    }

    @Test func `an output beyond all measure is cut, and its own time stays`() {
        var random = SplitMix(seed: 1)
        let past = Timestamp(microseconds: 5)
        let huge = [UInt8](repeating: 65, count: SubmissionBatch.recordByteLimit + 9)
        let batches = SubmissionBatch.batches(
            of: [(ObjectName(host: "h"), 0, huge, past)], now: past, random: &random)
        #expect(batches[0].records[0].output.count == SubmissionBatch.recordByteLimit)
        #expect(batches[0].records[0].time == past)
        #expect(batches[0].bytes.count <= SubmissionBatch.byteLimit)
    }

    @Test func `ids are read as they are written, and nothing else is`() {
        let id = BatchID(high: 0xAB, low: 7)
        #expect(BatchID(id.description) == id && id.description.utf8.count == 32)
        for text in ["", "0", "+" + id.description.dropFirst(), id.description.uppercased()] {
            #expect(BatchID(text) == nil, "\(text)")
        }
    }
}
