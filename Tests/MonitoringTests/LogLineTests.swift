import Monitoring
import Testing

@Suite struct LogLineTests {
    private static func line(_ message: String, _ metadata: [String: String]) -> LogLine {
        LogLine(
            level: "notice", priority: 5, label: "uplink", message: message, metadata: metadata)
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
}
