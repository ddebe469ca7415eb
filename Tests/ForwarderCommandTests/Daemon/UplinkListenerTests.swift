import Foundation
import Logging
import Monitoring
import Synchronization
import TestSupport
import Testing
import UplinkMessages

@testable import ForwarderCommand

/// Uplinks that the daemon did not start, and strangers in their place.
@Suite(.timeLimit(.minutes(10))) struct UplinkListenerTests {
    private let folder: TemporaryDirectory
    private var path: String { folder.path("uplink.sock") }

    init() throws {
        folder = try TemporaryDirectory("listener")
        // Another user has to get to the socket.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o711], ofItemAtPath: folder.path)
    }

    private func listener(_ user: uid_t, _ lines: LogLines = LogLines()) throws -> UplinkListener {
        try UplinkListener(path: path, user: user, log: lines.logger)
    }

    @Test func `the one user's connection is handed over`() async throws {
        let listener = try listener(geteuid())
        defer { listener.stop() }
        let mine = try #require(try ControlSocket.connect(path: path))
        let theirs = try #require(await listener.next())
        #expect(theirs.writeAll([7]))
        #expect(Array(mine.readSome()) == [7])
        async let waiting = listener.next()
        let second = try #require(try ControlSocket.connect(path: path))
        #expect(await waiting != nil, "one that comes while it is waited for")
        withExtendedLifetime(second) {}
    }

    @Test func `everybody else is hung up on, and named once`() async throws {
        let lines = LogLines()
        let listener = try listener(geteuid() + 1, lines)
        defer { listener.stop() }
        for _ in 0..<3 {
            let stranger = try #require(try ControlSocket.connect(path: path))
            // Whoever is kept would wait: that is another answer than the end.
            ControlSocket.setPatience(ControlFixture.patience, of: stranger)
            var byte: UInt8 = 0
            #expect(read(stranger.number, &byte, 1) == 0, "hung up on, without a word")
        }
        #expect(lines.all == ["a stranger at the uplink's socket was turned away"])
        let kept = await withTaskGroup(of: Descriptor?.self) { group in
            group.addTask { await listener.next() }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(kept == nil, "none was kept")
    }

    @Test func `the newest of several that wait is served`() async throws {
        let listener = try listener(geteuid())
        defer { listener.stop() }
        var old = try ControlSocket.connect(path: path)
        let new = try #require(try ControlSocket.connect(path: path))
        #expect(old?.readSome().isEmpty == true, "its place was taken")
        old = nil
        let served = try #require(await listener.next())
        #expect(served.writeAll([1]))
        #expect(Array(new.readSome()) == [1])
    }

    @Test func `the built uplink waits for the daemon, is served, and ends when hung up on`()
        async throws
    {
        let user = geteuid() == 0 ? try #require(getpwnam("nobody")).pointee.pw_uid : geteuid()
        let prefix =
            geteuid() == 0
            ? ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"] : []
        let uplink = try TestSupport.ChildProcess(
            "env", prefix + [try BuiltProducts.uplink, "--connect", path])
        try eventually("it waits for the daemon") { uplink.errorText.contains("waiting for") }
        let listener = try listener(user)
        defer { listener.stop() }
        let child = UplinkChild(connected: try #require(await listener.next()), masters: [])
        child.send([.settings(UplinkSettings(nodes: []))])
        var first: UplinkMessage?
        for await batch in child.messages {
            first = batch.first
            break
        }
        guard case .ready = first else {
            Issue.record("\(String(describing: first)) \(uplink.errorText)")
            return
        }
        child.kill()
        for await _ in child.messages {}
        #expect(child.endingText.contains("the connection to it ended"))
        #expect(try uplink.wait() == .exited(0))
    }

    @Test func `a socket needs a user who may come to it`() {
        let errors = ConfigurationFixture.errors(
            in: ConfigurationFixture.master("m") + #"object Uplink "u" { socket = "/s" }"#)
        #expect(errors.contains { $0.contains("nobody could come") }, "\(errors)")
        let program = UplinkProgram(path: "/p", user: "no-such-user-here", socketPath: "/s")
        #expect {
            try program.listening(log: Logger(label: "test"))
        } throws: { "\($0)".contains("no user no-such-user-here") }
    }
}

/// What is logged at warning and above, or from another level on.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    private let level: Logger.Level

    init(from level: Logger.Level = .warning) { self.level = level }

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(lines: self, logLevel: self.level) }
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var logLevel: Logger.Level
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.message)") }
        }
    }
}
