import Monitoring
import Testing

@Suite struct PluginOutputTests {
    struct Sample: Sendable {
        var printed: String
        var text: String
        var data: [String] = []
    }

    private func parse(_ printed: String, _ ending: PluginEnding = .exited(0)) -> PluginOutput {
        PluginOutput(bytes: Array(printed.utf8), ending: ending)
    }

    /// Text and data as a running Icinga 2.13.6 stored them.
    @Test(arguments: [
        Sample(printed: "OK - fine|a=1\n", text: "OK - fine", data: ["a=1"]),
        Sample(
            printed: "one\ntwo | b=2\nthree|nothing here\nfour|c=3 d=4\n|e=5\n",
            text: "one\ntwo \nthree|nothing here\nfour\n",
            data: ["b=2", "c=3", "d=4", "e=5"]
        ),
        Sample(printed: "x\r\ny|a=1\r\nz", text: "x\n\ny\n\nz", data: ["a=1"]),
        Sample(printed: "\n\n  lead\n\nmid\n\n", text: "lead\n\nmid"),
        Sample(printed: "a|b|c=1", text: "a", data: ["b|c=1"]),
        Sample(printed: "a=1|b c", text: "a=1|b c"),
        Sample(printed: "", text: ""),
        Sample(printed: "  a  |  b=1  \n  c  \n", text: "a  \n  c", data: ["b=1"]),
        Sample(printed: "text\n|a=1", text: "text\n", data: ["a=1"]),
        Sample(printed: "|a=1\ntext", text: "text", data: ["a=1"]),
        Sample(printed: "text|", text: "text|"),
        Sample(printed: "a | b=1 | c=2\n", text: "a ", data: ["b=1", "'| c'=2"]),
        Sample(printed: "\tx\t|a=1\t", text: "x\t", data: ["a=1"]),
    ])
    func `each line is cut at its first pipe with an equals sign after it`(sample: Sample) {
        let output = parse(sample.printed)
        #expect(output.text == sample.text)
        #expect(output.performanceData == sample.data)
    }

    /// Pieces as a running Icinga 2.13.6 stored them.
    @Test(arguments: [
        Sample(printed: "a=1 b=2", text: "", data: ["a=1", "b=2"]),
        Sample(printed: "'a b'=1;2;3 c=4", text: "", data: ["'a b'=1;2;3", "c=4"]),
        Sample(printed: "a=1;;;; 'x=y'=2", text: "", data: ["a=1;;;;", "'x=y'=2"]),
        Sample(
            printed: "foo::bar=1 baz=2 qux::q=3 z=4",
            text: "",
            data: ["foo::bar=1", "foo::baz=2", "qux::q=3", "qux::z=4"]
        ),
        Sample(printed: "'a::b c'=1 d=2", text: "", data: ["'a::b c'=1", "a::d=2"]),
        Sample(printed: "x::y::z=1 w=2", text: "", data: ["x::y::z=1", "x::y::w=2"]),
        Sample(printed: "::a=1 b=2", text: "", data: ["::a=1", "b=2"]),
        Sample(printed: "a::=1 b=2", text: "", data: ["a::=1", "a::b=2"]),
        Sample(printed: "a b=1", text: "", data: ["'a b'=1"]),
        Sample(printed: "'it''s'=3", text: "", data: ["it''s=3"]),
        Sample(printed: "a=1\tb=2", text: "", data: ["a=1\tb=2"]),
        Sample(printed: "'unterminated=1 b=2", text: "", data: ["'unterminated=1", "b=2"]),
        Sample(printed: "a=1,2 b", text: "", data: ["a=1,2"]),
        Sample(printed: "a=b=c d=e", text: "", data: ["a=b=c", "d=e"]),
        Sample(printed: "a= 5 b=6", text: "", data: ["a=", "'5 b'=6"]),
        Sample(printed: "a='1 2' b=3", text: "", data: ["a='1", "'2' b'=3"]),
        Sample(printed: "''=1 b=2", text: "", data: ["''=1", "b=2"]),
        Sample(printed: "=1", text: "", data: ["=1"]),
    ])
    func `performance data is split at labels`(sample: Sample) {
        #expect(parse("|" + sample.printed).performanceData == sample.data)
    }

    @Test func `blanks before a label count for nothing`() {
        #expect(parse("x|  a=1   b=2").performanceData == ["a=1", "b=2"])
    }

    @Test(arguments: [
        (PluginEnding.exited(4), Int32(4), "said|x\n<Terminated with exit code 4 (0x4).>"),
        (.exited(255), 255, "said|x\n<Terminated with exit code 255 (0xff).>"),
        (.killed(signal: 9), 128, "said|x\n<Terminated by signal 9 (Killed).>"),
        (.killed(signal: 64), 128, "said|x\n<Terminated by signal 64 (Signal 64).>"),
        (.timedOut, 128, "said|x\n<Timeout exceeded.>"),
        (.notStarted("no such plugin"), 128, "said|x\nno such plugin"),
    ])
    func `an unusual ending is UNKNOWN and says so`(
        ending: PluginEnding,
        status: Int32,
        text: String
    ) {
        let output = parse("said|x\n", ending)
        #expect(output.exitStatus == status)
        #expect(output.state == .unknown)
        #expect(output.text == text)
    }

