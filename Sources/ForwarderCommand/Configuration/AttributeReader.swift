import ConfigLanguage
import Foundation
import Monitoring

/// Reads the attributes of one object of `forwarder.conf`, with bounds.
struct AttributeReader {
    private let object: ConfigObject
    private let folder: String

    init(_ object: ConfigObject, folder: String) {
        self.object = object
        self.folder = folder
    }

    var name: String { object.fullName.text }

    func location(of key: ByteString) -> SourceLocation { object.location(of: key) }

    /// The text of an attribute; nil when it is not set or empty.
    func text(_ key: ByteString) -> String? {
        let value = object[key]
        guard !value.isNull else { return nil }
        let text = value.toText.text
        return text.isEmpty ? nil : text
    }

    /// A path; a relative one starts in the folder of the configuration file.
    func path(_ key: ByteString) -> String? {
        guard let path = text(key) else { return nil }
        return path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    /// A whole number within bounds; the default when it is not set.
    func whole(
        _ key: ByteString, in bounds: ClosedRange<Int>, default fallback: Int,
        _ errors: inout [Diagnostic]
    ) -> Int {
        guard let number = object[key].toNumber, !object[key].isNull else { return fallback }
        guard let value = Int(exactly: number.rounded()), bounds.contains(value) else {
            errors.append(
                Diagnostic(
                    """
                    Attribute '\(key.text)' must be a number from \(bounds.lowerBound) to \
                    \(bounds.upperBound).
                    """, at: object.location(of: key)))
            return fallback
        }
        return value
    }

    /// A span of time between a millisecond and a day; the default when it is not set.
    func span(
        _ key: ByteString, default fallback: Duration, _ errors: inout [Diagnostic]
    ) -> Duration {
        guard let seconds = object[key].toNumber, !object[key].isNull else { return fallback }
        guard (0.001...86_400).contains(seconds) else {
            errors.append(
                Diagnostic(
                    "Attribute '\(key.text)' must be a span from 1ms to 1d.",
                    at: object.location(of: key)))
            return fallback
        }
        return .microseconds(Int64(seconds * 1_000_000))
    }
}
