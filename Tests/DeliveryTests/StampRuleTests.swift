import Monitoring
import Testing

@testable import Delivery

private let t0 = Timestamp(microseconds: 1_700_000_000_000_000)

@Suite struct StampRuleTests {
    @Test func `a result keeps its own start when nothing speaks against it`() {
        let decision = StampRule.decide(
            start: t0, last: t0 - .seconds(60), translation: .zero, passed: t0 + .seconds(1),
            ahead: t0 + .seconds(1))
        #expect(decision == .stamp(t0))
    }

    @Test func `stamps of one object grow by at least a millisecond`() {
        let decision = StampRule.decide(
            start: t0, last: t0, translation: .zero, passed: t0 + .seconds(1),
            ahead: t0 + .seconds(1))
        #expect(decision == .stamp(t0 + .milliseconds(1)))
    }

    @Test func `a stamp slightly ahead of the master's clock is waited for`() {
        let decision = StampRule.decide(
            start: t0, last: nil, translation: .milliseconds(5), passed: t0, ahead: t0)
        #expect(decision == .hold(.milliseconds(5)))
    }

    @Test func `a stamp far ahead of the master's clock is set to its now`() {
        let decision = StampRule.decide(
            start: t0, last: t0 + .seconds(3600), translation: .zero, passed: t0,
            ahead: t0)
        #expect(decision == .stamp(t0))
    }

    @Test func `a stamp that may be the master's now is waited for, however wide that is`() {
        let decision = StampRule.decide(
            start: t0 + .seconds(15), last: nil, translation: .zero, passed: t0,
            ahead: t0 + .seconds(15))
        #expect(decision == .hold(.seconds(15)))
    }

    @Test func `repeats stay above the stamp of the result before`() {
        let lowest = StampRule.stamp(base: t0, attempt: StampRule.mostRepeats + 1)
        #expect(lowest > t0 - StampRule.smallestGap)
    }

    @Test func `each attempt is recognised, newer is superseded, older is absent`() {
        for attempt in 1...3 {
            let held = StampRule.stamp(base: t0, attempt: attempt)
            #expect(StampRule.verdict(base: t0, attempts: 3, held: held) == .delivered)
        }
        let below = StampRule.stamp(base: t0, attempt: 4)
        #expect(StampRule.verdict(base: t0, attempts: 3, held: below) == .absent)
        #expect(StampRule.verdict(base: t0, attempts: 3, held: nil) == .absent)
        let above = Timestamp(microseconds: t0.microseconds + 1)
        #expect(StampRule.verdict(base: t0, attempts: 3, held: above) == .superseded)
    }
}

private struct FixedTime: TimeSource {
    var wall: Timestamp
    var monotonic: Duration
}

@Suite struct MasterClockTests {
    private let time = FixedTime(wall: t0, monotonic: .seconds(1000))

    private func clock(skew: Duration) -> MasterClock {
        var clock = MasterClock()
        clock.observe(
            lastCheck: t0 + skew, sentAt: .seconds(1000) - .milliseconds(2),
            answeredAt: .seconds(1000))
        return clock
    }

    @Test func `a small skew is left alone and a large one is translated`() {
        #expect(clock(skew: .milliseconds(500)).translation(time: time) == .zero)
        let translated = clock(skew: .seconds(3600)).translation(time: time)
        #expect(abs((translated - .seconds(3600)).wholeMicroseconds) <= 1000)
    }

    @Test func `what may be the time that an answer took is no skew`() {
        for (early, late) in [(3.0, 0.0), (0.0, 3.0)] {
            var clock = MasterClock()
            clock.observe(
                lastCheck: t0, sentAt: .seconds(1000) - .seconds(early),
                answeredAt: .seconds(1000) + .seconds(late))
            #expect(clock.translation(time: time) == .zero)
        }
    }

    @Test func `a skew that is larger than the time an answer took is translated`() {
        for hour in [-3600.0, 3600] {
            var clock = MasterClock()
            clock.observe(
                lastCheck: t0 + .seconds(hour), sentAt: .seconds(997), answeredAt: .seconds(1000))
            let error = clock.translation(time: time) - .seconds(hour)
            #expect(abs(error.wholeMicroseconds) <= 1_500_000)
        }
    }

    @Test func `the master's clock is never taken to be later than it can be`() throws {
        let passed = try #require(clock(skew: .zero).certainlyPassed(at: .seconds(1000)))
        #expect(passed <= t0)
        #expect(passed >= t0 - .milliseconds(2))
    }

    @Test func `a step of this host's clock changes the skew but not the master's time`() {
        let known = clock(skew: .zero)
        let stepped = FixedTime(wall: t0 + .seconds(5), monotonic: .seconds(1000))
        #expect(
            known.certainlyPassed(at: .seconds(1000)) == known.certainlyPassed(at: .seconds(1000)))
        let skew = known.translation(time: stepped)
        #expect(abs((skew + .seconds(5)).wholeMicroseconds) <= 1000)
    }

    @Test func `brackets that overlap narrow each other and others replace`() throws {
        var known = clock(skew: .zero)
        known.observe(
            lastCheck: t0 + .milliseconds(999), sentAt: .seconds(1001) - .milliseconds(1),
            answeredAt: .seconds(1001) + .milliseconds(1))
        let narrowed = try #require(known.certainlyPassed(at: .seconds(1001)))
        #expect(narrowed >= t0 + .seconds(1) - .milliseconds(2))
        known.observe(
            lastCheck: t0 + .seconds(90), sentAt: .seconds(1002), answeredAt: .seconds(1002))
        let replaced = try #require(known.certainlyPassed(at: .seconds(1002)))
        #expect(replaced == t0 + .seconds(90))
    }

    @Test func `an absurd time is not taken`() {
        var known = MasterClock()
        known.observe(
            lastCheck: Timestamp(microseconds: .max), sentAt: .zero, answeredAt: .zero)
        known.observe(
            lastCheck: Timestamp(microseconds: .min + 1), sentAt: .zero, answeredAt: .zero)
        #expect(!known.isKnown)
    }
}

@Test func `waits double with jitter up to the longest and start over after a success`() {
    var random = SystemRandomNumberGenerator()
    var backoff = Backoff(first: .seconds(1), longest: .seconds(300))
    for doubling in 0..<40 {
        let most = min(Duration.seconds(300), .seconds(1) * (1 << min(doubling, 20)))
        let wait = backoff.next(using: &random)
        #expect(wait >= most / 2 && wait <= most)
    }
    backoff.reset()
    #expect(backoff.next(using: &random) <= .seconds(1))
}
