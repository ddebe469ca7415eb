/// A point in wall-clock time: whole microseconds since 1970-01-01 00:00:00 UTC.
///
/// Microseconds, because a repeat of an ambiguous submission is told from its original by one.
package struct Timestamp: Hashable, Sendable, Codable {
    /// Microseconds since the Unix epoch.
    package let microseconds: Int64

    /// The point `microseconds` after the Unix epoch.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The point `seconds` after the Unix epoch, to the nearest microsecond; nil when it is not a
    /// finite number or lies more than 100,000 years away.
    package init?(seconds: Double) {
        guard seconds.isFinite, abs(seconds) < 3.2e12 else { return nil }
        self.microseconds = Int64((seconds * 1_000_000).rounded())
    }

    /// Seconds since the Unix epoch, as Icinga's API carries them.
    package var seconds: Double { Double(microseconds) / 1_000_000 }

    /// Seconds with exactly six decimals, such as `1700000000.000001`.
    package var decimalSeconds: String {
        let magnitude = microseconds.magnitude
        let fraction = String(magnitude % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - fraction.utf8.count)
        return "\(microseconds < 0 ? "-" : "")\(magnitude / 1_000_000).\(zeros)\(fraction)"
    }
}

extension Timestamp: Comparable {
    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    package static func + (time: Timestamp, span: Duration) -> Timestamp {
        Timestamp(microseconds: time.microseconds &+ span.wholeMicroseconds)
    }

    package static func - (time: Timestamp, span: Duration) -> Timestamp {
        Timestamp(microseconds: time.microseconds &- span.wholeMicroseconds)
    }

    package static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .microseconds(later.microseconds &- earlier.microseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String { decimalSeconds }
}

extension Duration {
    /// The span in whole microseconds, towards zero; saturates after 292,000 years.
    package var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return product &+ attoseconds / 1_000_000_000_000
    }

    /// The span in seconds as a floating-point number.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
