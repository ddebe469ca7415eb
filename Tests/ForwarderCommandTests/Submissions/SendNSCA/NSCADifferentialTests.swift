import Foundation
import Monitoring
import TestSupport
import Testing

@testable import ForwarderCommand

/// Generated calls through the real `send_nsca` and the real nsca-ng, and through ours: the same
/// results, or a difference that is listed here with its reason and in docs/submissions.md.
///
/// `FORWARDER_NSCA_CASES` makes it longer, `FORWARDER_NSCA_SEED` makes it another one.
@Suite(
    .serialized, .timeLimit(.minutes(60)),
    .enabled(if: PrivateNSCA.isAvailable, Comment(rawValue: PrivateNSCA.absence)))
struct NSCADifferentialTests {
    /// What is meant to differ.
    enum Difference: String, CaseIterable {
        /// Ours goes on behind a record without enough fields; the real one ends there.
        case goesOnBehindNoRecord
        /// Ours tells of a status that is no number, or none of a host; the real one passes it on,
        /// and Icinga drops it in silence.
        case tellsOfBadStatus
        /// Ours tells of what can name no object; the real one passes it on.
        case tellsOfBadName
        /// A `;` or a backslash in a name, which the line between nsca-ng and Icinga cannot carry.
        case carriesName
        /// An `n` that separates fields, and a newline, which the real one writes as `\n` first.
        case newlineIsNoDelimiter
        /// Other external commands are refused by name.
        case refusesCommand
        /// A time that is no number is told; the real one passes it on.
        case tellsOfBadTime
        /// A host as first word, `-ds`, `--quiet` and `--legacy-2-7-mode` are NSCA's.
        case takesNSCAOptions
    }

    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["FORWARDER_NSCA_CASES"].flatMap { Int($0) } ?? 520
    private static let seed = environment["FORWARDER_NSCA_SEED"].flatMap { UInt64($0) } ?? 1

    @Test func `generated calls come to the same results, or differ as listed`() throws {
        let bench = try Bench()
        var cases = NSCACases(seed: Self.seed)
        var seen: [Difference: Int] = [:]
        var recordCount = 0
        for number in 0..<Self.count {
            let call = cases.next(number)
            do {
                let (found, records) = try bench.compare(call)
                for difference in found { seen[difference, default: 0] += 1 }
                recordCount += records
            } catch {
                Issue.record("case \(number) of seed \(Self.seed): \(call): \(error)")
            }
        }
        print("send_nsca: \(Self.count) calls, \(recordCount) equal records; \(seen)")
        #expect(recordCount > Self.count / 2)
        for difference in Difference.allCases {
            #expect(seen[difference, default: 0] > 0, "\(difference) never came")
        }
    }

    @Test func `the server's own bound of a command ends a call there, and is none here`() throws {
        let nsca = try PrivateNSCA(largestCommand: nil)
        let long = String(repeating: "x", count: 20_000)
        let input = Data("h\t0\ta\u{17}h\t0\t\(long)\u{17}h\t0\tb".utf8)
        let real = try nsca.real([], input)
        #expect(real.ending == .exited(1), "\(real.errorText)")
        #expect(try nsca.commands().count == 1)
        let program = try SubmissionProgram()
        #expect(try program.send([], input).isSuccess)
        #expect(try program.dropped().map(\.output.count) == [1, 20_000, 1])
    }

    @Test func `the real one sends each record as it comes, ours when all are there`() throws {
        let nsca = try PrivateNSCA()
        let program = try SubmissionProgram()
        // the second record comes once the test has seen what became of the first
        let gate = program.folder.path("gate")
        let slow = """
            { printf 'h\\t0\\ta\\027'; while [ ! -e "$1" ]; do sleep 0.1; done; sleep 1
            ls "$0" >&2; printf 'h\\t0\\tb'; }
            """
        let words = ["-c", "\(slow) | { shift; \"$@\"; }", program.folder.path("drop"), gate]
        let client = try #require(Command.find("send_nsca"))
        let real = try ChildProcess("sh", words + [client, "-c", nsca.clientConfiguration])
        try eventually("the first one is there") { try nsca.commands().count == 1 }
        #expect(real.poll() == nil)
        try program.folder.write("", to: "gate")
        #expect(try real.wait() == .exited(0))
        #expect(try nsca.commands().count == 1)
        let ours = try Command.run(
            "sh", words + [program.folder.path("send_nsca")], environment: program.environment)
        #expect(ours.isSuccess && ours.errorText == "", "it dropped \(ours.errorText)")
        #expect(try program.dropped().count == 2)
    }

