import Monitoring
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing
import UplinkMessages

@testable import Forwarder

/// The pipelining client over bytes, with the loop's time in the test's hand.
struct PipelinedClientTests {
    private final class Owner: PipelinedClientOwner {
        var roomCount = 0
        var ends: [LinkFailure?] = []
        func clientHasRoom(_ client: PipelinedClient) { roomCount += 1 }
        func clientEnded(_ client: PipelinedClient, _ failure: LinkFailure?) {
            ends.append(failure)
        }
    }

    private final class Line {
        let channel = EmbeddedChannel()
        let owner = Owner()
        let client: PipelinedClient
        var ends: [String] = []

        init(window: Int = 8, isEstablished: Bool = true) throws {
            client = PipelinedClient(
                peer: "icinga1",
                limits: .init(window: window, answerTimeout: .seconds(30)),
                time: FixedTime(),
                owner: owner,
                on: channel.eventLoop
            )
            try channel.pipeline.syncOperations.addHandlers([
                HTTPRequestEncoder(),
                ByteToMessageHandler(
                    HTTPResponseDecoder(
                        informationalResponseStrategy: .forward,
                        limitConfiguration: AnswerReader.headLimits
                    )
                ),
                client,
            ])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            if isEstablished {
                channel.pipeline.fireUserInboundEventTriggered(TLSHandler.Event.established)
            }
        }

        /// Sends a request whose end is noted under its name.
        func send(_ name: String, limit: Int = 1_000) {
            let request = HTTPRequest(
                method: .post,
                path: "/x",
                body: ByteBuffer(string: name),
                answerByteLimit: limit
            )
            client.send(
                HTTPExchange(request: request) { [self] report in
                    switch report.end {
                    case .answered(let answer):
                        ends.append("\(name) \(answer.status) \(String(buffer: answer.body))")
                    case .lost(let failure): ends.append("\(name) lost \(failure.fault)")
                    case .notSent: ends.append("\(name) not sent")
                    }
                }
            )
            client.flush()
        }

        func receive(_ text: String) throws {
            try channel.writeInbound(ByteBuffer(string: text))
        }

        func written() throws -> String {
            var text = ""
            while let part = try channel.readOutbound(as: IOData.self) {
                if case .byteBuffer(let bytes) = part { text += String(buffer: bytes) }
            }
            return text
        }
    }

    private struct FixedTime: TimeSource {
        var wall: Timestamp { Timestamp(microseconds: 1) }
        var monotonic: Duration { .zero }
    }

    private static let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    private static let counted = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nxyz"

