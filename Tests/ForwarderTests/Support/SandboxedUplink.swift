import Foundation
import Monitoring
import TestSupport
import Testing
import UplinkMessages

/// The built `forwarder-uplink` with the daemon's end of its descriptor in the test's hand, and
/// maybe an attacker inside (Tests/CUplinkProbe).
final class SandboxedUplink {
    /// How a process ended.
    enum Ending: Hashable { case exited(Int32), killed(signal: Int32) }

    /// What the attacker's attempt came to.
    struct Attempt: Hashable {
        /// 0 not run, 1 begun and not ended, 2 done, 3 no such attempt.
        var state: Int32
        var result: Int32
        var error: Int32
    }

    let pid: pid_t
    private let descriptor: Int32
    private let folder: TemporaryDirectory
    private var frames = FrameAccumulator()
    private var ending: Ending?

    /// Starts it with the client's keys.
    ///
    /// - Parameter probe: what the attacker does; see CUplinkProbe.h. Nil: there is none.
    init(_ certificates: Certificates, probe: [String: String]? = nil) throws {
        folder = try TemporaryDirectory("sandboxed")
        try folder.write(String(repeating: "\0", count: 12), to: "control")
        var environment = ["PATH": "/usr/bin:/bin"]
        if let probe {
            environment.merge(probe) { $1 }
            environment["LD_PRELOAD"] = try BuiltProducts.uplinkProbe
            environment["UPLINK_PROBE_CONTROL"] = folder.path("control")
        }
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        descriptor = ends[0]
        defer { close(ends[1]) }
        pid = try Self.start(
            [
                try BuiltProducts.uplink, "--log-level", "info", "--identity", "client",
                certificates.path("client.crt"), certificates.path("client.key"),
                certificates.path("ca.crt"),
            ],
            environment: environment.map { "\($0.key)=\($0.value)" },
            daemon: ends[1],
            log: folder.path("log")
        )
    }

    deinit {
        close(descriptor)
        guard ending == nil else { return }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    /// What it logged so far.
    var log: String {
        get throws { try String(contentsOfFile: folder.path("log"), encoding: .utf8) }
    }

    /// What the attacker's attempt came to so far.
    var attempt: Attempt {
        get throws {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("control")))
            return bytes.withUnsafeBytes {
                let words = $0.bindMemory(to: Int32.self)
                return Attempt(state: words[0], result: words[1], error: words[2])
            }
        }
    }

    func send(_ message: DaemonMessage) {
        let frame = message.frame
        #expect(Glibc.send(descriptor, frame, frame.count, Int32(MSG_NOSIGNAL)) == frame.count)
    }

    /// The next message; nil once it hung up.
    func receive() throws -> UplinkMessage? {
        while true {
            if let frame = try frames.next() { return try UplinkMessage(frame: frame) }
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&poller, 1, 180_000) == 1 else { throw SessionUnderTest.Silent() }
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { return nil }
            frames.append(bytes[..<count])
        }
    }

    /// Gives it one node on loopback, and returns what it says of its sandbox; nil when it ended
    /// instead.
    func begin(port: UInt16) throws -> SandboxReport? {
        let node = NodeSettings(
            name: "icinga1", identity: "client", addresses: ["127.0.0.1"], port: port,
            connections: 1)
        send(.settings(UplinkSettings(nodes: [node])))
        guard let first = try receive() else { return nil }
        guard case .ready(let report) = first else { throw SessionUnderTest.Silent() }
        return report
    }

    /// Hangs up, or waits for it to end by itself; says how it ended.
    func finish() throws -> Ending {
        shutdown(descriptor, Int32(SHUT_WR))
        while try receive() != nil {}
        var status: Int32 = 0
        try #require(waitpid(pid, &status, 0) == pid)
        let signal = status & 0x7F
        let how = signal == 0 ? Ending.exited((status >> 8) & 0xFF) : .killed(signal: signal)
        ending = how
        return how
    }

    /// A line of its /proc status, such as `Seccomp`.
    func kernelWord(_ key: String) throws -> String {
        let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(key):") }
        return line?.split(separator: "\t").last.map(String.init) ?? ""
    }

    private static func start(
        _ words: [String],
        environment: [String],
        daemon: Int32,
        log: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Twice, so that the copy is no longer close-on-exec even if it was descriptor 3 already.
        posix_spawn_file_actions_adddup2(&actions, daemon, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 3)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        try ChildProcess.closeOthers(from: 4, &actions)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for one in arguments + variables { free(one) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, words[0], &actions, nil, &arguments, &variables)
        guard status == 0 else {
            throw SupportFault("cannot run \(words[0]): \(String(cString: strerror(status)))")
        }
        return pid
    }
}
