import Foundation
import Monitoring
import Spool
import TestSupport
import Testing

@testable import ForwarderCommand

/// Whatever somebody writes into the control socket, the daemon goes on and answers the next one.
@Suite(.timeLimit(.minutes(10))) struct ControlFuzzTests {
    private static let requests: [ControlRequest] = [
        .status, .flush, .objects, .queue(.check), .queue(.rows(QueueFilter(), after: nil)),
        .queue(.change(.drop, QueueFilter(), after: nil)), .recheck(object: "web1!disk"),
        .pause(object: "web1!é", reason: "why", seconds: 3600), .resume(object: "web1"),
        .submit(batch: Data("FWBATCH1\u{0}|a=1".utf8)),
    ]

    private static func lines(_ seed: UInt64) throws -> [[UInt8]] {
        var random = SplitMix(seed: seed)
        var lines: [[UInt8]] = []
        for request in requests {
            let line = try ControlWire.line(request)
            lines.append(line)
            for _ in 0..<12 { lines.append(changed(line, &random)) }
        }
        for length in [0, 1, 100, ControlWire.requestLimit, ControlWire.requestLimit + 1, 20_000] {
            lines.append((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
            lines.append(Array(repeating: UInt8(ascii: "["), count: length) + [10])
        }
        // who comes after all that is answered
        lines.append(try ControlWire.line(ControlRequest.status))
        return lines
    }

    private static func changed(_ line: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var line = line
        for _ in 0...Int.random(in: 0...3, using: &random) {
            let place = Int.random(in: 0..<max(1, line.count), using: &random)
            guard place < line.count else { break }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: line[place] = UInt8.random(in: 0...255, using: &random)
            case 1: line.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 2: line.remove(at: place)
            default: line.removeSubrange(place...)
            }
        }
        return line
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `what is written changes nothing for who asks next`(_ seed: UInt64) async throws {
        let folder = try TemporaryDirectory("fuzz")
        let path = folder.path("s")
        let server = try ControlFixture.server(path: path)
        server.start()
        let lines = try Self.lines(seed)
        // Its reading blocks.
        Thread {
            do {
                for line in lines { try Self.write(line, to: path) }
            } catch {
                Issue.record("\(error)")
            }
            server.stop()
        }.start()
        var answered = 0
        for await (request, connection) in server.requests {
            answered += 1
            // what was understood can be said again
            let isWhole = (try? ControlWire.line(request)) != nil
            connection.reply(.refused(reason: "\(isWhole)"))
        }
        #expect(answered > Self.requests.count)
    }

    /// Writes a line, says that no more comes, and reads what is answered to its end.
    private static func write(_ line: [UInt8], to path: String) throws {
        let socket = try #require(try ControlSocket.connect(path: path))
        ControlSocket.setPatience(ControlFixture.patience, of: socket)
        // lost on purpose: it may hang up in the middle
        _ = socket.writeAll(line)
        shutdown(socket.number, Int32(SHUT_WR))
        var answer: [UInt8] = []
        while true {
            let bytes = socket.readSome()
            if bytes.isEmpty { break }
            answer += bytes
        }
        for line in answer.split(separator: 10) {
            let reply = try JSONDecoder().decode(ControlReply.self, from: Data(line))
            guard case .refused = reply else { throw ControlFault(description: "\(reply)") }
        }
    }
}
