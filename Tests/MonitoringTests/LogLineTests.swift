import Monitoring
import Testing

@Suite struct LogLineTests {
    private static func line(_ message: String, _ metadata: [String: String]) -> LogLine {
        LogLine(
            level: "notice", label: "uplink", message: message, metadata: metadata)
    }

    @Test(arguments: [
        ("trace", 7), ("debug", 7), ("info", 6), ("notice", 5), ("warning", 4), ("error", 3),
        ("critical", 2),
    ])
    func `each level has its priority of syslog`(level: String, priority: Int) {
        let line = LogLine(level: level, label: "", message: "m", metadata: [:])
        #expect(line.text(.text) == "<\(priority)>m")
    }

    @Test func `as text it is one line with the priority in front and a fixed order`() {
        #expect(
            Self.line("a\nb", ["why": "c\r\nd", "node": "m", "x": ""]).text(.text)
                == #"<5>a b node=m why="c d" x="""#)
    }

    @Test func `as text it drives no terminal`() {
        #expect(
            Self.line("a\u{1B}[2J", ["why": "b\u{9B}A"]).text(.text)
                == "<5>a\u{FFFD}[2J why=b\u{FFFD}A")
    }

    @Test func `as JSON it is one object, whatever is in it`() {
        let line = Self.line("a\"b\\\n\u{1}é", ["level": "forged", "why": "\t\r\u{1F}"])
        #expect(
            line.text(.json)
                == #"{"level":"notice","logger":"uplink","message":"a\"b\\\n\u0001é","#
                + #""why":"\t\r\u001f"}"#)
    }

    @Test func `as JSON it drives no terminal, and every control character can be read back`() {
        let line = Self.line("a\u{7F}\u{80}b", ["wh\u{9B}y": "\u{9F}\u{A0}~\u{1B}[2J"])
        #expect(
            line.text(.json)
                == #"{"level":"notice","logger":"uplink","message":"a\u007f\u0080b","#
                + #""wh\u009by":"\u009f"# + "\u{A0}~" + #"\u001b[2J"}"#)
    }
}
