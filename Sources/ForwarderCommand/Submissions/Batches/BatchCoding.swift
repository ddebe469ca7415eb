import Monitoring

/// A batch as bytes: on the control socket and in the drop directory alike.
///
/// `FWBATCH1`, the id (16 bytes), 1 where a daemon was asked to take it before and else 0 (1), the
/// number of records (4), then for each record its time and the start of its plugin in microseconds
/// (8 each), exit status (4), length (2) and text of the object's full name, length (4) and bytes
/// of the output; at the end FNV-1a 64 (8) of everything before it. Numbers are big-endian. So a
/// file that was cut anywhere, or goes on behind its end, is none.
extension SubmissionBatch {
    private static let magic = Array("FWBATCH1".utf8)

    /// Most bytes of a batch: outputs, and of each record its longest name and its numbers.
    static let byteLimit =
        outputByteLimit + recordByteLimit + recordLimit * (ObjectName.maximumByteCount + 26) + 37

    var bytes: [UInt8] {
        var writer = BatchWriter(bytes: Self.magic)
        writer.write(id.high)
        writer.write(id.low)
        writer.write(UInt8(daemonWasAsked ? 1 : 0))
        writer.write(UInt32(records.count))
        for record in records {
            let name = Array(record.object.fullName.utf8)
            writer.write(record.time.microseconds)
            writer.write((record.start ?? record.time).microseconds)
            writer.write(record.exitStatus)
            writer.write(UInt16(name.count))
            writer.bytes += name
            writer.write(UInt32(record.output.count))
            writer.bytes += record.output
        }
        writer.write(BatchWriter.digest(writer.bytes))
        return writer.bytes
    }

    /// Reads what ``bytes`` writes.
    init(_ bytes: [UInt8]) throws(BatchFault) {
        guard bytes.count <= Self.byteLimit else { throw .tooLong }
        guard bytes.starts(with: Self.magic) else { throw .foreign }
        guard bytes.count >= 37 else { throw .cut }
        var end = BatchReader(rest: bytes[(bytes.count - 8)...])
        guard try end.integer(UInt64.self) == BatchWriter.digest(bytes[..<(bytes.count - 8)]) else {
            throw .cut
        }
        var reader = BatchReader(rest: bytes[Self.magic.count..<(bytes.count - 8)])
        let high = try reader.integer(UInt64.self)
        id = BatchID(high: high, low: try reader.integer(UInt64.self))
        let flag = try reader.integer(UInt8.self)
        guard flag <= 1 else { throw .outOfBounds("flag") }
        daemonWasAsked = flag == 1
        let count = Int(try reader.integer(UInt32.self))
        guard (1...Self.recordLimit).contains(count) else { throw .outOfBounds("number") }
        records = []
        for _ in 0..<count { records.append(try reader.record()) }
        guard reader.rest.isEmpty else { throw .cut }
    }
}

/// Why bytes are no batch.
enum BatchFault: Error, Hashable, CustomStringConvertible {
    case foreign
    case cut
    case tooLong
    case outOfBounds(String)

    var description: String {
        switch self {
        case .foreign: "it is no batch of results"
        case .cut: "it is cut or was changed"
        case .tooLong: "it is longer than \(SubmissionBatch.byteLimit) bytes"
        case .outOfBounds(let field): "its \(field) is out of bounds"
        }
    }
}

private struct BatchWriter {
    var bytes: [UInt8]

    mutating func write(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    static func digest(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

private struct BatchReader {
    var rest: ArraySlice<UInt8>

    mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(BatchFault) -> Value {
        var value: Value = 0
        for byte in try take(Value.bitWidth / 8) {
            value = (value << 8) | Value(truncatingIfNeeded: byte)
        }
        return value
    }

    mutating func take(_ count: Int) throws(BatchFault) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw .cut }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func record() throws(BatchFault) -> SubmissionBatch.Record {
        let time = try self.time()
        let start = try self.time()
        let status = try integer(Int32.self)
        let nameLength = Int(try integer(UInt16.self))
        let name = try take(nameLength)
        guard let text = String(validating: name, as: UTF8.self),
            let object = ObjectName(fullName: text)
        else { throw .outOfBounds("object's name") }
        let count = Int(try integer(UInt32.self))
        guard count <= SubmissionBatch.recordByteLimit else { throw .outOfBounds("output") }
        return SubmissionBatch.Record(
            object: object, exitStatus: status, output: Array(try take(count)),
            time: time, start: start == time ? nil : start)
    }

    private mutating func time() throws(BatchFault) -> Timestamp {
        let time = try integer(Int64.self)
        guard (0...Self.longestTime).contains(time) else { throw .outOfBounds("time") }
        return Timestamp(microseconds: time)
    }

    /// The year 9999 in microseconds: sums of two such times stay far from overflow.
    private static let longestTime: Int64 = 253_402_300_799_000_000
}
