import Monitoring

/// An external command as `send_nsca -C` takes it: `[time] NAME;field;…`, the time optional.
///
/// - Source: Icinga 2 documentation, "External Commands List"; nsca-ng 1.6, send_nsca(8), "-C".
enum ExternalCommand {
    /// The check result that one line hands over.
    ///
    /// In the output `\n` is a newline and `\\` a backslash, as in what send_nsca itself makes of a
    /// result. Further semicolons belong to the output.
    static func record(_ line: ArraySlice<UInt8>) throws(NSCARecordFault) -> NSCARecord {
        var rest = line.drop(while: isBlank)
        let time = try takeTime(&rest)
        let name = rest.prefix { $0 != UInt8(ascii: ";") }
        guard !name.isEmpty else { throw .noCommand }
        let text = String(decoding: name.prefix(80), as: UTF8.self).printable
        let isHost: Bool
        switch text {
        case "PROCESS_HOST_CHECK_RESULT": isHost = true
        case "PROCESS_SERVICE_CHECK_RESULT": isHost = false
        default: throw .command(text)
        }
        let count = isHost ? 3 : 4
        let fields = rest[name.endIndex...].dropFirst().split(
            separator: UInt8(ascii: ";"), maxSplits: count - 1, omittingEmptySubsequences: false)
        guard fields.count == count else { throw .commandFields(text) }
        return try NSCARecord(
            host: fields[0], service: isHost ? nil : fields[1], status: fields[count - 2],
            output: unescaped(fields[count - 1]), time: time)
    }

    /// Takes `[seconds] ` from the front; nil when there is none.
    private static func takeTime(
        _ rest: inout ArraySlice<UInt8>
    ) throws(NSCARecordFault) -> Timestamp? {
        guard rest.first == UInt8(ascii: "[") else { return nil }
        let digits = rest.dropFirst().prefix { $0 != UInt8(ascii: "]") }
        guard digits.endIndex < rest.endIndex, let seconds = CInteger.field(digits),
            (0...longestTime).contains(seconds)
        else { throw .commandTime(String(decoding: digits.prefix(40), as: UTF8.self).printable) }
        rest = rest[(digits.endIndex + 1)...].drop(while: isBlank)
        return Timestamp(microseconds: Int64(seconds) * 1_000_000)
    }

    /// The year 9999, so that sums stay small.
    private static let longestTime = 253_402_300_799

    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var rest = text
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        while let byte = rest.popFirst() {
            switch (byte, rest.first) {
            case (UInt8(ascii: "\\"), UInt8(ascii: "n")):
                rest = rest.dropFirst()
                output.append(UInt8(ascii: "\n"))
            case (UInt8(ascii: "\\"), UInt8(ascii: "\\")):
                rest = rest.dropFirst()
                output.append(byte)
            default: output.append(byte)
            }
        }
        return output
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
