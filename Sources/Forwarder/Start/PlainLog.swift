#if canImport(Glibc)
    internal import Glibc
#endif
package import Logging
package import Monitoring

/// Writes a ``LogLine`` for each message on standard error, which it shares with the daemon.
package struct PlainLog: LogHandler {
    /// From which level on.
    package var logLevel: Logger.Level
    /// What every line tells besides its own.
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: LogLine.Format

    /// A log from this level on; a word that is no level means `notice`.
    package init(level: String, format: LogLine.Format = .text, label: String = "uplink") {
        self.logLevel = Logger.Level(rawValue: level) ?? .notice
        self.format = format
        self.label = label
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = self.line(event.level, "\(event.message)", all.mapValues { "\($0)" })
        let bytes = Array("\(line)\n".utf8)
        // Lost on purpose: there is nowhere to complain that standard error is gone.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// The line without its end.
    func line(
        _ level: Logger.Level,
        _ message: String,
        _ metadata: [String: String]
    ) -> String {
        LogLine(
            level: level.rawValue,
            label: label,
            message: message,
            metadata: metadata
        ).text(format)
    }
}