    @Test(arguments: [(Int32(0), ServiceState.ok), (1, .warning), (2, .critical), (3, .unknown)])
    func `a usual exit status adds nothing`(status: Int32, state: ServiceState) {
        let output = parse("fine", .exited(status))
        #expect(output.state == state)
        #expect(output.text == "fine")
    }

    @Test(arguments: [
        (Int32(-1), ServiceState.unknown), (7, .unknown), (300, .unknown), (2, .critical),
    ])
    func `a check without a process says nothing of its status`(
        status: Int32, state: ServiceState
    ) {
        let output = PluginOutput(bytes: Array("said|a=1".utf8), saidWith: status)
        #expect(output.exitStatus == status)
        #expect(output.state == state)
        #expect(output.text == "said")
        #expect(output.performanceData == ["a=1"])
    }

    @Test func `wrong bytes and NULs become visible replacements`() {
        let output = PluginOutput(
            bytes: [0x62, 0xFF, 0xFE, 0x00, 0x7C, 0x61, 0x00, 0x3D, 0x31, 0xC3],
            ending: .exited(0)
        )
        #expect(output.text == "b\u{FFFD}\u{FFFD}\u{FFFD}")
        #expect(output.performanceData == ["a\u{FFFD}=1\u{FFFD}"])
    }

    @Test func `a long text is cut at a whole character and says so`() {
        let output = parse(String(repeating: "é", count: 70_000) + "|a=1")
        #expect(output.text.hasSuffix("é\n<Output cut at 65536 bytes.>"))
        #expect(output.performanceData == ["a=1"])
        #expect(output.byteCount <= CheckResult.outputByteLimit)
        #expect(output.byteCount > CheckResult.outputByteLimit - 8)
    }

    @Test func `long performance data leaves the text its half`() {
        let text = String(repeating: "t", count: 20_000)
        let data = (0..<9000).map { "label\($0)=\($0)" }.joined(separator: " ")
        let output = parse("\(text)|\(data)")
        #expect(output.text == "\(text)\n<Output cut at 65536 bytes.>")
        #expect(output.performanceData.count > 1000)
        #expect(output.performanceData.first == "label0=0")
        #expect(output.byteCount <= CheckResult.outputByteLimit)
    }

    @Test func `a value that may have lost digits is dropped`() {
        let cut = PluginOutput(
            bytes: Array("x|a=1 b=12".utf8),
            discardedByteCount: 1,
            ending: .exited(0)
        )
        #expect(cut.performanceData == ["a=1"])
        #expect(cut.text == "x\n<Output cut at 65536 bytes.>")
        let whole = PluginOutput(
            bytes: Array("x|a=1 b=12\n".utf8),
            discardedByteCount: 1,
            ending: .exited(0)
        )
        #expect(whole.performanceData == ["a=1", "b=12"])
    }

    @Test func `a long prefix that every label inherits stays within the limit`() {
        let prefix = String(repeating: "p", count: 32_000)
        let labels = String(repeating: "a=1 ", count: 8000)
        let output = parse("x|\(prefix)::first=1 \(labels)")
        #expect(output.byteCount <= CheckResult.outputByteLimit)
        #expect(output.text == "x\n<Output cut at 65536 bytes.>")
    }

    @Test func `more pieces than the limit are cut`() {
        let output = parse("x|" + String(repeating: "=1 ", count: PluginOutput.pieceLimit + 1))
        #expect(output.performanceData.count == PluginOutput.pieceLimit)
        #expect(output.text == "x\n<Output cut at 65536 bytes.>")
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `no bytes break the promises`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("|=':; \n\r\t\0aé".utf8) + [0xFF, 0xC3, 0xE2, 0xF0]
        for _ in 0..<100 {
            let length = Int.random(in: 0...(seed % 8 == 0 ? 70_000 : 200), using: &random)
            let bytes = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let discarded = Bool.random(using: &random) ? 0 : 1
            let output = PluginOutput(
                bytes: bytes,
                discardedByteCount: discarded,
                ending: .exited(7)
            )
            #expect(output.byteCount <= CheckResult.outputByteLimit)
            #expect(output.performanceData.count <= PluginOutput.pieceLimit)
            #expect(!output.text.utf8.contains(0))
            #expect(output.performanceData.allSatisfy { $0.contains("=") && !$0.utf8.contains(0) })
            #expect(output.text.contains("<Terminated with exit code 7 (0x7).>"))
            #expect(
                output.text.hasSuffix("<Output cut at 65536 bytes.>") == (discarded > 0)
                    || length > 10_000
            )
            if seed % 8 == 0 { break }
        }
    }
}

extension PluginOutput {
    fileprivate var byteCount: Int {
        text.utf8.count + performanceData.reduce(0) { $0 + $1.utf8.count }
    }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
