internal import Monitoring
internal import NIOCore

/// Writes one JSON object, member by member, into a buffer.
///
/// - Source: RFC 8259 section 7 (escapes). NUL becomes U+FFFD: Icinga and the databases behind it
///   end strings there.
struct JSONWriter {
    private(set) var buffer: ByteBuffer
    private var isFirst = true

    init(capacity: Int) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
        buffer.writeInteger(UInt8(ascii: "{"))
    }

    mutating func member(_ name: StaticString, _ value: String) {
        begin(name)
        quote(value)
    }

    mutating func member(_ name: StaticString, _ value: some FixedWidthInteger) {
        begin(name)
        buffer.writeString(String(value))
    }

    /// Seconds since the epoch with six decimals.
    mutating func member(_ name: StaticString, _ value: Timestamp) {
        begin(name)
        buffer.writeString(value.decimalSeconds)
    }

    mutating func member(_ name: StaticString, _ values: some Sequence<String>) {
        begin(name)
        buffer.writeInteger(UInt8(ascii: "["))
        var isFirst = true
        for value in values {
            if !isFirst { buffer.writeInteger(UInt8(ascii: ",")) }
            isFirst = false
            quote(value)
        }
        buffer.writeInteger(UInt8(ascii: "]"))
    }

    /// The object, closed.
    consuming func finished() -> ByteBuffer {
        buffer.writeInteger(UInt8(ascii: "}"))
        return buffer
    }

    private mutating func begin(_ name: StaticString) {
        if !isFirst { buffer.writeInteger(UInt8(ascii: ",")) }
        isFirst = false
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeInteger(UInt8(ascii: ":"))
    }

    private mutating func quote(_ text: String) {
        buffer.writeInteger(UInt8(ascii: "\""))
        if text.utf8.contains(where: Self.needsEscape) {
            for byte in text.utf8 { escape(byte) }
        } else {
            buffer.writeString(text)
        }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x22 || byte == 0x5C
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x00: buffer.writeStaticString("\u{FFFD}")
        case 0x09: buffer.writeStaticString("\\t")
        case 0x0A: buffer.writeStaticString("\\n")
        case 0x0D: buffer.writeStaticString("\\r")
        case 0x22: buffer.writeStaticString("\\\"")
        case 0x5C: buffer.writeStaticString("\\\\")
        case 0x01..<0x20:
            buffer.writeStaticString(byte < 0x10 ? "\\u000" : "\\u001")
            buffer.writeString(String(byte & 0x0F, radix: 16))
        default: buffer.writeInteger(byte)
        }
    }
}
