#if canImport(Glibc)
    internal import Glibc
#endif
package import Logging

/// Writes one line a message to standard error, which it shares with the daemon, in the daemon's
/// form: the priority that journald reads, then message and metadata in a fixed order.
///
/// Without a time: the journal adds that.
package struct PlainLog: LogHandler {
    /// From which level on.
    package var logLevel: Logger.Level
    /// What every line tells besides its own.
    package var metadata: Logger.Metadata = [:]

    /// A log from this level on; a word that is no level means `notice`.
    package init(level: String) {
        self.logLevel = Logger.Level(rawValue: level) ?? .notice
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = Self.line(event.level, "\(event.message)", all.mapValues { "\($0)" })
        let bytes = Array("\(line)\n".utf8)
        // Lost on purpose: there is nowhere to complain that standard error is gone.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// The line without its end.
    static func line(
        _ level: Logger.Level,
        _ message: String,
        _ metadata: [String: String]
    ) -> String {
        let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0)=\(quoted($1))" }
        return "<\(level.priority)>\(onOneLine(message))\(pairs.joined())"
    }

    /// A value on one line; quoted when it has blanks.
    private static func quoted(_ value: String) -> String {
        let line = onOneLine(value)
        return line.contains(" ") || line.isEmpty ? "\"\(line)\"" : line
    }

    private static func onOneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
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
