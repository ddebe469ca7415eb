import Foundation
import Monitoring

/// Where the subcommands write to.
enum Output {
    /// Text for people or pipes.
    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    /// Text about what went wrong.
    static func complain(_ text: String) {
        FileHandle.standardError.write(Data("\(text.printableLines)\n".utf8))
    }

    /// JSON for programs: sorted keys, one value.
    static func writeJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(value)
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }

    /// JSON for programs that read a line at a time.
    static func writeJSONLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
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
