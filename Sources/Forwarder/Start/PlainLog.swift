#if canImport(Glibc)
    internal import Glibc
#endif
package import Logging

/// Writes one plain line a message to standard error, without a time: the journal adds that.
package struct PlainLog: LogHandler {
    package var logLevel: Logger.Level
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
        let data = all.sorted { $0.key < $1.key }.map { " \($0.key)=\"\($0.value)\"" }.joined()
        let line = "\(event.level): \(event.message)\(data)".map { $0.isNewline ? " " : $0 }
        var bytes = Array(String(line).utf8)
        bytes.append(UInt8(ascii: "\n"))
        // Lost on purpose: there is nowhere to complain that standard error is gone.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
