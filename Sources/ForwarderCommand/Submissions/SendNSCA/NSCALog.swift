import Foundation
import Monitoring

/// What `send_nsca` says, to standard error, the system's log, or both.
struct NSCALog: Sendable {
    /// How much something matters; what matters less than asked for is not said.
    enum Level: Int, Comparable, Sendable {
        case error, warning, notice, info, debug

        static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }

        fileprivate var priority: Int32 {
            switch self {
            case .error: LOG_ERR
            case .warning: LOG_WARNING
            case .notice: LOG_NOTICE
            case .info: LOG_INFO
            case .debug: LOG_DEBUG
            }
        }
    }

    private let level: Level
    private let usesStandardError: Bool
    private let usesSyslog: Bool

    /// Errors and warnings, to standard error.
    init() {
        level = .warning
        usesStandardError = true
        usesSyslog = false
    }

    /// What the command line asks for; each `-v` adds a level.
    init(_ arguments: NSCAArguments) {
        let most = min(Level.warning.rawValue + arguments.verbosity, Level.debug.rawValue)
        level = Level(rawValue: most) ?? .debug
        usesSyslog = arguments.logsToSyslog
        usesStandardError = arguments.logsToStandardError || !arguments.logsToSyslog
    }

    /// Says it on one line.
    func say(_ level: Level, _ text: String) {
        guard level <= self.level else { return }
        let line = text.printable
        if usesStandardError { StandardStream.error.tell("send_nsca: \(line)\n") }
        guard usesSyslog else { return }
        // %s, because the text may hold what callers wrote.
        line.withCString { line in
            withVaList([line]) { vsyslog(level.priority | LOG_USER, "send_nsca: %s", $0) }
        }
    }
}
