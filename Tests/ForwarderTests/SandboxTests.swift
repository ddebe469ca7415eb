import Foundation
import Monitoring
import TestSupport
import Testing
import UplinkMessages

/// An uplink that an attacker owns: what it tries after its sandbox is closed, and what the same
/// attempt comes to before.
///
/// Where the kernel lacks a layer, a test that needs it says so and claims less.
@Suite(.serialized) struct SandboxTests {
    /// What must come of an attempt in the sandbox.
    enum Fate { case ended, refused }

    /// One thing an attacker tries.
    struct Trial: Sendable, CustomTestStringConvertible {
        var name: String
        var fate: Fate
        /// Whether it works without the sandbox for whoever runs the tests, as far as sure.
        var worksOutside = true
        /// Below the test's own folder, or from the root.
        var path = "file"

        var testDescription: String { "\(name) \(path)" }
    }

    static let trials: [Trial] = [
        // programs and processes
        Trial(name: "execve", fate: .ended), Trial(name: "execveat", fate: .ended),
        Trial(name: "fork", fate: .ended), Trial(name: "clone", fate: .ended),
        Trial(name: "clone3", fate: .refused), Trial(name: "posix_spawn", fate: .ended),
        Trial(name: "thread", fate: .ended),
        // other processes
        Trial(name: "ptrace", fate: .ended, worksOutside: false),
        Trial(name: "process_vm_readv", fate: .ended, worksOutside: false),
        Trial(name: "kill", fate: .refused), Trial(name: "tgkill", fate: .refused),
        Trial(name: "pidfd", fate: .refused),
        // files: secrets, its own key, what everybody may read, what belongs to its own user
        Trial(name: "open", fate: .refused, worksOutside: false, path: "/etc/shadow"),
        Trial(name: "open", fate: .refused, path: "/etc/passwd"),
        Trial(name: "open", fate: .refused, path: "spool.db"),
        Trial(name: "open", fate: .refused, path: "client.key"),
        Trial(name: "open", fate: .refused, path: "/proc/self/mem"),
        Trial(name: "open_write", fate: .refused),
        Trial(name: "create", fate: .refused, path: "new"),
        Trial(name: "openat2", fate: .refused), Trial(name: "stat", fate: .refused),
        Trial(name: "folder", fate: .refused), Trial(name: "readlink", fate: .refused),
        Trial(name: "mkdir", fate: .refused, path: "new"),
        Trial(name: "symlink", fate: .refused, path: "new"), Trial(name: "unlink", fate: .refused),
        Trial(name: "rename", fate: .refused), Trial(name: "chmod", fate: .refused),
        Trial(name: "truncate", fate: .refused), Trial(name: "chdir", fate: .refused),
        Trial(name: "memfd", fate: .refused), Trial(name: "ioctl", fate: .refused),
        // sockets: the control socket, and every other kind than a TCP client's
        Trial(name: "unix", fate: .refused, path: "control.sock"),
        Trial(name: "socketpair", fate: .refused), Trial(name: "udp", fate: .refused),
        Trial(name: "udp6", fate: .refused, worksOutside: false),
        Trial(name: "raw", fate: .refused, worksOutside: false),
        Trial(name: "netlink", fate: .refused),
        Trial(name: "mptcp", fate: .refused, worksOutside: false),
        Trial(name: "packet", fate: .refused, worksOutside: false),
        Trial(name: "fastopen", fate: .refused), Trial(name: "bind", fate: .refused),
        Trial(name: "listen", fate: .refused), Trial(name: "sendmsg", fate: .refused),
        // memory and itself
        Trial(name: "executable_memory", fate: .refused),
        Trial(name: "make_executable", fate: .refused),
        Trial(name: "setuid", fate: .ended), Trial(name: "dumpable", fate: .refused),
        Trial(name: "setrlimit", fate: .refused), Trial(name: "setown", fate: .refused),
        Trial(name: "pipe", fate: .refused),
        // doors to more of the kernel
        Trial(name: "unshare", fate: .ended, worksOutside: false),
        Trial(name: "keyctl", fate: .ended, worksOutside: false),
        Trial(name: "io_uring", fate: .ended, worksOutside: false),
        Trial(name: "bpf", fate: .ended, worksOutside: false),
    ]

    /// Through the 32-bit door and through x32, on the architecture that has them.
    static let otherDoors: [Trial] = [
        Trial(name: "32bit", fate: .ended, worksOutside: false),
        Trial(name: "x32", fate: .ended, worksOutside: false),
    ]

    let certificates: Certificates
    let folder: TemporaryDirectory
    /// The port of the settings, and one that is not in them; both answer.
    let master: ScriptedMaster
    let stranger: ScriptedMaster

