import Foundation
import Logging
import Monitoring

/// Writes a ``LogLine`` for each message on standard error.
struct PlainLogHandler: LogHandler {
    let label: String
    let format: LogLine.Format
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Makes this the process's log.
    static func bootstrap(_ settings: LogSettings) {
        let level = Logger.Level(rawValue: settings.level) ?? .notice
        let format = settings.format
        LoggingSystem.bootstrap { label in
            PlainLogHandler(label: label, format: format, logLevel: level)
        }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let line = LogLine(
            level: event.level.rawValue, priority: event.level.priority, label: label,
            message: "\(event.message)", metadata: all.mapValues { "\($0)" })
        FileHandle.standardError.write(Data("\(line.text(format))\n".utf8))
    }
}

extension Logger.Level {
    /// The priority of syslog(3), which journald reads from the start of a line.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
