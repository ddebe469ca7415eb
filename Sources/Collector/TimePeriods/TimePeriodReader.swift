internal import ConfigLanguage

/// Makes time periods of their definitions.
///
/// Bounds: ``largestSize`` of a period and ``deepestNesting`` periods within each other, so that
/// asking a period stays quick; periods that contain each other are refused.
struct TimePeriodReader {
    /// Most lines and periods in one, those of its includes and excludes counted each time.
    ///
    /// 1,000: each day that is looked at asks all of them.
    static let largestSize = 1000
    /// Periods within periods.
    static let deepestNesting = 16
    /// Most errors that are told; the first ones are what can be acted on.
    static let mostErrors = 100

    private(set) var errors: [Diagnostic] = []
    /// The period of each error.
    private var owners: [ByteString] = []
    private let registry: ObjectRegistry
    private var known: [ByteString: TimePeriod] = [:]
    /// Periods whose includes and excludes are being read.
    private var open: [ByteString] = []

    init(_ registry: ObjectRegistry) { self.registry = registry }

    /// Reads every period; ``errors`` says what is wrong with them.
    mutating func readAll() -> [ByteString: TimePeriod] {
        for object in registry.objects(ofType: "TimePeriod") { _ = read(object) }
        return known
    }

    /// What is wrong with one period, those within it left aside.
    mutating func errors(in object: ConfigObject) -> [Diagnostic] {
        _ = read(object)
        return zip(errors, owners).filter { $0.1 == object.fullName }.map(\.0)
    }

    private mutating func read(_ object: ConfigObject) -> TimePeriod? {
        if let period = known[object.fullName] { return period }
        guard errors.count < Self.mostErrors else { return nil }
        guard !open.contains(object.fullName), open.count < Self.deepestNesting else {
            let path = (open + [object.fullName]).map(\.text).joined(separator: "' → '")
            fail(
                object, "includes",
                "The time periods '\(path)' contain each other, or are more than "
                    + "\(Self.deepestNesting) within one another. Take one out.")
            return nil
        }
        open.append(object.fullName)
        defer { open.removeLast() }
        var period = TimePeriod(name: object.fullName.text)
        period.isEvenMinutes = readUpdate(object) == "even-minutes"
        period.lines = readUpdate(object) == "legacy" ? lines(object) : []
        period.prefersIncludes = object["prefer_includes"].isTruthy
        period.includes = periods(object, "includes")
        period.excludes = periods(object, "excludes")
        period.size = period.lines.reduce(1) { $0 + $1.times.count }
        for other in period.includes + period.excludes {
            period.depth = max(period.depth, other.depth + 1)
            period.size = min(period.size + other.size, Self.largestSize + 1)
        }
        if period.size > Self.largestSize {
            fail(
                object, "ranges",
                "It has more than \(Self.largestSize) times of day, with those that it includes "
                    + "and excludes. Take some out.")
        }
        if period.depth > Self.deepestNesting {
            fail(
                object, "includes",
                "More than \(Self.deepestNesting) time periods are within one another here. Take "
                    + "one out.")
        }
        known[object.fullName] = period
        return period
    }

    /// The name of what computes the period: that of a template that Icinga brings along.
    private mutating func readUpdate(_ object: ConfigObject) -> ByteString {
        let update = object["update"]
        if let name = update.asString, ["legacy", "empty", "even-minutes"].contains(name) {
            return name
        }
        if !update.isNull {
            fail(
                object, "update",
                "Functions that compute a time period are not run here. Write its times as "
                    + "'ranges'.")
        }
        return "legacy"
    }

    private mutating func lines(_ object: ConfigObject) -> [TimePeriod.Line] {
        guard let ranges = object["ranges"].asDictionary else { return [] }
        var lines: [TimePeriod.Line] = []
        for (key, value) in ranges.entries {
            do throws(TimePeriodFault) {
                let days = try DayRange(key.text)
                let times = try ClockRange.all(value.toText.text)
                lines.append(TimePeriod.Line(days: days, times: times))
            } catch {
                fail(object, "ranges", "\(error)")
            }
        }
        return lines
    }

    private mutating func periods(
        _ object: ConfigObject, _ attribute: ByteString
    ) -> [TimePeriod] {
        var periods: [TimePeriod] = []
        for name in object[attribute].asArray?.elements ?? [] {
            // a name that nothing has is told by the validation of references
            guard let other = registry.object(type: "TimePeriod", name: name.toText),
                let period = read(other)
            else { continue }
            periods.append(period)
        }
        return periods
    }

    private mutating func fail(
        _ object: ConfigObject, _ attribute: ByteString, _ reason: String
    ) {
        errors.append(ObjectValidation.failure(object, attribute, reason))
        owners.append(object.fullName)
    }
}
