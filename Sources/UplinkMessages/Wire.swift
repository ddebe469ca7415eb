internal import Monitoring

/// Why bytes from the other process were not a message.
///
/// Each is a defect or an attack; the receiver ends the connection, since nothing after it can be
/// trusted to start where a message starts.
package enum MessageFault: Error, Hashable, CustomStringConvertible {
    /// A frame claims more bytes than ``Wire/frameByteLimit``.
    case frameTooLong(byteCount: Int)
    /// A frame of a type that this side does not know.
    case unknownType(UInt8)
    /// The payload ended inside a field, or went on after the last one.
    case wrongLength
    /// A field held a value outside its bounds; the field is named.
    case outOfBounds(field: String)

    package var description: String {
        switch self {
        case .frameTooLong(let count):
            "a message of \(count) bytes, over the limit of \(Wire.frameByteLimit)"
        case .unknownType(let type): "a message of unknown type \(type)"
        case .wrongLength: "a message whose length does not fit its type"
        case .outOfBounds(let field): "a message whose \(field) is out of bounds"
        }
    }
}

/// The bounds of the conversation between daemon and uplink.
///
/// A frame is a 32-bit big-endian length, one byte of type and the payload; the length counts
/// type and payload. Integers are big-endian; strings are UTF-8 behind a 32-bit length.
package enum Wire {
    /// Most bytes of one frame after its length.
    ///
    /// 256 KiB: a result is bounded by 64 KiB of output, names and a command line take at most as
    /// much again, and a read-back of ``objectLimit`` names 64 KiB.
    package static let frameByteLimit = 262_144
    /// Most objects of one read-back.
    ///
    /// 16: the master answers with whole results; JSON can make six bytes of one, and 16 results of
    /// 64 KiB stay below the 8 MiB that the uplink accepts even so.
    package static let objectLimit = 16
    /// Most objects of one look at when they are due.
    ///
    /// 200: their names, of the greatest length, fit into a frame; the master answers with some 250
    /// bytes of each.
    package static let scheduleLimit = 200
    /// How far a time may lie from 1970, and a duration from nothing.
    ///
    /// 100,000 years, as for times in a master's answers: two of them can be subtracted.
    package static let timeLimitMicroseconds: UInt64 = 3_200_000_000_000_000_000
    /// Most bytes of a text from a master that is passed on; the rest is cut.
    package static let textByteLimit = 512
    /// Most nodes of all destinations together.
    package static let nodeLimit = 64
}

/// Builds one frame.
struct FrameWriter {
    private(set) var bytes: [UInt8] = [0, 0, 0, 0]

    init(type: UInt8) { bytes.append(type) }

    mutating func write(_ value: UInt8) { bytes.append(value) }

    mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func write(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func write(_ value: String) {
        write(UInt32(truncatingIfNeeded: value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func write(_ value: Timestamp) { write(value.microseconds) }

    mutating func write(_ value: Duration) { write(value.wholeMicroseconds) }

    mutating func write<Element>(
        list: [Element], _ writeOne: (inout FrameWriter, Element) -> Void
    ) {
        write(UInt32(truncatingIfNeeded: list.count))
        for element in list { writeOne(&self, element) }
    }

    mutating func write<Wrapped>(
        optional: Wrapped?, _ writeOne: (inout FrameWriter, Wrapped) -> Void
    ) {
        write(optional != nil)
        if let optional { writeOne(&self, optional) }
    }

    /// The frame with its length in front.
    func finished() -> [UInt8] {
        var frame = bytes
        let count = UInt32(truncatingIfNeeded: bytes.count - 4)
        for index in 0..<4 { frame[index] = UInt8(truncatingIfNeeded: count >> (24 - 8 * index)) }
        return frame
    }
}

/// Takes one frame's payload apart; every read is bounded.
struct FrameReader {
    private var rest: ArraySlice<UInt8>

    init(payload: ArraySlice<UInt8>) { rest = payload }

    mutating func readByte() throws(MessageFault) -> UInt8 {
        guard let byte = rest.popFirst() else { throw .wrongLength }
        return byte
    }

    mutating func readBool(_ field: String) throws(MessageFault) -> Bool {
        switch try readByte() {
        case 0: return false
        case 1: return true
        default: throw .outOfBounds(field: field)
        }
    }

    mutating func readInteger<Value: FixedWidthInteger>(
        _: Value.Type
    ) throws(MessageFault) -> Value {
        var value: Value = 0
        for _ in 0..<(Value.bitWidth / 8) { value = (value << 8) | Value(try readByte()) }
        return value
    }

    mutating func readString(_ field: String, limit: Int) throws(MessageFault) -> String {
        let count = Int(try readInteger(UInt32.self))
        guard count <= limit else { throw .outOfBounds(field: field) }
        guard count <= rest.count else { throw .wrongLength }
        let bytes = rest.prefix(count)
        rest = rest.dropFirst(count)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .outOfBounds(field: field)
        }
        return text
    }

    /// A time that can be added to and compared without overflow.
    mutating func readTimestamp() throws(MessageFault) -> Timestamp {
        let microseconds = try readInteger(Int64.self)
        guard microseconds.magnitude <= Wire.timeLimitMicroseconds else {
            throw .outOfBounds(field: "time")
        }
        return Timestamp(microseconds: microseconds)
    }

    mutating func readDuration() throws(MessageFault) -> Duration {
        let microseconds = try readInteger(Int64.self)
        guard microseconds.magnitude <= Wire.timeLimitMicroseconds else {
            throw .outOfBounds(field: "duration")
        }
        return .microseconds(microseconds)
    }

    mutating func readObject() throws(MessageFault) -> ObjectName {
        let text = try readString("object name", limit: ObjectName.maximumByteCount)
        guard let name = ObjectName(fullName: text) else {
            throw .outOfBounds(field: "object name")
        }
        return name
    }

    mutating func readList<Element>(
        _ field: String, limit: Int,
        _ readOne: (inout FrameReader) throws(MessageFault) -> Element
    ) throws(MessageFault) -> [Element] {
        let count = Int(try readInteger(UInt32.self))
        guard count <= limit else { throw .outOfBounds(field: field) }
        var list: [Element] = []
        for _ in 0..<count { list.append(try readOne(&self)) }
        return list
    }

    mutating func readOptional<Wrapped>(
        _ field: String, _ readOne: (inout FrameReader) throws(MessageFault) -> Wrapped
    ) throws(MessageFault) -> Wrapped? {
        try readBool(field) ? try readOne(&self) : nil
    }

    func finish() throws(MessageFault) {
        guard rest.isEmpty else { throw .wrongLength }
    }
}

/// Cuts a stream of bytes into frames; holds at most one unfinished frame.
package struct FrameAccumulator: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0

    /// An accumulator without bytes.
    package init() {}

    /// Takes bytes in as they came.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        if start > 0, start >= buffer.count / 2 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// How many bytes are certainly missing to a whole frame; 0 when one is there.
    package var missingByteCount: Int {
        let count = buffer.count - start
        guard count >= 4 else { return 4 - count }
        let length = buffer[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
        return max(0, 4 + length - count)
    }

    /// The next whole frame without its length (type first), or nil until more bytes come.
    ///
    /// - Throws: `.frameTooLong` as soon as a length says so, `.wrongLength` for an empty frame.
    package mutating func next() throws(MessageFault) -> ArraySlice<UInt8>? {
        guard buffer.count - start >= 4 else { return nil }
        var count = 0
        for byte in buffer[start..<(start + 4)] { count = count << 8 | Int(byte) }
        guard count <= Wire.frameByteLimit else { throw .frameTooLong(byteCount: count) }
        guard count >= 1 else { throw .wrongLength }
        guard buffer.count - start >= 4 + count else { return nil }
        let frame = buffer[(start + 4)..<(start + 4 + count)]
        start += 4 + count
        return frame
    }
}
