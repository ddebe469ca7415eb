internal import Glibc
package import Monitoring

/// How the clock on this host's wall goes: its time zone, summer time included.
package protocol WallCalendar: Sendable {
    /// The day at this moment, in days since 1970-01-01.
    func dayNumber(at time: Timestamp) -> Int
    /// When the clock shows this many seconds after midnight of a day; 86,400 and more are on the
    /// days after.
    ///
    /// A time that a change of the clock leaves out is that of the change; of one that comes twice
    /// the first is meant.
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
        let day = dayNumber + secondOfDay / 86_400
        let second = secondOfDay % 86_400
        // asked for both, so that nothing depends on what was asked before
        let times = [Int32(1), 0].map { Self.seconds(second, ofDay: day, isSummer: $0) }
        let shown = times.filter { Self.shows(second, at: $0) }
        if let first = shown.min() { return Self.timestamp(first) }
        // left out by a change of the clock: then is when it is changed
        var low = times.min() ?? 0
        var high = times.max() ?? 0
        let before = Self.offset(at: low)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if Self.offset(at: middle) == before { low = middle } else { high = middle }
        }
        return Self.timestamp(high)
    }

    private static func timestamp(_ seconds: time_t) -> Timestamp {
        Timestamp(microseconds: Int64(seconds) * 1_000_000)
    }

    private static func seconds(_ second: Int, ofDay day: Int, isSummer: Int32) -> time_t {
        var fields = tm()
        fields.tm_year = 70
        fields.tm_mday = Int32(clamping: day + 1)
        fields.tm_hour = Int32(second / 3600)
        fields.tm_min = Int32(second / 60 % 60)
        fields.tm_sec = Int32(second % 60)
        fields.tm_isdst = isSummer
        return mktime(&fields)
    }

    private static func fields(at time: time_t) -> tm {
        var time = time
        var fields = tm()
        // a moment out of the calendar's range stays at the zero date
        _ = unsafe localtime_r(&time, &fields)
        return fields
    }

    private static func shows(_ second: Int, at time: time_t) -> Bool {
        let shown = fields(at: time)
        return Int(shown.tm_hour) * 3600 + Int(shown.tm_min) * 60 + Int(shown.tm_sec) == second
    }

    private static func offset(at time: time_t) -> Int { fields(at: time).tm_gmtoff }
}
