import Foundation
import Monitoring
import TestSupport
import Testing

@testable import Collector

/// The C library's calendar agrees with Foundation's, in the zone of this machine and in others.
@Suite struct SystemCalendarTests {
    private let calendar = SystemCalendar()

    @Test func `times of day are those that Foundation's calendar shows`() {
        var theirs = Calendar(identifier: .gregorian)
        theirs.timeZone = .current
        for day in 20_500..<20_900 {
            // no zone changes its clocks then
            for second in [5 * 3600 + 1234, 43_200, 80_000] {
                let time = calendar.time(second, ofDay: day)
                let parts = theirs.dateComponents(
                    [.hour, .minute, .second], from: Date(timeIntervalSince1970: time.seconds))
                let shown =
                    (parts.hour ?? 0) * 3600 + (parts.minute ?? 0) * 60 + (parts.second ?? 0)
                #expect(shown == second)
                #expect(calendar.dayNumber(at: time) == day)
            }
        }
    }

    @Test func `a day's times come in order, and days follow each other`() {
        for day in 20_500..<20_900 {
            let times = stride(from: 0, through: 86_400, by: 900).map {
                calendar.time($0, ofDay: day)
            }
            #expect(times == times.sorted(), "day \(day)")
            #expect(times.last == calendar.time(0, ofDay: day + 1))
            let length = (times[96] - times[0]).inSeconds
            #expect(
                [82_800, 84_600, 86_400, 88_200, 90_000].contains(length), "day \(day): \(length)")
        }
    }

    private static let mark = "FORWARDER_TEST_ZONE"

    /// A zone is a process's own, so another process is asked.
    @Test(
        .enabled(if: ProcessInfo.processInfo.environment[mark] == nil, "it is that process"),
        arguments: ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
    func `and so it is in zones with summer time`(_ zone: String) throws {
        let environment = ProcessInfo.processInfo.environment.merging(
            ["TZ": zone, Self.mark: zone]) { $1 }
        let outcome = try Command.run(
            CommandLine.arguments[0],
            ["--testing-library", "swift-testing", "--filter", "CollectorTests.SystemCalendar"],
            environment: environment)
        #expect(outcome.isSuccess, "\(outcome.outputText)\(outcome.errorText)")
        let said = outcome.outputText + outcome.errorText
        #expect(said.contains("in order, and days follow each other\" passed"))
    }
}
