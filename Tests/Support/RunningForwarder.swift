package import Foundation

/// A `forwarder daemon` on a ``ForwarderSite``.
package final class RunningForwarder: Sendable {
    private let child: ChildProcess
    private let watch: ChildProcess
    private let site: ForwarderSite

    /// Starts it; it may not be ready yet.
    ///
    /// - Parameter openFileLimit: how many descriptors it may have; as many as the tests if nil.
    init(
        site: ForwarderSite, environment: [String: String], openFileLimit: Int? = nil
    ) throws {
        self.site = site
        let daemon = ["daemon", "--config", site.configurationPath]
        if let limit = openFileLimit {
            let words = ["--nofile=\(limit):\(limit)", try BuiltProducts.forwarder] + daemon
            child = try ChildProcess("prlimit", words, environment: environment)
        } else {
            child = try ChildProcess(BuiltProducts.forwarder, daemon, environment: environment)
        }
        let test = ProcessInfo.processInfo.processIdentifier
        watch = try ChildProcess(
            "sh", ["-c", Self.guardScript, "guard", "\(test)", "\(child.pid)"])
    }

    deinit { end() }

    /// Ends the daemon when the test process is gone; plugins and uplink follow it.
    private static let guardScript = """
        tail --pid="$1" -f /dev/null
        kill -CONT "$2"
        kill -KILL "$2"
        """

    /// Its process id.
    package var pid: pid_t { child.pid }

    /// What it logged so far.
    package var log: String { child.errorText }

    /// True while its process is there.
    package var isRunning: Bool { child.poll() == nil }

    /// How it ended; waits until it has.
    package func ending() throws -> ChildProcess.Ending { try child.wait() }

    /// Ends it as systemd would, and says how it ended.
    @discardableResult
    package func stop(patience: Duration = .seconds(180)) throws -> ChildProcess.Ending {
        child.signal(SIGTERM)
        let ending = try child.wait(patience: patience)
        watch.signal(SIGKILL)
        return ending
    }

    /// Ends it as a power cut would.
    package func kill() throws {
        child.signal(SIGKILL)
        _ = try child.wait()
        watch.signal(SIGKILL)
    }

    /// Kills it if it still runs.
    package func end() {
        child.signal(SIGKILL)
        watch.signal(SIGKILL)
    }

    /// Has it read its definitions again.
    package func reload() { child.signal(SIGHUP) }

    /// Lets it stand still: nothing is checked, nothing is submitted.
    package func pause() { child.signal(SIGSTOP) }

    /// Lets it go on.
    package func resume() { child.signal(SIGCONT) }

    /// Returns when it answers on its control socket.
    package func waitUntilReady() throws {
        var fault = ""
        try eventually("the daemon answers") {
            guard isRunning else {
                throw SupportFault("the daemon ended:\n\(log.suffix(4000))\(fault)")
            }
            // Without a daemon `status` itself opens the spool, and the daemon would wait for it.
            guard FileManager.default.fileExists(atPath: site.folder.path("control.sock")) else {
                return false
            }
            do {
                return try site.status()["daemon_pid"].number == Double(pid)
            } catch {
                // it waits for an answer for a time that a daemon's first moments may exceed
                fault = "\n\(error)"
                return false
            }
        }
    }

    /// The uplink that it started; nil while there is none.
    package func uplinkPid() throws -> pid_t? {
        try FileManager.default.contentsOfDirectory(atPath: "/proc")
            .compactMap { pid_t($0) }
            .first { candidate in
                // lost on purpose: a process may end between the listing and the look
                let stat = try? String(contentsOfFile: "/proc/\(candidate)/stat", encoding: .utf8)
                guard let stat, let name = stat.lastIndex(of: ")") else { return false }
                let parent = stat[name...].split(separator: " ").dropFirst(2).first
                return parent.flatMap { pid_t($0) } == pid && stat.contains("(forwarder-uplin)")
            }
    }

    /// Kills the uplink and returns when it is gone.
    package func killUplink() throws {
        let uplink = try eventually("the daemon has an uplink") { try uplinkPid() }
        Glibc.kill(uplink, SIGKILL)
        try eventually("the killed uplink is gone") { try uplinkPid() != uplink }
    }
}
