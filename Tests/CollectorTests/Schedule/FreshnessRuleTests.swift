import Monitoring
import Testing

@testable import Collector

/// How late a result may be, and what is told then.
@Suite struct FreshnessRuleTests {
    @Test(arguments: [
        (1.0, 15.0), (60, 15), (300, 30), (3600, 360), (36_000, 3600), (86_400, 3600),
        (604_800, 3600),
    ])
    func `a result may be late by a tenth of the interval, 15 seconds at least, an hour at most`(
        interval: Double, tolerance: Double
    ) {
        let rule = FreshnessRule(interval: .seconds(interval))
        #expect(rule.tolerance == .seconds(tolerance))
        #expect(rule.limit == .seconds(interval + tolerance))
    }

    @Test func `what is told is UNKNOWN and says since when and by what rule`() {
        let rule = FreshnessRule(interval: .seconds(5400))
        let told = rule.output(since: Timestamp(microseconds: 1_700_000_000_000_000))
        #expect(told.state == .unknown && told.performanceData.isEmpty)
        #expect(told.text.hasPrefix("STALE: no result was submitted since that of 2023-11-1"))
        #expect(
            told.text.hasSuffix(
                """
                 - one is due every 1 hour and 30 minutes (check_interval), and 9 minutes more \
                were waited for it
                """))
        #expect(
            rule.output(since: nil).text.hasPrefix("STALE: no result was submitted yet - one is"))
    }

    @Test func `only a passive object of which results are expected has a rule`() {
        let name = ObjectName(host: "h", service: "backup")
        var plan = CheckPlan(object: name, isActive: false, expectsResults: true)
        #expect(plan.freshness == FreshnessRule(interval: .seconds(300)))
        plan.isActive = true
        #expect(plan.freshness == nil)
        plan = CheckPlan(object: name, isActive: false)
        #expect(plan.freshness == nil)
    }
}