    init() throws {
        certificates = try Certificates.shared.get()
        folder = try TemporaryDirectory("sandbox")
        for name in ["file", "spool.db", "client.key"] { try folder.write("x", to: name) }
        master = try ScriptedMaster(certificates.material("icinga1")) { _, _ in
            .bytes(icingaAnswer("200 OK", processedBody))
        }
        stranger = try ScriptedMaster(nil) { _, _ in .silence }
    }

    private func probe(_ trial: Trial, _ more: [String: String] = [:]) -> [String: String] {
        let path = trial.path.hasPrefix("/") ? trial.path : folder.path(trial.path)
        let all = [
            "UPLINK_PROBE": trial.name, "UPLINK_PROBE_PATH": path,
            "UPLINK_PROBE_PORT": "\(master.port)",
        ]
        return all.merging(more) { $1 }
    }

    /// Starts an uplink, lets the attacker try, and says what came of it; nil where a layer is
    /// missing.
    private func outcome(
        of trial: Trial,
        needing layers: Set<SandboxLayer> = [.systemCalls],
        _ more: [String: String] = [:]
    ) throws -> (attempt: SandboxedUplink.Attempt, ending: SandboxedUplink.Ending)? {
        guard try Self.isEnforced(layers, certificates, port: master.port) else { return nil }
        let uplink = try SandboxedUplink(certificates, probe: probe(trial, more))
        _ = try uplink.begin(port: master.port)
        let ending = try uplink.finish()
        return (try uplink.attempt, ending)
    }

    /// False, with a word about it, where this kernel does not have the layers.
    private static func isEnforced(
        _ layers: Set<SandboxLayer>,
        _ certificates: Certificates,
        port: UInt16
    ) throws -> Bool {
        let report = try #require(try SandboxedUplink(certificates).begin(port: port))
        let lacking = layers.intersection(report.lacking).map(\.name).sorted()
        guard !lacking.isEmpty else { return true }
        print("not enforced on this kernel, and so not tried: \(lacking.joined(separator: ", "))")
        return false
    }

    private func stop() throws {
        try master.stop()
        try stranger.stop()
    }

    @Test(arguments: trials) func `an attacker inside is refused`(_ trial: Trial) throws {
        defer { withExtendedLifetime(folder) {} }
        let control = try UnixListener(path: folder.path("control.sock"))
        defer { withExtendedLifetime(control) {} }
        try check(trial)
        try stop()
    }

    #if arch(x86_64)
        @Test(arguments: otherDoors) func `other doors of the kernel are shut`(
            _ trial: Trial
        ) throws {
            try check(trial)
            try stop()
        }
    #endif

    private func check(_ trial: Trial) throws {
        guard let (attempt, ending) = try outcome(of: trial) else { return }
        switch trial.fate {
        case .ended:
            #expect(attempt.state == 1 && ending == .killed(signal: SIGSYS), "\(attempt) \(ending)")
        case .refused:
            #expect(attempt.state == 2 && attempt.result < 0, "\(attempt)")
            #expect([EACCES, ENOSYS].contains(attempt.error), "\(attempt)")
            #expect(ending == .exited(0), "an uplink goes on after a refusal")
        }
    }

    @Test(arguments: trials.filter(\.worksOutside))
    func `the same attempt works without the sandbox`(_ trial: Trial) throws {
        let control = try UnixListener(path: folder.path("control.sock"))
        defer { withExtendedLifetime(control) {} }
        let uplink = try SandboxedUplink(
            certificates, probe: probe(trial, ["UPLINK_PROBE_EARLY": "1"]))
        let ending = try uplink.finish()
        let attempt = try uplink.attempt
        let isExec = trial.name.hasPrefix("execve")
        #expect(ending == .exited(0))
        #expect(attempt.state == (isExec ? 1 : 2) && attempt.result >= 0, "\(attempt)")
        try stop()
    }

    @Test func `only the masters' ports can be connected to`() throws {
        let trial = Trial(name: "connect", fate: .refused)
        let layers: Set<SandboxLayer> = [.ports]
        let there = ["UPLINK_PROBE_PORT": "\(stranger.port)"]
        if let (attempt, ending) = try outcome(of: trial, needing: layers, there) {
            #expect(attempt.state == 2 && attempt.result < 0 && attempt.error == EACCES)
            #expect(ending == .exited(0) && stranger.connectionCount == 0)
        }
        let (attempt, _) = try #require(try outcome(of: trial, needing: []))
        #expect(attempt.state == 2 && attempt.result == 0, "the attempt itself is no good")
        // What a kernel without that layer lets through, and what the uplink says about it.
        let old = ["UPLINK_PROBE_LANDLOCK": "3"].merging(there) { $1 }
        let (open, _) = try #require(try outcome(of: trial, needing: [], old))
        #expect(open.state == 2 && open.result == 0)
        try stop()
    }

