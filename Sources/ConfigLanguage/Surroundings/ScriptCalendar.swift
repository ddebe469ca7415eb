internal import Glibc

/// Writes and reads points in time, in the machine's time zone or in UTC.
public struct ScriptCalendar: Sendable {
    private let isLocal: Bool

    /// The time zone of the machine, or of the variable `TZ`.
    public static let local = ScriptCalendar(isLocal: true)
    /// Coordinated Universal Time, the same everywhere.
    public static let utc = ScriptCalendar(isLocal: false)

    /// Most bytes of a format and of what it makes: 4 KiB, beyond any line of text.
    static let longestText = 4096

    /// The time as `strftime` writes it; nil when it is out of range or the text is too long.
    ///
    /// - Parameter seconds: since 1970; fractions are dropped.
    func text(of seconds: Double, format: ByteString) -> ByteString? {
        guard format.count <= Self.longestText, !format.bytes.contains(0) else { return nil }
        guard !format.isEmpty else { return .empty }
        // the year has to fit into a C int
        guard abs(seconds) < 6e16 else { return nil }
        var time = time_t(seconds)
        var parts = unsafe tm()
        let made = unsafe isLocal ? localtime_r(&time, &parts) : gmtime_r(&time, &parts)
        guard unsafe made != nil else { return nil }
        var buffer = [CChar](repeating: 0, count: Self.longestText)
        // a byte more, because a text of no length cannot be told from one that is too long
        let written = unsafe strftime(&buffer, buffer.count, format.text + " ", &parts)
        guard written > 0 else { return nil }
        return ByteString(bytes: buffer.prefix(written - 1).lazy.map { UInt8(bitPattern: $0) })
    }

    /// The seconds since 1970 of a date, where a month of 13 is January of the next year.
    ///
    /// - Parameter fields: year, month, day, and after them hour, minute and second.
    func seconds(of fields: [Int32]) -> Double? {
        guard fields.count >= 3 else { return nil }
        var parts = unsafe tm()
        let (year, isBefore) = fields[0].subtractingReportingOverflow(1900)
        let (month, isEarlier) = fields[1].subtractingReportingOverflow(1)
        guard !isBefore, !isEarlier else { return nil }
        unsafe parts.tm_year = year
        unsafe parts.tm_mon = month
        unsafe parts.tm_mday = fields[2]
        if fields.count > 3 { unsafe parts.tm_hour = fields[3] }
        if fields.count > 4 { unsafe parts.tm_min = fields[4] }
        if fields.count > 5 { unsafe parts.tm_sec = fields[5] }
        unsafe parts.tm_isdst = -1
        return Double(unsafe isLocal ? mktime(&parts) : timegm(&parts))
    }
}
