import Foundation
import Monitoring
import TestSupport
import Testing

@testable import ForwarderCommand

/// Calls as callers of NSCA 2.10 make them, through the real client and server and through ours:
/// the same results, or a difference that docs/submissions.md lists.
@Suite(
    .serialized, .timeLimit(.minutes(10)),
    .enabled(if: ClassicNSCA.isAvailable, Comment(rawValue: ClassicNSCA.absence)))
struct ClassicNSCATests {
    /// A call, and what comes of it.
    private struct Call {
        var words: [String] = []
        var input: String
        /// Where they differ: what the document calls it.
        var row: String?
        /// How the real one ends, and what it sends.
        var theirs: (status: Int32, results: [String]) = (0, [])
        /// Of ours; nil for the same.
        var ours: (status: Int32, results: [String])?

        init(
            _ words: [String], _ input: String, _ theirs: String..., status: Int32 = 0,
            row: String? = nil, ours: [String]? = nil, ourStatus: Int32 = 0
        ) {
            self.words = words
            self.input = input
            self.row = row
            self.theirs = (status, theirs)
            self.ours = ours.map { (ourStatus, $0) }
        }
    }

    private static let long = String(repeating: "x", count: 6000)

    private static let calls: [Call] = [
        Call([], "h\ts\t1\tsome load\n", "h!s 1 some load"),
        Call([], "h\t0\tup", "h 0 up"), Call([], "h\t2\tdown", "h 2 down"),
        Call([], "h\ts\t0\ta\tb\tc", "h!s 0 a\tb\tc"),
        Call([], "h\ts\t0\ta\nb\nc\n", "h!s 0 a\nb\nc"),
        Call([], "h\ts\t0\ta\\b\\n", #"h!s 0 a\b\n"#),
        Call([], "h\ts\t0\ta\u{17}h\tt\t1\tb\u{17}", "h!s 0 a", "h!t 1 b"),
        Call(["--quiet"], "h\ts\t0\ta", "h!s 0 a"),
        Call(["-to", "100", "--quiet"], "h\ts\t0\ta", "h!s 0 a"),
        Call(["--legacy-2-7-mode", "--quiet"], "", status: 2, row: "no record", ours: []),
        Call(["-d", ","], "h,s,0,a", "h!s 0 a"), Call(["-d", "44"], "h,s,0,a", "h!s 0 a"),
        Call(["-d", "0x2c"], "h,s,0,a", "h!s 0 a"), Call(["-d", "9"], "h9s909a", "h!s 0 a"),
        Call(["-ds", "0x0a"], "h\ts\t0\ta\nh\tt\t1\tb\n", "h!s 0 a", "h!t 1 b"),
        Call(["-ds", "10", "-d", "59"], "h;s;0;a\nh;t;1;b\n", "h!s 0 a", "h!t 1 b"),
        Call(["-ds", ";"], "h\ts\t0\ta;h\tt\t1\tb", "h!s 0 a", "h!t 1 b"),

        Call([], "", status: 2, row: "no record", ours: []),
        Call(
            [], "h\u{17}x\t1\u{17}h\t0\tup", "h 0 up", row: "one or two fields", ours: ["h 0 up"],
            ourStatus: 1),
        Call([], "h\t\t0\ta", "h 0 a", row: "an empty field", ours: [], ourStatus: 1),
        Call([], "\th\ts\t0\ta", "h!s 0 a", row: "an empty field", ours: [], ourStatus: 1),
        Call([], "h\ts\t0\t", "h 0 0", row: "no output", ours: ["h!s 0 "]),
        Call([], "h\ts\tOK\ta", "h!s 0 a", row: "a status in words", ours: [], ourStatus: 1),
        Call([], "h\ts\t2x\ta", "h!s 2 a", row: "a status in words", ours: [], ourStatus: 1),
        Call(
            [], "h\ts\t0\ta \t\r\n\n", "h!s 0 a", row: "blanks at the end", ours: ["h!s 0 a \t\r\n"]
        ),
        Call(
            [], "\(long.prefix(100))\t\(long.prefix(200))\t0\t\(long.prefix(4500))",
            "\(long.prefix(63))!\(long.prefix(127)) 0 \(long.prefix(4095))", row: "long fields",
            ours: ["\(long.prefix(100))!\(long.prefix(200)) 0 \(long.prefix(4500))"]),
        Call(
            [], "h\ts\t0\ta\u{17}h\ts\t0\t\(long)\u{17}h\ts\t0\tb", "h!s 0 a", status: 255,
            row: "more than 5 KiB", ours: ["h!s 0 a", "h!s 0 \(long)", "h!s 0 b"]),
        Call(
            ["-d", "::"], "h::s::0::a", "h!s 0 :a", row: "several characters", ours: [],
            ourStatus: 1),
        Call(
            ["-d", "|;"], "h|s;0|a;x", "h 0 a;x", row: "several characters", ours: [],
            ourStatus: 1),
        Call(["-d", #"\t"#], "h\ts\t0\ta", status: 2, row: #"-d '\t'"#, ours: ["h!s 0 a"]),
        Call(
            ["-ds", #"\n"#], "h\ts\t0\ta\nh\tt\t1\tb", "h!s 0 a\nh\tt\t1\tb", row: #"-ds '\n'"#,
            ours: ["h!s 0 a", "h!t 1 b"]),
        Call(["-V"], "h\ts\t0\ta", status: 3, row: "-h", ours: []),
        Call(["-to", "0"], "h\ts\t0\ta", status: 3, row: "-to 0", ours: ["h!s 0 a"]),
    ]

    private static func shown(_ object: ObjectName, _ status: Int32, _ output: [UInt8]) -> String {
        "\(object.fullName) \(status) \(String(decoding: output, as: UTF8.self))"
    }

    @Test func `calls of NSCA come to the same results, or differ as listed`() throws {
        let nsca = try ClassicNSCA()
        let program = try SubmissionProgram()
        let document = try String(
            contentsOf: BuiltProducts.repository.appendingPathComponent("docs/submissions.md"),
            encoding: .utf8)
        let rows = document.split(separator: "\n").filter { $0.hasPrefix("| ") }
        for call in Self.calls {
            let input = Data(call.input.utf8)
            let real = try nsca.real(call.words, input)
            let results = try nsca.commands().map { command in
                let record = try ExternalCommand.record(command[...])
                return Self.shown(record.object, record.exitStatus, record.output)
            }
            let name = "\(call.words) \(call.input.prefix(60))"
            #expect(real.ending == .exited(call.theirs.status), "\(name): \(real.errorText)")
            #expect(results == call.theirs.results, "\(name)")
            let ours = try program.send(["-c", nsca.clientConfiguration] + call.words, input)
            let expected = call.ours ?? call.theirs
            #expect(ours.ending == .exited(expected.status), "\(name): \(ours.errorText)")
            let dropped = try program.takeDropped().map {
                Self.shown($0.object, $0.exitStatus, $0.output)
            }
            #expect(dropped == expected.results, "\(name)")
            #expect((call.row == nil) == (call.ours == nil), "\(name)")
            if let row = call.row {
                #expect(rows.contains { $0.contains(row) }, "\(row) is not listed")
            }
        }
    }

    @Test func `the real one says how many on standard output, ours says nothing`() throws {
        let nsca = try ClassicNSCA()
        let input = "h\ts\t0\ta\u{17}h\tt\t0\tb"
        let real = try nsca.real([], Data(input.utf8))
        #expect(real.outputText == "2 data packet(s) sent to host successfully.\n")
        #expect(try nsca.real(["--quiet"], Data(input.utf8)).output.isEmpty)
        let ours = try SubmissionProgram().send([], input)
        #expect(ours.isSuccess && ours.output.isEmpty && ours.errorText.isEmpty)
    }
}
