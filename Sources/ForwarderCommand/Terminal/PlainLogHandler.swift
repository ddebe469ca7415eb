import Logging
import Monitoring

/// Writes a ``LogLine`` for each message on standard error; what cannot be written is lost.
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
        StandardStream.error.tell("\(line(of: event))\n")
    }

    /// The line without its end.
    func line(of event: LogEvent) -> String {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        return LogLine(
            level: event.level.rawValue, label: label,
            message: "\(event.message)", metadata: all.mapValues { "\($0)" }
        ).text(format)
    }
}
