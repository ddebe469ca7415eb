import Monitoring
import Testing

@testable import ForwarderCommand

/// Standard input of `send_nsca`, byte for byte.
@Suite struct NSCAInputTests {
    private static func read(_ input: String, _ words: String...) throws -> NSCAInput {
        try NSCAInput(Array(input.utf8), NSCAArguments(words.map { Array($0.utf8) }))
    }

    private static func shown(_ input: NSCAInput) -> [String] {
        input.records.map {
            "\($0.object) \($0.exitStatus) \(String(decoding: $0.output, as: UTF8.self))"
        }
    }

    @Test func `a record ends at ETB or at the end, not at a newline`() throws {
        let read = try Self.read("h\ts\t1\tone\ntwo\n\u{17}\r\n\nh\t0\tup\r\n\u{17}\u{17}\n\u{17}")
        #expect(Self.shown(read) == ["h!s 1 one\ntwo", "h 0 up\r"])
        #expect(read.numbers == [1, 2] && read.faults.isEmpty)
    }

    @Test func `a separator of one's own makes each line a record`() throws {
        let read = try Self.read("h;s;1;a\nh;t;2;b;c\n\nh;0;up", "-d", ";", "-e", "\\n")
        #expect(Self.shown(read) == ["h!s 1 a", "h!t 2 b;c", "h 0 up"])
        let etb = try Self.read("h;0;a\u{17}b", "-d", ";", "-e", "\\n")
        #expect(Self.shown(etb) == ["h 0 a\u{17}b"])
    }

    @Test func `three delimiters make a service's result, further ones are output`() throws {
        let read = try Self.read("h\ts\t0\ta\tb\t\tc\n")
        #expect(Self.shown(read) == ["h!s 0 a\tb\t\tc"])
        // A host's output with the delimiter in it reads as a service's.
        #expect(try Self.read("h\t0\ta\tb").faults.map(\.fault) == [.status("a")])
        #expect(Self.shown(try Self.read("h\ts\t0\t")) == ["h!s 0 "])
    }

    @Test func `only one newline at the end is none of the output`() throws {
        #expect(Self.shown(try Self.read("h\t0\tup\n\n")) == ["h 0 up\n"])
        #expect(Self.shown(try Self.read("h\t0\tC:\\new\\\n")) == ["h 0 C:\\new\\"])
    }

    @Test func `NUL ends a record`() throws {
        let read = try Self.read("h\t0\tup\0more\u{17}\0h\t0\tgone\u{17}h\t0\tnext")
        #expect(Self.shown(read) == ["h 0 up", "h 0 next"])
    }

    @Test func `output keeps its bytes, names must be text`() throws {
        let arguments = try NSCAArguments([])
        let raw = NSCAInput(Array("h\t0\t".utf8) + [0xFF, 0xC3, 0x80], arguments)
        #expect(raw.records.map(\.output) == [[0xFF, 0xC3, 0x80]])
        let name = NSCAInput([0xFF] + Array("h\t0\tup".utf8), arguments)
        #expect(name.records.isEmpty && name.faults.count == 1)
    }

    @Test func `one bad record costs no other and is told by its number`() throws {
        let read = try Self.read(
            "h\ts\t0\ta\u{17}nonsense\u{17}\th\t0\tx\u{17}h\t\t0\tx"
                + "\u{17}h\ts\tbad\tx\u{17}h\ts\t2\tb")
        #expect(Self.shown(read) == ["h!s 0 a", "h!s 2 b"])
        #expect(read.numbers == [1, 6])
        #expect(read.faults.map(\.number) == [2, 3, 4, 5])
        #expect(
            read.faults.map(\.fault) == [.fields(1), .name("!h"), .name("h!"), .status("bad")])
    }

    @Test(
        arguments: [
            ("0", 0), (" 2 ", 2), ("+1", 1), ("-1", -1), ("007", 7), ("255", 255),
        ] as [(String, Int32)])
    func `a status is a whole number`(text: String, status: Int32) throws {
        #expect(try Self.read("h\ts\t\(text)\tx").records.map(\.exitStatus) == [status])
    }

    @Test(arguments: ["", " ", "2x", "0x2", "1.0", "OK", "99999999999", "2 3"])
    func `other words are no status`(text: String) throws {
        #expect(try Self.read("h\ts\t\(text)\tx").faults.map(\.fault) == [.status(text)])
    }

    @Test func `a host is UP or DOWN, whatever says so`() throws {
        let read = try Self.read("a\t0\tx\u{17}b\t1\tx\u{17}c\t2\tx\u{17}d\t3\tx\u{17}e\t4\tx")
        #expect(read.records.map(\.exitStatus) == [0, 2, 2, 2])
        #expect(read.notices.count == 2)
        #expect(read.faults.map(\.fault) == [.hostStatus(4)])
    }

    @Test func `a host's name has no exclamation mark`() throws {
        #expect(try Self.read("h!s\t0\tx").faults.map(\.fault) == [.name("h!s")])
        #expect(try Self.read("h\ts!t\t0\tx").records.map(\.object.service) == ["s!t"])
    }

    @Test func `lines that all look like records are warned of, and taken as one`() throws {
        let several = try Self.read("h\ts\t0\ta\nh\tt\t1\tb\n")
        #expect(several.warnings.count == 1 && several.warnings[0].contains("-e '\\n'"))
        #expect(Self.shown(several) == ["h!s 0 a\nh\tt\t1\tb"])
        for one in ["h\ts\t0\ta\nlong output\n", "h\ts\t0\ta", "h\ts\t0\ta\nx\ty\tz\tw"] {
            #expect(try Self.read(one).warnings.isEmpty, "\(one)")
        }
    }

    @Test func `no bytes trap the reading`() throws {
        var random = SplitMix(seed: 7)
        let arguments = [
            try NSCAArguments([]), try NSCAArguments([Array("-C".utf8)]),
            try NSCAArguments(["-d;", "-e\\n"].map { Array($0.utf8) }),
        ]
        let alphabet = Array("h\ts;0123\n\r\\n\u{17}\0[]!PROCESS_HOST_CHECK_RESULT;".utf8) + [0xFF]
        for round in 0..<3000 {
            let length = Int.random(in: 0..<80, using: &random)
            let bytes = (0..<length).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            let read = NSCAInput(bytes, arguments[round % 3])
            #expect(read.records.count == read.numbers.count)
        }
    }
}