    @Test(arguments: [
        ("open", "/etc/passwd"), ("create", "new"), ("execve", "file"), ("folder", "file"),
        ("truncate", "file"), ("unlink", "file"), ("bind", "file"), ("kill", "file"),
    ])
    func `Landlock alone refuses what it is for`(_ name: String, _ path: String) throws {
        let trial = Trial(name: name, fate: .refused, path: path)
        let layers: Set<SandboxLayer> = [.files, .ports, .scopes]
        let alone = ["UPLINK_PROBE_SECCOMP": "0"]
        if let (attempt, ending) = try outcome(of: trial, needing: layers, alone) {
            #expect(attempt.state == 2 && attempt.result < 0, "\(attempt)")
            #expect([EACCES, EPERM].contains(attempt.error), "\(attempt)")
            #expect(ending == .exited(0))
        }
        try stop()
    }

    @Test func `what a kernel lacks is said, and the rest is on`() throws {
        let full = try #require(try SandboxedUplink(certificates).begin(port: master.port))
        func report(landlock: Int, seccomp: Int = 1) throws -> Set<SandboxLayer> {
            let uplink = try SandboxedUplink(
                certificates,
                probe: [
                    "UPLINK_PROBE_LANDLOCK": "\(landlock)", "UPLINK_PROBE_SECCOMP": "\(seccomp)",
                ]
            )
            let report = try #require(try uplink.begin(port: master.port))
            let isSaid = try uplink.log.contains("sandbox is not complete")
            #expect(isSaid == !report.lacking.isEmpty)
            for layer in report.lacking { #expect(try uplink.log.contains(layer.name)) }
            return Set(report.lacking)
        }
        #expect(try report(landlock: 0).isSuperset(of: [.files, .ports, .scopes]))
        #expect(try report(landlock: 0, seccomp: 0).contains(.systemCalls))
        if full.lacking.isEmpty {
            #expect(try report(landlock: 0, seccomp: 0) == [.files, .ports, .scopes, .systemCalls])
            for version in 1...3 { #expect(try report(landlock: version) == [.ports, .scopes]) }
            for version in 4...5 { #expect(try report(landlock: version) == [.scopes]) }
            #expect(try report(landlock: 6) == [])
        } else {
            print("not enforced on this kernel: \(full.lacking.map(\.name))")
        }
        try stop()
    }

    @Test func `the packaged program delivers in its sandbox, one thread without any right`() throws
    {
        let uplink = try SandboxedUplink(certificates)
        let report = try #require(try uplink.begin(port: master.port))
        uplink.send(.probe(id: 1, node: NodeID(index: 0)))  // only a probe connects
        while let message = try uplink.receive() {
            if case .probeAnswer(1, .answered) = message { break }
        }
        for id in 0..<20 { uplink.send(.submit(.sample(UInt64(id), of: "web1!s\(id)"))) }
        var outcomes: [SubmissionOutcome] = []
        while outcomes.count < 20, let message = try uplink.receive() {
            if case .outcome(let one) = message { outcomes.append(one.outcome) }
        }
        #expect(outcomes == Array(repeating: .processed, count: 20))
        #expect(try uplink.kernelWord("Threads") == "1")
        #expect(try uplink.kernelWord("NoNewPrivs") == "1")
        for set in ["CapPrm", "CapEff", "CapInh", "CapAmb"] {
            #expect(try uplink.kernelWord(set).allSatisfy { $0 == "0" }, "\(set)")
        }
        if report.enforced.contains(.systemCalls) {
            #expect(try uplink.kernelWord("Seccomp") == "2")
        }
        let limits = try String(contentsOfFile: "/proc/\(uplink.pid)/limits", encoding: .utf8)
        let processes = limits.split(separator: "\n").first { $0.hasPrefix("Max processes") }
        #expect(processes?.split(separator: " ").dropFirst(2).prefix(2) == ["0", "0"])
        #expect(try uplink.finish() == .exited(0))
        try stop()
    }

    @Test func `what is no setting ends it before anything else`() throws {
        let uplink = try SandboxedUplink(certificates)
        uplink.send(.probe(id: 1, node: NodeID(index: 0)))
        #expect(try uplink.receive() == nil)
        #expect(try uplink.finish() == .exited(1))
        #expect(try uplink.log.contains("before its settings"))
        let silent = try SandboxedUplink(certificates)
        #expect(try silent.finish() == .exited(0), "a daemon that hangs up is no fault")
        try stop()
    }
}

/// A Unix socket that takes connections and says nothing.
final class UnixListener {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        try #require(status == 0 && listen(descriptor, 4) == 0)
    }

    deinit { close(descriptor) }
}
