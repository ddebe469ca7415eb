import Monitoring

/// Standard input of `send_nsca`, read: what can be handed over, and what is wrong with the rest.
struct NSCAInput: Sendable {
    private(set) var records: [NSCARecord] = []
    /// For each of them, the how-manieth of the input it is, from 1.
    private(set) var numbers: [Int] = []
    private(set) var faults: [(number: Int, fault: NSCARecordFault)] = []
    /// What looks like a mistake of the caller.
    private(set) var warnings: [String] = []
    /// What was read otherwise than it stands there.
    private(set) var notices: [String] = []

    init(_ input: [UInt8], _ arguments: NSCAArguments) {
        let separator = arguments.takesCommands ? UInt8(ascii: "\n") : arguments.separator
        for (index, chunk) in NSCAFraming.records(input, separator: separator).enumerated() {
            take(chunk, index + 1, arguments)
        }
    }

    private mutating func take(
        _ chunk: ArraySlice<UInt8>, _ number: Int, _ arguments: NSCAArguments
    ) {
        do throws(NSCARecordFault) {
            let record =
                arguments.takesCommands
                ? try ExternalCommand.record(chunk)
                : try NSCARecord(checkResult: chunk, delimiter: arguments.delimiter)
            records.append(record)
            numbers.append(number)
            if let status = record.strangeHostStatus {
                notices.append(
                    "Record \(number): status \(status) of the host \(record.object) is DOWN.")
            }
            if record.output.count > SubmissionBatch.recordByteLimit {
                warnings.append(
                    """
                    Record \(number): its output of \(record.output.count) bytes is cut at \
                    \(SubmissionBatch.recordByteLimit).
                    """)
            }
        } catch {
            faults.append((number, error))
        }
        if !arguments.takesCommands, warnings.count < Self.warningLimit,
            NSCARecord.looksLikeSeveral(chunk, delimiter: arguments.delimiter)
        {
            warnings.append(
                """
                Record \(number) has several lines, each of which looks like a record; it is \
                taken as one, with all of them in its output. For one record on each line: -e '\\n'
                """)
        }
    }

    /// Most warnings about what looks like several records.
    private static let warningLimit = 10
}
