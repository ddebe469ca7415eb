import ArgumentParser
import Foundation
import Monitoring

/// Where the subcommands write to.
///
/// What cannot be written to standard output ends the subcommand with status 1: with the reason on
/// standard error, or quietly where the reader wants no more, as `head` does.
enum Output {
    /// Text for people or pipes.
    static func write(_ text: String) throws(ExitCode) { try write(Array(text.utf8)) }

    /// Bytes for people or pipes.
    static func write(_ bytes: [UInt8]) throws(ExitCode) {
        do throws(WriteFault) {
            try StandardStream.output.write(bytes)
        } catch {
            if !error.isHangUp {
                complain(
                    """
                    forwarder: standard output cannot be written: \(error). What was to be \
                    printed is missing or ends early. Make room, or send it elsewhere.
                    """)
            }
            throw ExitCode(1)
        }
    }

    /// Text about what went wrong.
    static func complain(_ text: String) {
        StandardStream.error.tell("\(text.printableLines)\n")
    }

    /// JSON for programs: sorted keys, one value.
    static func writeJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(Array(try encoder.encode(value)) + Array("\n".utf8))
    }

    /// JSON for programs that read a line at a time.
    static func writeJSONLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try write(Array(try encoder.encode(value)) + Array("\n".utf8))
    }

    /// A time as people read it, in local time.
    static func time(_ seconds: Double?) -> String {
        guard let seconds else { return "-" }
        var clock = time_t(seconds)
        var parts = tm()
        localtime_r(&clock, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
