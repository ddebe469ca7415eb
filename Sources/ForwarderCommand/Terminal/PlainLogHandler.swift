import Foundation
import Logging

/// One line for each message on standard error, as journald likes it: the priority in front, then
/// message and metadata in a fixed order; or one JSON object.
struct PlainLogHandler: LogHandler {
    let label: String
    let format: LogSettings.Format
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
        let line =
            switch format {
            case .text: text(event, all)
            case .json: json(event, all)
            }
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }

    private func text(_ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        let pairs = metadata.sorted { $0.key < $1.key }.map { key, value in
            " \(key)=\(Self.quoted("\(value)"))"
        }
        return "<\(event.level.priority)>\(event.message)\(pairs.joined())"
    }

    private func json(_ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        var fields = metadata.mapValues { "\($0)" }
        fields["level"] = event.level.rawValue
        fields["message"] = "\(event.message)"
        fields["logger"] = label
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(fields) else { return text(event, metadata) }
        return String(decoding: data, as: UTF8.self)
    }

    /// A value on one line; quoted when it has blanks.
    private static func quoted(_ value: String) -> String {
        let line = value.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.contains(" ") || line.isEmpty ? "\"\(line)\"" : line
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