/// External commands, `send_nsca -C`.
@Suite struct ExternalCommandTests {
    private static func read(_ input: String) throws -> NSCAInput {
        try NSCAInput(Array(input.utf8), NSCAArguments([Array("-C".utf8)]))
    }

    @Test func `check results are taken, with a time or without`() throws {
        let read = try Self.read(
            """
            PROCESS_SERVICE_CHECK_RESULT;h;s;2;a;b\\nc\\\\d
            [1700000000] PROCESS_HOST_CHECK_RESULT;h;1;down

              [ 1700000001 ]PROCESS_HOST_CHECK_RESULT;h;0;

            """)
        #expect(read.faults.isEmpty)
        #expect(read.records.map(\.object.fullName) == ["h!s", "h", "h"])
        #expect(read.records.map(\.exitStatus) == [2, 2, 0])
        #expect(read.records[0].output == Array("a;b\nc\\d".utf8))
        #expect(
            read.records.map(\.time?.microseconds) == [
                nil, 1_700_000_000_000_000, 1_700_000_001_000_000,
            ])
    }

    @Test func `other commands are refused by name, each for itself`() throws {
        let read = try Self.read(
            """
            SHUTDOWN_PROGRAM
            ACKNOWLEDGE_HOST_PROBLEM;h;1;1;1;me;text
            PROCESS_SERVICE_CHECK_RESULT;h;s;2
            PROCESS_HOST_CHECK_RESULT
            [now] PROCESS_HOST_CHECK_RESULT;h;0;x
            [1700000000
            [99999999999999] PROCESS_HOST_CHECK_RESULT;h;0;x
            process_host_check_result;h;0;x
            [1]
            PROCESS_HOST_CHECK_RESULT;h;0;good
            """)
        #expect(read.numbers == [10])
        #expect(
            read.faults.map(\.fault) == [
                .command("SHUTDOWN_PROGRAM"), .command("ACKNOWLEDGE_HOST_PROBLEM"),
                .commandFields("PROCESS_SERVICE_CHECK_RESULT"),
                .commandFields("PROCESS_HOST_CHECK_RESULT"), .commandTime("now"),
                .commandTime("1700000000"), .commandTime("99999999999999"),
                .command("process_host_check_result"), .noCommand,
            ])
    }

    @Test func `a name that is too long is told as such`() throws {
        let limit = ObjectName.maximumByteCount
        let host = String(repeating: "h", count: limit + 1)
        let read = NSCAInput(Array("\(host)\t0\tx".utf8), try NSCAArguments([]))
        let fault = try #require(read.faults.first?.fault)
        #expect("\(fault)".contains("has \(limit) bytes at most"), "\(fault)")
    }

    @Test func `a report has a bound, and tells of what is beyond it`() {
        var report = NSCAReport()
        for number in 0..<(NSCAReport.limit + 7) { report.add(.error, "\(number)") }
        report.add(.notice, "other")
        report.add(.notice, nil)
        #expect(report.lines.count == NSCAReport.limit + 1)
        #expect(report.lines.last?.text == "other")
        let unsaid = report.unsaid.map { "\($0.level) \($0.text)" }
        #expect(unsaid == ["error 7 more lines like these."])
    }
}
