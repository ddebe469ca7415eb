import Collector
import Monitoring

/// What one caller hands over at once: taken as a whole or in part, and each part once.
struct SubmissionBatch: Sendable, Hashable {
    /// One result of an object that is not checked here.
    struct Record: Sendable, Hashable {
        var object: ObjectName
        /// A plugin's exit status.
        var exitStatus: Int32
        /// What a plugin would print.
        var output: [UInt8]
        /// When it was submitted, by this host's clock; grows within a batch.
        var time: Timestamp
        /// When the plugin began that it is of; nil where none was run for it.
        var start: Timestamp?

        /// When it was found, as its submitter says.
        var execution: ExecutionSpan { ExecutionSpan(start: start ?? time, end: time) }
    }

    /// Tells it from every other batch of its submitter.
    var id: BatchID
    /// True when a daemon was asked to take it, and so may come to it another way than by its file:
    /// its id is kept when the file is gone.
    var daemonWasAsked = false
    var records: [Record]

    /// Most records of one batch.
    ///
    /// 1,000: a daemon takes it in some 50 ms, so others need not wait long for their turn.
    static let recordLimit = 1000
    /// Most bytes of all outputs of one batch, unless it is one record's.
    ///
    /// 1 MiB: base64 makes 1.4 MiB of it, below what a request may have.
    static let outputByteLimit = 1 << 20
    /// Most bytes of one record's output; the rest is cut, and the result says so.
    ///
    /// 1 MiB: sixteen times what is kept of an output, so that performance data at its end is still
    /// found.
    static let recordByteLimit = 1 << 20

    /// Cuts records into batches of the size that is taken, each with an id of its own.
    ///
    /// Records get increasing times that end with `now`, but for those that bring their own.
    static func batches(
        of results: [(object: ObjectName, exitStatus: Int32, output: [UInt8], time: Timestamp?)],
        now: Timestamp, random: inout some RandomNumberGenerator
    ) -> [SubmissionBatch] {
        var batches: [SubmissionBatch] = []
        var open = SubmissionBatch(id: BatchID(random: &random), records: [])
        var byteCount = 0
        let first = now.microseconds - Int64(results.count)
        for (index, result) in results.enumerated() {
            let output = Array(result.output.prefix(recordByteLimit))
            let isFull =
                open.records.count == recordLimit || byteCount + output.count > outputByteLimit
            if isFull, !open.records.isEmpty {
                batches.append(open)
                open = SubmissionBatch(id: BatchID(random: &random), records: [])
                byteCount = 0
            }
            let time = Timestamp(microseconds: first + Int64(index) + 1)
            open.records.append(
                Record(
                    object: result.object, exitStatus: result.exitStatus, output: output,
                    time: result.time ?? time))
            byteCount += output.count
        }
        return open.records.isEmpty ? batches : batches + [open]
    }
}

/// 128 random bits.
struct BatchID: Sendable, Hashable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(random: inout some RandomNumberGenerator) {
        self.init(high: random.next(), low: random.next())
    }

    /// Reads what ``description`` writes; nil for anything else.
    init?(_ text: some StringProtocol) {
        let digits = text.utf8
        guard digits.count == 32, digits.allSatisfy(Self.isDigit),
            let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    /// 32 hexadecimal digits in small letters.
    var description: String { Self.hex(high) + Self.hex(low) }

    static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
