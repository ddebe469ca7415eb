@testable import Collector
import ConfigLanguage
import Monitoring
import Testing

/// What functions learn of time periods, as Icinga's documentation has thresholds for a backup.
@Suite struct PeriodFunctionTests {
    /// Monday 2023-11-13, midnight at Greenwich.
    private static let monday = Timestamp(microseconds: 1_699_833_600_000_000)

    private final class Clock: RuntimeFactsSource {
        var now = monday

        func facts(of objects: [ObjectName]) -> RuntimeFacts {
            RuntimeFacts(now: now, started: monday)
        }
    }

    private static func preparer(_ text: String, _ clock: Clock) throws -> CheckPreparer {
        CheckPreparer(
            try DefinitionFixture.load(
                text + """

                    object Service "s" { host_name = NodeName; check_command = "c" }
                    """),
            runtime: clock, calendar: TestCalendar())
    }

    private static let name = ObjectName(host: "node1", service: "s")

    @Test func `is_inside tells at each check whether the moment belongs to the period`() throws {
        let clock = Clock()
        let preparer = try Self.preparer(
            """
            object TimePeriod "backup" { ranges = { "monday" = "02:00-03:00" } }
            object TimePeriod "other" { includes = [ "backup" ] }
            object TimePeriod "rest" {
              ranges = { "monday" = "00:00-24:00" }
              excludes = [ "backup" ]
              prefer_includes = false
            }
            object CheckCommand "c" {
              command = [ "/p", "$load$", "$all$" ]
              vars.load = {{ if (get_time_period("backup").is_inside) { 20 } else { 5 } }}
              vars.all = {{
                get_objects(TimePeriod).map(p => p.name + "=" + string(p.is_inside)).join(" ")
              }}
            }
            """, clock)
        func words() -> [String]? { preparer.prepare(Self.name).snapshot.commandLine }
        #expect(words() == ["/p", "5", "backup=false other=false rest=true"])
        clock.now = Self.monday + .seconds(2 * 3600)
        #expect(words() == ["/p", "20", "backup=true other=true rest=false"])
        clock.now = Self.monday + .seconds(3 * 3600)
        #expect(words() == ["/p", "5", "backup=false other=false rest=true"])
    }

    @Test func `while files are read, all times belong to a period, as in Icinga`() throws {
        let definitions = try DefinitionFixture.load(
            """
            object TimePeriod "p" { ranges = { }; vars.inside = is_inside }
            """)
        let period = definitions.session.registry.object(type: "TimePeriod", name: "p")
        #expect(period?["vars"].asDictionary?["inside"]?.isTruthy == true)
    }

    @Test func `a check that asks for more times of day than it may is told so`() throws {
        let times = Array(repeating: "00:00-24:00", count: 990).joined(separator: ",")
        let periods = (0..<22)
            .map { "object TimePeriod \"p\($0)\" { ranges = { \"monday\" = \"\(times)\" } }\n" }
        let asked = { (count: Int) throws -> CheckAction in
            try Self.preparer(
                periods.joined() + """
                    object CheckCommand "c" {
                      command = [ "/p" ]
                      arguments = { "-n" = {{
                        var n = 0
                        for (round in range(50)) {
                          for (i in range(\(count))) {
                            if (get_time_period("p" + i).is_inside) { n += 1 }
                          }
                        }
                        n
                      }} }
                    }
                    """, Clock()
            ).prepare(Self.name).action
        }
        guard case .plugin(let command) = try asked(20) else {
            Issue.record("20 periods are not too many")
            return
        }
        #expect(command.argumentVector.last == Array("1000".utf8))
        guard case .unbuildable(let reason) = try asked(21) else {
            Issue.record("21 periods were asked")
            return
        }
        #expect(reason.contains("more than 20000 times of day"))
    }
}
