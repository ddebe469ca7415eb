internal import CChildren
package import Foundation
import Synchronization

/// A process that a test started, with its output in files, so that children which outlive it and
/// keep its pipes open cannot hold the test up.
///
/// It leads a process group of its own. The group is killed when the last reference goes.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum Ending: Sendable, Hashable {
        /// It exited by itself with this status.
        case exited(Int32)
        /// This signal killed it.
        case killed(signal: Int32)
    }

    /// Its process id, and its group's.
    package let pid: pid_t
    /// What was run, for messages.
    package let commandLine: String
    private let ending = Mutex<Ending?>(nil)
    private let files: TemporaryDirectory

    /// Starts `executable` (an absolute path, or a name to look up in PATH).
    ///
    /// - Parameter environment: all of it; nil passes on the test's own.
    package init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String]? = nil,
        input: Data = Data(),
        folder: String? = nil
    ) throws {
        files = try TemporaryDirectory("child")
        let words = (folder.map { ["env", "--chdir=\($0)"] } ?? []) + [executable] + arguments
        commandLine = words.joined(separator: " ")
        try input.write(to: files.url.appendingPathComponent("in"))
        let inherited = environment ?? ProcessInfo.processInfo.environment
        pid = try Self.spawn(
            words,
            environment: inherited.map { "\($0.key)=\($0.value)" }.sorted(),
            files: files
        )
    }

    deinit {
        if poll() == nil {
            signal(SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
    }

    /// What it wrote to standard output so far.
    package var output: Data { read("out") }

    /// What it wrote to standard error so far, as text.
    package var errorText: String { String(decoding: read("err"), as: UTF8.self) }

    /// Sends a signal to its whole group; nothing happens once it was waited for.
    package func signal(_ number: Int32) {
        ending.withLock { ending in
            guard ending == nil else { return }
            kill(-pid, number)
        }
    }

    /// How it ended, or nil while it runs.
    package func poll() -> Ending? {
        ending.withLock { ending in
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            let signal = status & 0x7F
            ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
            return ending
        }
    }

    /// Waits until it ends; its group is killed, and this throws, when `patience` runs out.
    package func wait(patience: Duration = .seconds(180)) throws -> Ending {
        do {
            return try eventually("\(commandLine) ends", patience: patience) { poll() }
        } catch {
            signal(SIGKILL)
            throw error
        }
    }

    private func read(_ name: String) -> Data {
        // lost on purpose: a file that cannot be read shows as no output, and the test fails on it
        (try? Data(contentsOf: files.url.appendingPathComponent(name))) ?? Data()
    }
}

extension ChildProcess {
    /// Adds to what a child does before it runs a program: it closes all descriptors from `number`
    /// on.
    ///
    /// What other tests have open, such as NIO's sockets, is not close-on-exec, and would not end
    /// while the child lives.
    package static func closeOthers(
        from number: Int32, _ actions: inout posix_spawn_file_actions_t
    ) throws {
        let status = children_close_from(&actions, number)
        guard status == 0 else { throw SupportFault("closefrom: \(status)") }
    }

    private static func spawn(
        _ words: [String],
        environment: [String],
        files: TemporaryDirectory
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let create = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, files.path("in"), O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, files.path("out"), create, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, files.path("err"), create, 0o600)
        try closeOthers(from: 3, &actions)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid: pid_t = 0
        let status = withCStrings(words) { arguments in
            withCStrings(environment) { environment in
                posix_spawnp(&pid, words[0], &actions, &attributes, arguments, environment)
            }
        }
        guard status == 0 else {
            throw SupportFault("cannot run \(words[0]): \(String(cString: strerror(status)))")
        }
        return pid
    }

    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        copies.append(nil)
        defer { for copy in copies { free(copy) } }
        return body(copies)
    }
}
