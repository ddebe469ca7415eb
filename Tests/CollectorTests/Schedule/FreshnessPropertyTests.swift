import Collector
import Monitoring
import Testing

private let object = ObjectName(host: "h", service: "s")
private let begin = Timestamp(microseconds: 1_700_000_000_000_000)

/// The rule against its own words, for random submissions, restarts and wishes.
@Suite struct FreshnessPropertyTests {
    private struct Story {
        var scheduler: CheckScheduler
        let plan: CheckPlan
        let limit: Duration
        var now = Duration.seconds(1000)
        /// From when on a result is waited for: the last one, or the last told staleness.
        var waitsSince = Duration.seconds(1000)
        var isStale = false
        var told = 0

        init(seed: UInt64, interval: Duration) {
            plan = CheckPlan(
                object: object, checkInterval: interval, retryInterval: interval,
                isActive: false, expectsResults: true)
            limit = FreshnessRule(interval: interval).limit
            scheduler = CheckScheduler(random: Dice(seed: seed))
            scheduler.apply([plan], at: moment)
        }

        var moment: Moment { Moment(monotonic: now, wall: begin + now) }

        /// When it has to be told next.
        var expected: Duration { waitsSince + (isStale ? plan.checkInterval : limit) }

        mutating func pass(_ span: Duration) {
            let end = now + span
            while let due = scheduler.earliestDue(), due <= end {
                #expect(due == expected)
                now = due
                let taken = scheduler.takeDue(at: moment)
                #expect(taken.count == 1)
                for check in taken {
                    #expect(check.told?.state == .unknown)
                    guard let told = check.told else { return }
                    _ = scheduler.finish(
                        check, output: told, start: moment.wall, end: moment.wall, at: moment)
                }
                isStale = true
                waitsSince = due
                told += 1
            }
            now = end
            #expect(expected > now, "nothing that had to be told was left out")
        }

        mutating func submit() {
            let output = PluginOutput(bytes: Array("ok".utf8), ending: .exited(0))
            #expect(scheduler.submit(object, output, at: moment) != nil)
            isStale = false
            waitsSince = now
        }

        /// A stop, some time without a daemon, and a start.
        mutating func restart(after gap: Duration) {
            let states = scheduler.states(at: moment)
            now += gap
            scheduler = CheckScheduler(random: Dice(seed: 2))
            scheduler.apply([plan], states: states, at: moment)
            let shortest = FreshnessRule.shortestTolerance
            let next = expected < now ? now + limit : max(expected, now + shortest)
            waitsSince = next - (isStale ? plan.checkInterval : limit)
        }
    }

    /// In whole milliseconds: what is stored is whole microseconds.
    private static func part(_ most: Double, of span: Duration, _ dice: inout Dice) -> Duration {
        let share = Double.random(in: 0...most, using: &dice)
        return .milliseconds(Int(share * span.inSeconds * 1000))
    }

    @Test(arguments: [UInt64](1...60))
    func `it is told exactly when nothing came in time, whatever happens in between`(
        seed: UInt64
    ) {
        var dice = Dice(seed: seed &* 77)
        let interval = Duration.seconds([1, 30, 300, 86_400].randomElement(using: &dice) ?? 1)
        var story = Story(seed: seed, interval: interval)
        for _ in 0..<300 {
            switch Int.random(in: 0..<10, using: &dice) {
            case 0..<5: story.pass(Self.part(1.5, of: story.limit, &dice))
            case 5..<8: story.submit()
            case 8: story.scheduler.apply([story.plan], at: story.moment)
            default: story.restart(after: Self.part(3, of: interval, &dice))
            }
        }
        #expect(story.told > 10, "the story has something to tell")
    }
}
