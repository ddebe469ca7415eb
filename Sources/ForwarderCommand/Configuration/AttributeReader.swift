import ConfigLanguage
import Delivery
import Foundation
import Monitoring
import Spool

/// Reads the attributes of one object of `forwarder.conf`, with bounds.
///
/// What is set is used as it stands or is an error at its place; nothing is rounded or cut.
struct AttributeReader {
    /// Most bytes of a text or a path.
    ///
    /// 4,096: the longest path of the kernel.
    static let textByteLimit = 4096

    private let object: ConfigObject
    private let folder: String

    init(_ object: ConfigObject, folder: String) {
        self.object = object
        self.folder = folder
    }

    var name: String { object.fullName.text }
    /// Where the object is declared.
    var location: SourceLocation { object.location }

    func location(of key: ByteString) -> SourceLocation { object.location(of: key) }

    /// Why a text cannot be used; nil when it can.
    static func flaw(in text: String, limit: Int = textByteLimit) -> String? {
        if text.isEmpty { return "must not be empty" }
        if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            return "must not hold control characters"
        }
        return text.utf8.count > limit ? "must not be longer than \(limit) bytes" : nil
    }

    /// The text of an attribute; nil when it is not set.
    func text(
        _ key: ByteString, limit: Int = textByteLimit, _ errors: inout [Diagnostic]
    ) -> String? {
        let value = object[key]
        guard !value.isNull else { return nil }
        let text = value.toText.text
        guard let flaw = Self.flaw(in: text, limit: limit) else { return text }
        errors.append(
            Diagnostic("Attribute '\(key.text)' \(flaw).", at: object.location(of: key)))
        return nil
    }

    /// A path; a relative one starts in the folder of the configuration file.
    func path(_ key: ByteString, _ errors: inout [Diagnostic]) -> String? {
        guard let path = text(key, &errors) else { return nil }
        return path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    /// A list of names; empty when it is not set.
    func names(_ key: ByteString, _ errors: inout [Diagnostic]) -> [String] {
        guard let array = object[key].asArray else { return [] }
        let names = array.elements.map(\.toText.text)
        guard let flaw = names.lazy.compactMap({ Self.flaw(in: $0) }).first else { return names }
        errors.append(
            Diagnostic("A name in '\(key.text)' \(flaw).", at: object.location(of: key)))
        return []
    }

    /// What a Submitter object says.
    func submitter(_ errors: inout [Diagnostic]) -> SubmitterSettings {
        let settings = SubmitterSettings(
            name: name, users: names("users", &errors), groups: names("groups", &errors),
            hosts: object["hosts"].isNull ? ["*"] : names("hosts", &errors),
            services: object["services"].isNull ? nil : names("services", &errors),
            usersPlace: object.location(of: "users"), groupsPlace: object.location(of: "groups"))
        if settings.users.isEmpty, settings.groups.isEmpty {
            errors.append(
                Diagnostic(
                    """
                    The Submitter object '\(name.printable)' names nobody: it would allow nothing. \
                    Set 'users', 'groups' or both.
                    """, at: object.location))
        }
        return settings
    }

    /// A whole number within bounds; the default when it is not set.
    func whole(
        _ key: ByteString, in bounds: ClosedRange<Int>, default fallback: Int,
        _ errors: inout [Diagnostic]
    ) -> Int {
        guard let number = object[key].toNumber, !object[key].isNull else { return fallback }
        guard let value = Int(exactly: number), bounds.contains(value) else {
            errors.append(
                Diagnostic(
                    """
                    Attribute '\(key.text)' must be a whole number from \(bounds.lowerBound) to \
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

    /// A span as ``span(_:default:_:)`` reads it, or zero for never.
    func spanOrNever(
        _ key: ByteString, default fallback: Duration, _ errors: inout [Diagnostic]
    ) -> Duration {
        object[key].toNumber == 0 && !object[key].isNull
            ? .zero : span(key, default: fallback, &errors)
    }

    /// What is skipped of what waits; what is not set is as in `fallback`.
    func replay(
        default fallback: ReplaySettings, _ errors: inout [Diagnostic]
    ) -> ReplaySettings {
        ReplaySettings(
            mode: replayMode(default: fallback.mode, &errors),
            maximumAge: maximumAge(default: fallback.maximumAge, &errors))
    }

    private func replayMode(
        default fallback: ReplayMode, _ errors: inout [Diagnostic]
    ) -> ReplayMode {
        guard let text = text("replay", &errors) else { return fallback }
        if let mode = ReplayMode(rawValue: text) { return mode }
        let known = ReplayMode.allCases.map(\.rawValue).joined(separator: ", ")
        errors.append(
            Diagnostic(
                "Unknown replay '\(text)'. Use one of: \(known).", at: location(of: "replay")))
        return fallback
    }

    /// The age from which on results count less; nil for 0, which means none.
    private func maximumAge(
        default fallback: Duration?, _ errors: inout [Diagnostic]
    ) -> Duration? {
        guard let seconds = object["max_age"].toNumber, !object["max_age"].isNull else {
            return fallback
        }
        if seconds == 0 { return nil }
        guard (1...Self.longestAgeSeconds).contains(seconds) else {
            errors.append(
                Diagnostic(
                    "Attribute 'max_age' must be 0 (any age) or a span from 1s to 3650d.",
                    at: location(of: "max_age")))
            return fallback
        }
        return .microseconds(Int64(seconds * 1_000_000))
    }

    /// Ten years: longer than a spool keeps anything; times stay far from their range's end.
    private static let longestAgeSeconds = 3650.0 * 86_400
}
