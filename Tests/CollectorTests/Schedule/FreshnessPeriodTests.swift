import Monitoring
import Testing

@testable import Collector

/// Time counts from the opening of the `check_period`, wherever that lies between a result and the
/// time at which it would be stale.
@Suite struct FreshnessPeriodTests {
    private static let hour = 3600.0

    private func scene(
        every hours: Double, _ days: String, _ times: String, submittedAt submission: Double
    ) throws -> PassiveScene {
        let plan = PassiveScene.plan(
            every: hours * Self.hour, period: try PassiveScene.period(days, times))
        var scene = PassiveScene([plan], at: submission * Self.hour)
        scene.submit()
        return scene
    }

    /// In hours, some of them since Monday, midnight.
    struct Break: Sendable {
        var every: Double
        var days = "monday - friday"
        var times = "9:00-17:00"
        var submitted: Double
        var stale: Double

        /// A limit is the interval and a tenth of it, an hour of that at most.
        static let all = [
            // closed for the night, due at ten in the morning: an hour is no whole time
            Break(every: 17, submitted: 16, stale: 41),
            // the same with room for it before the evening
            Break(every: 6, submitted: 16, stale: 39.6),
            // closed at noon, due right after it
            Break(every: 1, times: "9:00-12:00,13:00-17:00", submitted: 11.97, stale: 14.1),
            // due before noon: nothing was closed
            Break(every: 1, times: "9:00-12:00,13:00-17:00", submitted: 10.5, stale: 11.6),
            // submitted while closed
            Break(every: 1, submitted: 8, stale: 10.1),
            Break(every: 6, submitted: 8.9, stale: 15.6),
            // over midnight the period is open without a break
            Break(every: 1, times: "22:00-06:00", submitted: 23.5, stale: 24.6),
            Break(every: 1, times: "22:00-06:00", submitted: 21.5, stale: 23.1),
            // every day from midnight to midnight is never closed
            Break(
                every: 30, days: "monday - sunday", times: "00:00-24:00", submitted: 5, stale: 36),
            // a week-end in between
            Break(every: 90, times: "00:00-24:00", submitted: 96, stale: 259),
            // five minutes of an hour have no room for the interval: a second before they end
            Break(every: 0.1, times: "9:00-9:05,10:00-10:05", submitted: 9.02, stale: 10.0833),
        ]
    }

    @Test(arguments: Break.all)
    func `a break of the period gives the whole time again`(_ one: Break) throws {
        var scene = try scene(every: one.every, one.days, one.times, submittedAt: one.submitted)
        let listed = try #require(scene.status()?.staleAt)
        let told = try scene.first(until: 14 * 24 * Self.hour)
        #expect(abs(told.at / Self.hour - one.stale) < 0.001, "\(told.at / Self.hour)")
        #expect(listed == PassiveScene.midnight + .seconds(told.at), "list says so before")
    }

    @Test func `what is submitted each hour of a working day is never stale`() throws {
        let period = try PassiveScene.period("monday - friday", "9:00-17:00")
        var scene = PassiveScene([PassiveScene.plan(every: Self.hour, period: period)])
        for day in 0..<14 where day % 7 < 5 {
            for hour in 9..<17 {
                let time = (Double(day) * 24 + Double(hour)) * Self.hour + 1800
                #expect(scene.pass(until: time).isEmpty, "day \(day), \(hour):30")
                scene.submit()
            }
        }
    }

    /// The rule against a list of all stretches.
    @Test(arguments: [UInt64](1...15))
    func `for any period it is the first moment after both, or the last one of a short stretch`(
        seed: UInt64
    ) throws {
        var dice = Dice(seed: seed &* 31)
        let minutes = (0..<4).map { _ in Int.random(in: 0..<1440, using: &dice) }.sorted()
        let clock = minutes.map { "\($0 / 60):\($0 % 60 < 10 ? "0" : "")\($0 % 60)" }
        let days = ["monday - friday", "monday - sunday", "tuesday"].randomElement(using: &dice)
        guard Set(minutes).count == 4 else { return }
        let period = try PassiveScene.period(
            days ?? "monday", "\(clock[0])-\(clock[1]),\(clock[2])-\(clock[3])")
        let interval = Double([600, 3600, 36_000, 200_000].randomElement(using: &dice) ?? 600)
        let limit = FreshnessRule(interval: .seconds(interval)).limit
        let window = PassiveScene.midnight - .seconds(86_400)
        let all = period.openings(
            in: window..<(window + .seconds(40 * 86_400)), TestCalendar()
        ).spans
        for _ in 0..<8 {
            let submission = Double(Int.random(in: 0..<(7 * 86_400), using: &dice))
            var scene = PassiveScene(
                [PassiveScene.plan(every: interval, period: period)], at: submission)
            scene.submit()
            let base = scene.moment.wall + limit
            let expected = all.lazy.compactMap { span -> Timestamp? in
                let time = max(
                    base, min(span.lowerBound + limit, span.upperBound - .seconds(1)))
                return time < span.upperBound ? time : nil
            }.first
            let told = try scene.first(until: 30 * 86_400)
            let time = PassiveScene.midnight + .seconds(told.at)
            #expect(time == expected, "\(clock) \(interval) submitted at \(submission)")
        }
    }

    @Test func `after a restart the break counts as well`() throws {
        let plan = PassiveScene.plan(
            every: 6 * Self.hour,
            period: try PassiveScene.period("monday - friday", "9:00-17:00"))
        var scene = PassiveScene([plan], at: 16 * Self.hour)
        scene.submit()
        scene.restart([plan], at: 33.5 * Self.hour)
        let told = try scene.first(until: 48 * Self.hour)
        #expect(abs(told.at / Self.hour - 39.6) < 0.001)
    }

    // MARK: - Clocks that are set

    @Test func `an opening that the clock jumped over is the jump`() throws {
        var scene = try scene(every: 1, "monday - friday", "9:00-17:00", submittedAt: 16.5)
        #expect(scene.pass(until: 20 * Self.hour).isEmpty)
        // from eight in the evening to half past ten in the morning
        scene.set(by: 14.5 * Self.hour)
        #expect(scene.pass(until: 21.1 * Self.hour - 1).isEmpty, "the jump is no hour of work")
        #expect(scene.pass(until: 21.1 * Self.hour + 1).count == 1)
    }

    @Test func `a jump within the open time changes nothing`() throws {
        var scene = try scene(every: 1, "monday", "9:00-17:00", submittedAt: 11)
        #expect(scene.pass(until: 11.5 * Self.hour).isEmpty)
        scene.set(by: 2 * Self.hour)
        #expect(scene.pass(until: 12.1 * Self.hour - 1).isEmpty)
        #expect(scene.pass(until: 12.1 * Self.hour + 1).count == 1)
    }

    @Test func `a clock that is set back makes nothing stale, and hides nothing`() throws {
        var scene = try scene(every: 1, "monday", "9:00-17:00", submittedAt: 11)
        #expect(scene.pass(until: 11.5 * Self.hour).isEmpty)
        scene.set(by: -Self.hour)
        #expect(scene.pass(until: 12.1 * Self.hour - 1).isEmpty)
        #expect(scene.pass(until: 12.1 * Self.hour + 1).count == 1)
        // half past six in the morning: closed
        scene.submit()
        scene.set(by: -4 * Self.hour)
        let told = scene.pass(until: 24 * Self.hour)
        #expect(abs((told.first?.at ?? 0) / Self.hour - (14 + 1.1)) < 0.01)
    }
}
