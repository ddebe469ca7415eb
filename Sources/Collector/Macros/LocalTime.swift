internal import Glibc
internal import Monitoring

/// A moment as the clock on this machine's wall shows it.
struct LocalTime {
    private var fields = tm()

    /// The moment in the zone of TZ or /etc/localtime.
    init(_ time: Timestamp) {
        var seconds = time_t(time.microseconds / 1_000_000)
        // a moment out of the calendar's range stays at the zero date
        _ = unsafe localtime_r(&seconds, &fields)
    }

    /// `2026-11-21 09:30:00 +0000`.
    var longDateTime: String { formatted("%Y-%m-%d %H:%M:%S %z") }
    /// `2026-11-21 09:30:00`.
    var shortDateTime: String { formatted("%Y-%m-%d %H:%M:%S") }
    /// `2026-11-21`.
    var date: String { formatted("%Y-%m-%d") }
    /// `09:30:00 +0000`.
    var clock: String { formatted("%H:%M:%S %z") }

    /// Longest text of a format above, in bytes; a longer one would come out empty.
    private static let longest = 64

    private func formatted(_ format: String) -> String {
        var buffer = [CChar](repeating: 0, count: Self.longest)
        let count = unsafe withUnsafePointer(to: fields) {
            unsafe strftime(&buffer, buffer.count, format, $0)
        }
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A span in words: `2 hours, 1 minute and 5 seconds`.
    static func span(_ seconds: Double) -> String {
        let whole = Int(truncating: max(0, seconds)) ?? 0
        let parts = [
            (whole / 86_400, "day"), (whole / 3600 % 24, "hour"), (whole / 60 % 60, "minute"),
            (whole % 60, "second"),
        ]
        .filter { $0.0 > 0 }
        .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        guard let last = parts.last else { return "less than 1 second" }
        guard parts.count > 1 else { return last }
        return parts.dropLast().joined(separator: ", ") + " and " + last
    }
}
