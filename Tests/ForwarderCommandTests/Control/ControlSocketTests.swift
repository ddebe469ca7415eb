import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ForwarderCommand

/// Who is found at the control socket's place, and what is done about it.
@Suite struct ControlSocketTests {
    private let folder: TemporaryDirectory
    private var path: String { folder.path("s") }

    init() throws { folder = try TemporaryDirectory("control") }

    private var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// A socket that nobody listens on any more; not even a child that was forked a moment ago and
    /// still has the descriptor.
    private func abandon() throws {
        let listener = try ControlSocket.listen(path: path)
        shutdown(listener.number, Int32(SHUT_RDWR))
    }

    @Test func `a regular file in the socket's place is left alone`() throws {
        try folder.write("precious", to: "s")
        #expect {
            try ControlSocket.removeAbandoned(path: path)
        } throws: { "\($0)".contains("is no socket") && "\($0)".contains(path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test func `a link to a socket is left alone too`() throws {
        let listener = try ControlSocket.listen(path: folder.path("other"))
        try FileManager.default.createSymbolicLink(
            atPath: path, withDestinationPath: folder.path("other"))
        #expect(throws: ControlFault.self) { try ControlSocket.removeAbandoned(path: path) }
        #expect(exists)
        withExtendedLifetime(listener) {}
    }

    @Test func `a socket that nobody listens on is removed`() throws {
        try abandon()
        #expect(exists)
        try ControlSocket.removeAbandoned(path: path)
        #expect(!exists)
        try ControlSocket.removeAbandoned(path: path)
    }

    @Test func `a socket that somebody listens on stays`() throws {
        let listener = try ControlSocket.listen(path: path)
        #expect {
            try ControlSocket.removeAbandoned(path: path)
        } throws: { "\($0)".contains("Another daemon listens") }
        #expect(exists)
        withExtendedLifetime(listener) {}
    }

    @Test func `a socket is its user's from its first moment on`() throws {
        let made = try ControlSocket.makePrivate(path: path)
        var found = stat()
        #expect(lstat(path, &found) == 0 && found.st_mode == S_IFSOCK | 0o600)
        withExtendedLifetime(made) {}
    }

    private func isThere(_ path: String) throws -> Bool {
        if try ControlClient(path: path) != nil { true } else { false }
    }

    @Test func `where nobody listens there is no daemon`() throws {
        #expect(try !isThere(path))
        #expect(try !isThere(folder.path("no/such/folder")))
        try abandon()
        #expect(try !isThere(path))
    }

    @Test func `a daemon that takes no more connections is told as busy or hung`() throws {
        let listener = try ControlSocket.listen(path: path)
        let short = timeval(tv_sec: 0, tv_usec: 20_000)
        var waiting: [ControlClient] = []
        #expect {
            while let client = try ControlClient(path: path, patience: short) {
                waiting.append(client)
            }
        } throws: { "\($0)".contains("takes no more connections") }
        #expect(!waiting.isEmpty)
        withExtendedLifetime(listener) {}
    }

    @Test(.timeLimit(.minutes(10)))
    func `a daemon that hangs is not waited for without end`() throws {
        let listener = try ControlSocket.listen(path: path)
        let short = timeval(tv_sec: 0, tv_usec: 20_000)
        let client = try #require(try ControlClient(path: path, patience: short))
        #expect {
            try client.ask(.status) { _ in Issue.record("nobody answers") }
        } throws: { "\($0)".contains("did not answer") }
        #expect(ControlClient.patience.tv_sec == 15)
        withExtendedLifetime(listener) {}
    }

    @Test(.timeLimit(.minutes(10)))
    func `who stalls while asking hears that nobody took it, not that it was refused`() throws {
        let server = try ControlServer(
            path: path, patience: timeval(tv_sec: 1, tv_usec: 0), log: Logger(label: "test"))
        server.start()
        defer { server.stop() }
        let asker = try #require(try ControlSocket.connect(path: path))
        // lost on purpose: where it comes so late that nobody reads it any more, that is told too
        _ = asker.writeAll(Array(#"{"submit":{"batch":"#.utf8))
        let line = Data(asker.readSome().prefix { $0 != UInt8(ascii: "\n") })
        guard case .busy(let reason) = try JSONDecoder().decode(ControlReply.self, from: line)
        else {
            Issue.record("\(String(decoding: line, as: UTF8.self))")
            return
        }
        #expect(reason.contains("did not come within 1 s"))
    }

    @Test(.timeLimit(.minutes(10))) func `a daemon that takes its time says so until it is done`()
        async throws
    {
        let server = try ControlFixture.server(path: path)
        server.start()
        defer { server.stop() }
        let (heard, ear) = AsyncStream.makeStream(of: String.self)
        // Its reading blocks; the tests around it may leave the daemon's side no turn for long.
        Thread { [path] in
            do {
                let client = try ControlClient(path: path, patience: ControlFixture.patience)
                try client?.ask(.queue(.check)) {
                    ear.yield("\($0)")
                }
            } catch {
                ear.yield("\(error)")
            }
            ear.finish()
        }.start()
        var requests = server.requests.makeAsyncIterator()
        let (_, connection) = try #require(await requests.next())
        let said = Mutex<[String]>([])
        await ControlAnswers.telling(connection, every: .milliseconds(20)) {
            for await reply in heard {
                said.withLock { $0.append(reply) }
                if said.withLock({ $0.count == 3 }) { break }
            }
            connection.reply(.queue(.contradictions([])))
        }
        #expect(said.withLock { $0 } == ["working", "working", "working"])
        #expect(ControlAnswers.workingInterval * 2 < .seconds(ControlClient.patience.tv_sec))
    }

    @Test(.timeLimit(.minutes(10)))
    func `an asker that went away is known to be gone`() async throws {
        let server = try ControlFixture.server(path: path)
        server.start()
        defer { server.stop() }
        var asker = try ControlSocket.connect(path: path)
        #expect(asker?.writeAll(try ControlWire.line(ControlRequest.flush)) == true)
        var requests = server.requests.makeAsyncIterator()
        let (_, connection) = try #require(await requests.next())
        #expect(connection.isOpen)
        asker = nil
        let progress = FlushProgress(total: 1, done: 0)
        while connection.isOpen {
            connection.reply(.progress(progress))
            await Task.yield()
        }
        #expect(asker == nil)
    }
}
