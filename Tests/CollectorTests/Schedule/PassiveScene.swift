import Monitoring
import Testing

@testable import Collector

/// A scheduler whose objects are passive, with clocks that go as a test says.
struct PassiveScene {
    static let object = ObjectName(host: "h", service: "backup")
    static let router = ObjectName(host: "router")
    /// Monday, 17 May 2027, midnight at Greenwich.
    static let midnight = Timestamp(microseconds: 1_810_512_000_000_000)
    /// Half a minute more than five minutes.
    static let limit = 330.0

    struct Told: Hashable {
        var object: ObjectName
        /// In seconds since the start.
        var at: Double
        var text: String
        var result: ScheduledResult
    }

    var scheduler: CheckScheduler
    /// Since the start, which is at midnight.
    private var clock: Duration
    /// By how much the clock on the wall was set.
    private(set) var step = 0.0
    private(set) var slept = 0.0

    init(_ plans: [CheckPlan], _ states: [ScheduleState] = [], at now: Double = 0) {
        scheduler = CheckScheduler(calendar: TestCalendar(), random: Dice(seed: 1))
        clock = .seconds(now)
        scheduler.apply(plans, states: states, at: moment)
    }

    static func plan(
        _ object: ObjectName = object, every interval: Double = 300, attempts: Int = 1,
        period: TimePeriod? = nil, behind dependencies: [CheckDependency] = []
    ) -> CheckPlan {
        CheckPlan(
            object: object, checkInterval: .seconds(interval), maxCheckAttempts: attempts,
            isActive: false, expectsResults: true, period: period, dependencies: dependencies)
    }

    /// A period of these times on each of these days.
    static func period(_ days: String, _ times: String) throws -> TimePeriod {
        var period = TimePeriod(name: "\(days) \(times)")
        period.lines = [
            TimePeriod.Line(days: try DayRange(days), times: try ClockRange.all(times))
        ]
        return period
    }

    static func output(_ state: ServiceState, _ text: String = "fine") -> PluginOutput {
        PluginOutput(bytes: Array(text.utf8), ending: .exited(Int32(state.rawValue)))
    }

    var moment: Moment {
        Moment(
            monotonic: Self.start + clock, wall: Self.midnight + clock + .seconds(step),
            slept: .seconds(slept))
    }

    private static let start = Duration.seconds(1000)
    var now: Double { clock.inSeconds }

    /// Lets time pass and performs what is due on the way, as the loop would; returns what was
    /// told.
    mutating func pass(
        until end: Double, _ state: (ObjectName) -> ServiceState = { _ in .ok }
    ) -> [Told] {
        var told: [Told] = []
        while let due = scheduler.earliestDue(), due <= Self.start + .seconds(end) {
            clock = max(clock, due - Self.start)
            told += perform(state)
        }
        clock = max(clock, .seconds(end))
        return told
    }

    /// Performs what is due now.
    mutating func perform(
        atMost count: Int = .max, _ state: (ObjectName) -> ServiceState = { _ in .ok }
    ) -> [Told] {
        var told: [Told] = []
        for check in scheduler.takeDue(at: moment, atMost: count) {
            let result = scheduler.finish(
                check, output: check.told ?? Self.output(state(check.object), "a plugin ran"),
                start: moment.wall, end: moment.wall, at: moment)
            guard let result else { continue }
            told.append(
                Told(
                    object: check.object, at: now, text: result.result.output, result: result))
        }
        return told
    }

    @discardableResult
    mutating func submit(
        _ state: ServiceState = .ok, of object: ObjectName = object, at time: Double? = nil
    ) -> CheckScheduler.Submission? {
        if let time { clock = .seconds(time) }
        return scheduler.submit(object, Self.output(state), at: moment)
    }

    /// A result that is taken.
    mutating func counted(
        _ state: ServiceState = .ok, of object: ObjectName = object, at time: Double? = nil
    ) throws -> CheckScheduler.Submission {
        let taken = submit(state, of: object, at: time)
        return try #require(taken)
    }

    /// The first that is told until then.
    mutating func first(until end: Double) throws -> Told {
        let told = pass(until: end)
        return try #require(told.first)
    }

    mutating func advance(to due: Duration) { clock = max(clock, due - Self.start) }

    /// Sets the clock on the wall, and lets the loop see it.
    mutating func set(by span: Double) {
        step += span
        look()
    }

    /// Lets the host sleep, and the loop see it afterwards; nothing is done meanwhile.
    mutating func sleep(until end: Double) {
        look()
        slept += end - now
        clock = .seconds(end)
        look()
    }

    private mutating func look() { _ = scheduler.takeDue(at: moment, atMost: 0) }

    /// A stop now and a start at that time.
    mutating func restart(_ plans: [CheckPlan], at time: Double) {
        let states = scheduler.states(at: moment)
        self = PassiveScene(plans, states, at: time)
    }

    func status(of object: ObjectName = object) -> CheckStatus? {
        scheduler.status(of: object, at: moment)
    }
}
