#if DEBUG
    import Foundation
    import Spool
    import Synchronization

    /// What crash tests ask of a debug build by its environment; a release build has none of it.
    ///
    /// `FORWARDER_KILL_AT=NAME:COUNT` ends the process with SIGKILL when it passes the kill point
    /// of that name for that time. `FORWARDER_KEEP_DELIVERED=SECONDS` makes the ten minutes shorter
    /// for which delivered results are kept.
    final class KillSwitch: Sendable {
        private let name: String
        private let left: Mutex<Int>

        private init(name: String, count: Int) {
            self.name = name
            left = Mutex(count)
        }

        /// Kills where the environment says so.
        static func observer() -> KillPoint.Observer {
            let words = value("FORWARDER_KILL_AT")?.split(separator: ":") ?? []
            guard words.count == 2, let count = Int(words[1]) else { return { _ in } }
            let killer = KillSwitch(name: String(words[0]), count: count)
            return { killer.pass($0) }
        }

        /// How long delivered results are kept; nil when nothing is said.
        static var keepDelivered: Duration? {
            value("FORWARDER_KEEP_DELIVERED").flatMap { Int($0) }.map { .seconds($0) }
        }

        private static func value(_ key: String) -> String? {
            ProcessInfo.processInfo.environment[key]
        }

        private func pass(_ point: KillPoint) {
            guard point.name == name else { return }
            let isDue = left.withLock { left in
                left -= 1
                return left == 0
            }
            guard isDue else { return }
            StandardStream.error.tell("killed at \(name)\n")
            kill(getpid(), SIGKILL)
        }
    }
#endif