    /// Both programs side by side.
    private struct Bench {
        let nsca: PrivateNSCA
        let program: SubmissionProgram

        init() throws {
            nsca = try PrivateNSCA()
            program = try SubmissionProgram()
        }

        /// What differs as listed, and how many records are equal.
        func compare(_ call: NSCACases.Call) throws -> ([Difference], Int) {
            let real = try nsca.real(call.arguments, call.input)
            let commands = try nsca.commands()
            let (ending, records) = try ours(call)
            // lost on purpose: a call that cannot be read sends nothing
            guard
                let arguments = try? NSCAArguments(call.arguments.map { Array($0.utf8) })
            else {
                try require(ending == .exited(1) && records.isEmpty, "ours went on")
                try require(!real.isSuccess && commands.isEmpty, "the real one went on")
                return ([], 0)
            }
            let read = NSCAInput(Array(call.input), arguments)
            try require(records == read.records.map(Brief.init), "the program read otherwise")
            try require(ending == .exited(read.faults.isEmpty ? 0 : 1), "ours ended \(ending)")
            if !call.isForBoth {
                try require(!real.isSuccess && commands.isEmpty, "the real one knows it")
                return ([.takesNSCAOptions], 0)
            }
            return try compare(read, with: commands, real, Array(call.input), arguments)
        }

        private func compare(
            _ read: NSCAInput, with commands: [[UInt8]], _ real: Command.Outcome,
            _ input: [UInt8], _ arguments: NSCAArguments
        ) throws -> ([Difference], Int) {
            let separator = arguments.takesCommands ? 10 : arguments.separator
            let chunks = NSCAFraming.records(input, separator: separator)
            var differences: [Difference] = []
            var equalCount = 0
            for (index, chunk) in chunks.enumerated() {
                let fault = read.faults.first { $0.number == index + 1 }?.fault
                if case .fields = fault {
                    try require(commands.count == index && !real.isSuccess, "it went on")
                    return (differences + [.goesOnBehindNoRecord], equalCount)
                }
                try require(index < commands.count, "the real one sent \(commands.count)")
                let theirs = Result { try ExternalCommand.record(commands[index][...]) }
                let mine = read.numbers.firstIndex(of: index + 1).map { read.records[$0] }
                if let mine, let other = try? theirs.get(), Brief(mine) == Brief(other) {
                    equalCount += 1
                } else {
                    let reason = Self.reason(mine, fault, chunk, arguments)
                    try require(reason != nil, "\(String(describing: mine)) or \(theirs)")
                    differences += reason.map { [$0] } ?? []
                }
            }
            try require(commands.count == chunks.count && real.isSuccess, "\(real.errorText)")
            return (differences, equalCount)
        }

        /// Why a record may differ; nil where it may not.
        private static func reason(
            _ mine: NSCARecord?, _ fault: NSCARecordFault?, _ chunk: ArraySlice<UInt8>,
            _ arguments: NSCAArguments
        ) -> Difference? {
            if !arguments.takesCommands, arguments.delimiter == UInt8(ascii: "n"),
                chunk.dropLast().contains(10)
            {
                return .newlineIsNoDelimiter
            }
            if let mine {
                let isHard = mine.object.fullName.utf8.contains { $0 == 0x3B || $0 == 0x5C }
                return isHard ? .carriesName : nil
            }
            switch fault {
            case .status, .hostStatus: return .tellsOfBadStatus
            case .name: return .tellsOfBadName
            case .command, .commandFields, .noCommand: return .refusesCommand
            case .commandTime: return .tellsOfBadTime
            case .fields, nil: return nil
            }
        }

        /// How ours ended, and what it dropped, in order.
        private func ours(
            _ call: NSCACases.Call
        ) throws -> (TestSupport.ChildProcess.Ending, [Brief]) {
            let outcome = try program.send(
                ["-c", nsca.clientConfiguration] + call.arguments, call.input)
            let records = try program.takeDropped().map(Brief.init)
            return (outcome.ending, records)
        }

        private func require(_ claim: Bool, _ text: String) throws {
            if !claim { throw SupportFault(text) }
        }
    }

    /// What is compared of a record.
    private struct Brief: Equatable {
        var object: ObjectName
        var exitStatus: Int32
        var output: [UInt8]

        init(_ record: NSCARecord) {
            (object, exitStatus, output) = (record.object, record.exitStatus, record.output)
        }

        init(_ record: SubmissionBatch.Record) {
            (object, exitStatus, output) = (record.object, record.exitStatus, record.output)
        }
    }
}