    @Test func `a request is one POST with its length and the agreed headers`() throws {
        let line = try Line()
        line.send("{}")
        let text = try line.written()
        #expect(
            text == "POST /x HTTP/1.1\r\nHost: icinga1\r\nAccept: application/json\r\n"
                + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        )
        line.client.reset(because: LinkFailure(.closed, ""))
    }

    @Test func `answers cut at any byte are read the same`() throws {
        let both = Self.chunked + Self.counted
        for cut in 1..<both.utf8.count {
            let line = try Line()
            line.send("a")
            line.send("b")
            let bytes = Array(both.utf8)
            try line.receive(String(decoding: bytes[..<cut], as: UTF8.self))
            try line.receive(String(decoding: bytes[cut...], as: UTF8.self))
            #expect(line.ends == ["a 200 abcde", "b 404 xyz"])
            #expect(line.client.room == 8)
        }
    }

    @Test func `answers that come byte by byte are read the same`() throws {
        let line = try Line()
        line.send("a")
        line.send("b")
        for byte in (Self.chunked + Self.counted).utf8 {
            try line.channel.writeInbound(ByteBuffer(bytes: [byte]))
        }
        #expect(line.ends == ["a 200 abcde", "b 404 xyz"])
    }

    @Test func `room is what the window leaves, and none before the handshake or after the end`()
        throws
    {
        #expect(try Line(isEstablished: false).client.room == 0)
        let line = try Line(window: 2)
        line.send("a")
        #expect(line.client.room == 1)
        line.send("b")
        #expect(line.client.room == 0)
        try line.receive(Self.counted)
        #expect(line.client.room == 1 && line.owner.roomCount == 1)
        line.client.reset(because: LinkFailure(.closed, ""))
        #expect(line.client.room == 0)
        #expect(line.ends == ["a 404 xyz", "b lost closed"])
    }

    static let hostile: [(String, String)] = [
        ("garbage", "SSH-2.0-OpenSSH_9.2\r\n"),
        ("an informational answer", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("switching protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
        ("an answer without a length", "HTTP/1.1 200 OK\r\n\r\n{}"),
        ("status 999", "HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n"),
        ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        ("a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        ("a length over the limit", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"),
        (
            "a length over every integer",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"
        ),
        (
            "chunks over the limit",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n"
                + String(repeating: "x", count: 0x400) + "\r\n"
        ),
        ("a broken chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        ("a huge header", "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 20_000)),
        (
            "many headers",
            "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 100) + "\r\n"
        ),
    ]

    @Test(arguments: hostile)
    func `what is not as agreed ends the connection and loses what was in flight`(
        _ what: String,
        _ text: String
    ) throws {
        let line = try Line()
        line.send("a")
        line.send("b")
        // Lost on purpose: the decoder's error also leaves through the channel's end.
        try? line.receive(text)
        #expect(line.ends == ["a lost protocolViolation", "b lost protocolViolation"], "\(what)")
        #expect(!line.channel.isActive)
    }

    @Test func `an answer that nobody asked for ends the connection`() throws {
        let line = try Line()
        try? line.receive(Self.counted)  // lost on purpose: see above
        #expect(line.owner.ends.first??.fault == .protocolViolation)
        #expect(!line.channel.isActive)
    }

    @Test func `what stands behind a closing answer is lost`() throws {
        let line = try Line()
        line.send("a")
        line.send("b")
        try line.receive("HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
        #expect(line.ends == ["a 401 no", "b lost closed"])
        #expect(line.owner.ends.first??.fault == .closed)
    }

    @Test func `a closing answer with nothing behind it is a quiet end`() throws {
        let line = try Line()
        line.send("a")
        try line.receive("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        #expect(line.ends == ["a 200 "])
        #expect(line.owner.ends.count == 1 && line.owner.ends[0] == nil)
    }

    @Test func `the head of the line has its full time, whatever came before`() throws {
        let line = try Line()
        line.send("a")
        line.channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        line.send("b")
        try line.receive(Self.counted)
        line.channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(line.ends == ["a 404 xyz"])
        line.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(line.ends == ["a 404 xyz", "b lost timedOut"])
        #expect(!line.channel.isActive)
    }

    @Test func `an idle connection is closed before the master would`() throws {
        let line = try Line()
        line.channel.embeddedEventLoop.advanceTime(by: .seconds(8))
        line.send("a")
        try line.receive(Self.counted)
        line.channel.embeddedEventLoop.advanceTime(by: .milliseconds(8_999))
        #expect(line.channel.isActive)
        line.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!line.channel.isActive)
        #expect(line.owner.ends.count == 1 && line.owner.ends[0] == nil)
    }

    @Test func `idleness counts from the last answer, however long that took`() throws {
        let line = try Line()
        line.channel.embeddedEventLoop.advanceTime(by: .seconds(8))
        line.send("a")
        line.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        try line.receive(Self.counted)
        line.channel.embeddedEventLoop.advanceTime(by: .milliseconds(8_999))
        #expect(line.channel.isActive)
        line.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!line.channel.isActive)
    }

    @Test func `the master closing an idle connection is a quiet end`() throws {
        let line = try Line()
        line.channel.pipeline.fireErrorCaught(LinkFailure(.closed, "no goodbye"))
        #expect(line.owner.ends.count == 1 && line.owner.ends[0] == nil)
    }

    @Test func `the same end with a request in flight loses it`() throws {
        let line = try Line()
        line.send("a")
        line.channel.pipeline.fireErrorCaught(LinkFailure(.closed, "no goodbye"))
        #expect(line.ends == ["a lost closed"])
        #expect(line.owner.ends.first??.fault == .closed)
    }

    @Test func `a name that cannot stand in a header stays out of it`() {
        #expect(PipelinedClient.host(for: "icinga-1.example.com") == "icinga-1.example.com")
        #expect(PipelinedClient.host(for: "a\r\nX: y") == "icinga2")
        #expect(PipelinedClient.host(for: "") == "icinga2")
    }
}
