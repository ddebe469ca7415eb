import Foundation

/// Daemons that are to die where a test says.
///
/// - Source: docs/crash-tests.md; only debug builds know these variables.
extension ForwarderSite {
    /// Starts `forwarder daemon`, which kills itself when it passes the kill point `name` for the
    /// `count`-th time.
    ///
    /// - Parameter keepDelivered: seconds for which delivered results are kept; ten minutes if nil.
    package func startDaemon(
        clock: ShiftedClock? = nil,
        killedAt name: String? = nil,
        count: Int = 1,
        keepDelivered: Int? = nil
    ) throws -> RunningForwarder {
        var more: [String: String] = [:]
        if let name { more["FORWARDER_KILL_AT"] = "\(name):\(count)" }
        if let keepDelivered { more["FORWARDER_KEEP_DELIVERED"] = "\(keepDelivered)" }
        return try startDaemon(clock: clock, environment: more)
    }
}

extension RunningForwarder {
    /// The kill point at which it killed itself; nil when it did not.
    package var killedAt: String? {
        log.split(separator: "\n").last { $0.hasPrefix("killed at ") }
            .map { String($0.dropFirst("killed at ".count)) }
    }

    /// Waits until it ended by itself.
    package func waitUntilKilled(patience: Duration = .seconds(180)) throws {
        try eventually("the daemon dies", patience: patience) { !isRunning }
    }

    /// Asks it to stop, as systemd would, and waits for nothing.
    package func askToStop() { Glibc.kill(pid, SIGTERM) }
}
