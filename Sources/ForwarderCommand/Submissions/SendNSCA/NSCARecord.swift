import Monitoring

/// One check result as a caller of `send_nsca` writes it.
struct NSCARecord: Sendable, Hashable {
    var object: ObjectName
    /// A plugin's exit status, for a host 0 (UP) or 2 (DOWN).
    var exitStatus: Int32
    var output: [UInt8]
    /// When it was found out; nil for now.
    var time: Timestamp?
    /// What a host's status was before it was DOWN; nil when it was 0 or 1.
    var strangeHostStatus: Int?

    /// Reads `host d status d output` or `host d service d status d output`.
    ///
    /// Only the first three delimiters separate, so what has three is a service's. One newline at
    /// the end is none of the output.
    ///
    /// - Source: nsca-ng 1.6, send_nsca(8), "Input format".
    init(checkResult record: ArraySlice<UInt8>, delimiter: UInt8) throws(NSCARecordFault) {
        let text = record.last == UInt8(ascii: "\n") ? record.dropLast() : record
        let fields = text.split(
            separator: delimiter, maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count >= 3 else { throw .fields(fields.count) }
        try self.init(
            host: fields[0], service: fields.count == 4 ? fields[1] : nil,
            status: fields[fields.count - 2], output: Array(fields[fields.count - 1]))
    }

    /// A result with its object and status as text.
    init(
        host: ArraySlice<UInt8>, service: ArraySlice<UInt8>?, status: ArraySlice<UInt8>,
        output: [UInt8], time: Timestamp? = nil
    ) throws(NSCARecordFault) {
        guard let number = CInteger.field(status), let code = Int32(exactly: number) else {
            throw .status(Self.shown(status))
        }
        let name = service.map { host + [UInt8(ascii: "!")] + $0 } ?? host
        guard !host.contains(UInt8(ascii: "!")),
            let text = String(validating: name, as: UTF8.self),
            let object = ObjectName(fullName: text)
        else { throw .name(Self.shown(name)) }
        self.object = object
        self.output = output
        self.time = time
        guard service == nil else {
            exitStatus = code
            return
        }
        guard (0...3).contains(number) else { throw .hostStatus(number) }
        // What a plugin of a host that is DOWN exits with.
        exitStatus = number == 0 ? 0 : 2
        if number > 1 { strangeHostStatus = number }
    }

    /// True when what was read as one record looks like one on each line.
    static func looksLikeSeveral(_ record: ArraySlice<UInt8>, delimiter: UInt8) -> Bool {
        let lines = record.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        guard lines.count > 1 else { return false }
        return lines.allSatisfy { line in
            let fields = line.split(
                separator: delimiter, maxSplits: 3, omittingEmptySubsequences: false)
            return fields.count >= 3 && CInteger.field(fields[fields.count - 2]) != nil
        }
    }

    /// A field as a message shows it, cut.
    private static func shown(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(80), as: UTF8.self).printable
        return bytes.count > 80 ? text + "…" : text
    }
}

/// Why one record is no check result.
enum NSCARecordFault: Error, Hashable, CustomStringConvertible {
    case fields(Int)
    case name(String)
    case status(String)
    case hostStatus(Int)
    case noCommand
    case commandTime(String)
    case command(String)
    case commandFields(String)

    var description: String {
        switch self {
        case .fields(let count):
            """
            It has \(Words.counted(count, "field")) and needs three (host, status, output) or four \
            (host, service, status, output). Is the delimiter another one (-d)?
            """
        case .name(let name):
            """
            '\(name)' names no object: host and service are UTF-8 text without control \
            characters, neither is empty, a host has no '!', and all of it has \
            \(ObjectName.maximumByteCount) bytes at most.
            """
        case .status(let status): "Its status '\(status)' is no whole number."
        case .hostStatus(let status):
            "\(status) is no status of a host: 0 is UP, 1 to 3 are DOWN."
        case .noCommand: "There is no external command in it."
        case .commandTime(let time): "'[\(time)' is no time: write [seconds since 1970]."
        case .command(let name):
            """
            The command \(name) is not handed over: only PROCESS_HOST_CHECK_RESULT and \
            PROCESS_SERVICE_CHECK_RESULT are.
            """
        case .commandFields(let name): "The command \(name) has too few fields."
        }
    }
}
