import Monitoring
import NIOCore
import Testing
import UplinkMessages

@testable import Forwarder

/// The table of docs/protocol.md.
struct IcingaAnswerTests {
    private func verdict(_ status: UInt, _ body: String) -> IcingaAnswer.Verdict {
        IcingaAnswer.submission(HTTPAnswer(status: status, body: ByteBuffer(string: body)))
    }

    static let table: [(UInt, String, SubmissionOutcome)] = [
        (200, #"{"results":[{"code":200.0,"status":"Successfully processed check"}]}"#, .processed),
        (200, #"{"results":[{"code":200,"status":"Successfully processed check"}]}"#, .processed),
        (200, #"{"results":[{"code":200,"status":"Ignoring passive check result"}]}"#, .ignored),
        (200, #"{"results":[{"code":200,"status":"Something new"}]}"#, .effectUnverified),
        (200, #"{"results":[]}"#, .effectUnverified),
        (200, #"{"results":[{"code":200,"status":"S"},{"code":200}]}"#, .effectUnverified),
        (200, "{}", .effectUnverified),
        (200, "", .effectUnverified),
        (200, "<html>", .effectUnverified),
        (200, #"{"results":[{"code":-1,"status":"Successfully processed"}]}"#, .effectUnverified),
        (200, #"{"results":[{"code":1e99,"status":"Successfully processed"}]}"#, .effectUnverified),
        (500, #"{"results":[{"code":200,"status":"Successfully processed"}]}"#, .effectUnverified),
        (400, #"{"results":[{"code":400.0,"status":"Invalid 'exit_status'"}]}"#, .rejected),
        (400, #"{"error":400,"status":"Invalid request body"}"#, .effectUnverified),
        (400, #"{"error":400,"status":"Bad Request: partial message"}"#, .effectUnverified),
        (400, "<h1>Bad Request</h1>", .effectUnverified),
        (401, #"{"error":401.0,"status":"Unauthorized."}"#, .unauthorized),
        (403, #"{"results":[{"code":403,"status":"Passive checks are"}]}"#, .passiveChecksDisabled),
        (403, #"{"error":403,"status":"Missing permission: actions/x"}"#, .permissionMissing),
        (404, #"{"error":404.0,"status":"No objects found."}"#, .objectUnknown),
        (409, #"{"results":[{"code":409,"status":"Newer check result"}]}"#, .discardedAsOlder),
        (500, #"{"results":[{"code":500,"status":"Action execution failed"}]}"#, .effectUnverified),
        (500, #"{"results":[]}"#, .effectUnverified),
        (503, #"{"results":[{"code":503,"status":"inactive"}]}"#, .unavailable),
        (503, #"{"error":503,"status":"Shutting down."}"#, .unavailable),
        (502, "Bad Gateway", .effectUnverified),
        (302, "", .effectUnverified),
    ]

    @Test(arguments: table)
    func `an answer means what the table says`(
        _ status: UInt,
        _ body: String,
        _ outcome: SubmissionOutcome
    ) {
        #expect(verdict(status, body).outcome == outcome)
    }

    @Test func `the master's words are passed on`() {
        #expect(
            verdict(404, #"{"error":404,"status":"No objects found."}"#).text == "No objects found."
        )
    }

    @Test func `a greeting is read, and what is none is named`() {
        func probe(_ status: UInt, _ body: String) -> ProbeAnswer {
            IcingaAnswer.probe(HTTPAnswer(status: status, body: ByteBuffer(string: body)))
        }
        #expect(
            probe(200, greetingBody)
                == .answered(MasterGreeting(version: "r2.13.6-1", permissions: ["a", "b"]))
        )
        for (status, body, fault): (UInt, String, LinkFault) in [
            (200, "{}", .protocolViolation), (401, "", .unauthorized), (503, "", .unavailable),
            (404, "", .protocolViolation),
        ] {
            guard case .failed(fault, _) = probe(status, body) else {
                Issue.record("\(status) was taken for something else")
                continue
            }
        }
    }

    @Test func `a read-back that a reloading master refuses has failed for now`() {
        let body = ByteBuffer(string: #"{"error":503.0,"status":"Icinga is reloading."}"#)
        guard
            case .failed(.unavailable, let text) = IcingaAnswer.readBack(
                HTTPAnswer(status: 503, body: body),
                of: []
            )
        else {
            Issue.record("taken for something else")
            return
        }
        #expect(text.contains("Icinga is reloading."))
    }

    @Test func `a read-back tells of what was asked for and of nothing else`() throws {
        let name = try #require(ObjectName(fullName: "web1!disk"))
        let pending = try #require(ObjectName(fullName: "web1!new"))
        let body = """
            {"results":[
            {"attrs":{"last_check":1795253469.542195,"last_check_result":
              {"output":"x","execution_start":1700000000.000001}},"name":"web1!disk"},
            {"attrs":{"last_check":-1,"last_check_result":null},"name":"web1!new"},
            {"attrs":{"last_check":1,"last_check_result":null},"name":"web1!disk"},
            {"attrs":{"last_check":1,"last_check_result":null},"name":"web2!other"}]}
            """
        let answer = IcingaAnswer.readBack(
            HTTPAnswer(status: 200, body: ByteBuffer(string: body)),
            of: [name, pending]
        )
        #expect(
            answer
                == .readings([
                    ObjectReading(
                        object: name,
                        executionStart: Timestamp(microseconds: 1_700_000_000_000_001),
                        lastCheck: Timestamp(microseconds: 1_795_253_469_542_195)
                    ),
                    ObjectReading(object: pending, executionStart: nil, lastCheck: nil),
                ])
        )
    }

    @Test func `of two halves of a read-back the worse one counts`() {
        let good = ReadBackAnswer.readings([])
        let failed = ReadBackAnswer.failed(.closed, text: "")
        let unknown = ReadBackAnswer.objectUnknown
        #expect(IcingaAnswer.joined(good, .objectUnknown) == .objectUnknown)
        #expect(IcingaAnswer.joined(unknown, .permissionMissing) == .permissionMissing)
        #expect(IcingaAnswer.joined(.permissionMissing, failed) == failed)
        #expect(IcingaAnswer.joined(good, good) == good)
    }
}
