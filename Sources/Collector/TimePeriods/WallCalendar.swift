internal import Glibc
package import Monitoring

/// How the clock on this host's wall goes: its time zone, summer time included.
package protocol WallCalendar: Sendable {
    /// The day at this moment, in days since 1970-01-01.
    func dayNumber(at time: Timestamp) -> Int
    /// When the clock shows this many seconds after midnight of a day; 86,400 and more are on the
    /// days after.
    ///
    /// A time that a change of the clock leaves out is near it; of one that comes twice either is
    /// meant.
    func time(_ secondOfDay: Int, ofDay dayNumber: Int) -> Timestamp
}

/// The zone of TZ or /etc/localtime, as the C library knows it.
package struct SystemCalendar: WallCalendar {
    /// The zone that this process runs in.
    package init() {}

    /// See ``WallCalendar/dayNumber(at:)``.
    package func dayNumber(at time: Timestamp) -> Int {
        var seconds = time_t(time.microseconds / 1_000_000)
        var fields = tm()
        guard unsafe localtime_r(&seconds, &fields) != nil,
            let date = CivilDate(
                year: Int(fields.tm_year) + 1900, month: Int(fields.tm_mon) + 1,
                day: Int(fields.tm_mday))
        else { return seconds / 86_400 }
        return date.dayNumber
    }

    /// See ``WallCalendar/time(_:ofDay:)``.
    package func time(_ secondOfDay: Int, ofDay dayNumber: Int) -> Timestamp {
        var fields = tm()
        fields.tm_year = 70
        fields.tm_mday = Int32(clamping: dayNumber + secondOfDay / 86_400 + 1)
        let second = secondOfDay % 86_400
        fields.tm_hour = Int32(second / 3600)
        fields.tm_min = Int32(second / 60 % 60)
        fields.tm_sec = Int32(second % 60)
        fields.tm_isdst = -1
        return Timestamp(microseconds: Int64(mktime(&fields)) * 1_000_000)
    }
}
