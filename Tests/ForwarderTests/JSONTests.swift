import Monitoring
import NIOCore
import Testing
import UplinkMessages

@testable import Forwarder

struct JSONTests {
    @Test func `a submission is the body that Icinga documents`() {
        let request = IcingaRequest.submission(.sample(1, output: "a \"b\" \\ \n\t\u{1}\u{0}é😀"))
        #expect(
            String(buffer: request.body)
                == #"{"service":"web1!disk","exit_status":0,"plugin_output":"a \"b\" \\ \n\t\u0001"#
                + "\u{FFFD}é😀"
                + #"","performance_data":["load=1;2;3","b=2"],"execution_start":1700000000.000001,"#
                + #""execution_end":1700000000.500001,"ttl":360,"check_source":"client"}"#
        )
        #expect(request.path == "/v1/actions/process-check-result")
    }

    @Test func `a command line goes along word by word, and none says nothing`() {
        var submission = Submission.sample(1)
        submission.command = ["/p", "-x", "***"]
        let body = String(buffer: IcingaRequest.submission(submission).body)
        #expect(body.contains(#","check_command":["/p","-x","***"],"#), "\(body)")
        let silent = String(buffer: IcingaRequest.submission(.sample(1)).body)
        #expect(!silent.contains("check_command"))
    }

    @Test func `a host is addressed as a host only`() {
        let body = String(buffer: IcingaRequest.submission(.sample(1, of: "web1")).body)
        #expect(body.hasPrefix(#"{"host":"web1","#) && !body.contains("service"))
    }

    @Test func `what is written reads back the same`() throws {
        let text = String(String.UnicodeScalarView((1...0x2FF).compactMap(Unicode.Scalar.init)))
        var writer = JSONWriter(capacity: 16)
        writer.member("text", text)
        writer.member("texts", ["", text])
        let json = try #require(JSONValue(writer.finished().readableBytesView))
        #expect(json["text"]?.text == text)
        #expect(json["texts"]?.elements == [.string(""), .string(text)])
    }

    @Test(arguments: [
        "", "{", "}", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "nul", "tru", "\"", "\"\\", "\"\\u12",
        "\"\\x\"", "1 2", "--1", "1e999", "\"\u{1}\"", "[1}",
        String(repeating: "[", count: 100_000),
    ])
    func `what is not JSON is nothing`(_ text: String) {
        #expect(JSONValue(Array(text.utf8)) == nil)
    }

    @Test func `escapes and halves of surrogates become characters`() {
        let text = #""\u0041\ud83d\ude00\/\b\f\n\r\t\"\\ \ud83d \ude00 \ud83d\u0041""#
        #expect(
            JSONValue(Array(text.utf8))
                == .string("A😀/\u{8}\u{C}\n\r\t\"\\ \u{FFFD} \u{FFFD} \u{FFFD}A")
        )
    }

    @Test func `a text of more values than any answer needs is refused`() {
        func list(_ count: Int) -> [UInt8] {
            Array("[0".utf8) + [[UInt8]](repeating: Array(",0".utf8), count: count - 1).joined()
                + Array("]".utf8)
        }
        #expect(JSONValue(list(JSONReader.valueLimit - 1)) != nil)
        #expect(JSONValue(list(JSONReader.valueLimit)) == nil)
    }

    @Test func `numbers are whole with and without a fraction`() {
        #expect(JSONValue(Array("200.0".utf8))?.wholeNumber == 200)
        #expect(JSONValue(Array("200".utf8))?.wholeNumber == 200)
        #expect(JSONValue(Array("200.5".utf8))?.wholeNumber == nil)
        #expect(JSONValue(Array("-1".utf8))?.wholeNumber == nil)
        #expect(JSONValue(Array("1e300".utf8))?.wholeNumber == nil)
    }

    @Test func `any change of one byte of an answer is survived`() {
        let bytes = Array(greetingBody.utf8)
        for place in bytes.indices {
            for byte in [0, 0x22, 0x5B, 0x5C, 0x7B, 0x7D, 0xFF] as [UInt8] {
                var changed = bytes
                changed[place] = byte
                let answer = HTTPAnswer(status: 200, body: ByteBuffer(bytes: changed))
                if case .answered(let greeting) = IcingaAnswer.probe(answer) {
                    #expect(greeting.version.utf8.count <= bytes.count * 3)
                }
            }
        }
    }
}
