import Delivery
import Foundation
import Monitoring
import Spool

/// Delivers everything now: hurries the delivery and watches until nothing that can go is left.
struct FlushRun: Sendable {
    /// How often it looks.
    static let step = Duration.milliseconds(100)

    let spool: SpoolQueue
    let driver: DeliveryDriver
    let inflow: FlushCourse.Inflow
    /// How long each destination gets.
    let patience: [String: FlushCourse.Patience]
    var time: any TimeSource = SystemTime()
    /// Why nothing can get through any more; nil while it can.
    var obstacle: @Sendable () -> SpoolFault? = { nil }

    /// Runs to the end that ``FlushCourse`` sees; `show` hears of progress.
    ///
    /// - Throws: what `show` throws, which ends it.
    func run(_ show: (FlushProgress) throws -> Void) async throws -> FlushOutcome {
        let newest = try await spool.newestSequence()
        let before = await withheldCount()
        let setAside = Set(try await spool.waiting(upTo: newest).flatMap(Self.waits))
        var course = FlushCourse(
            ways: await ways(), inflow: inflow, patience: patience, at: time.monotonic)
        driver.tell(.hurry)
        while true {
            try await Task.sleep(for: Self.step)
            if let fault = obstacle() { throw fault }
            let left = try await waiting(upTo: newest, setAside)
            let step = course.look(waiting: left, ways: await ways(), at: time.monotonic)
            try show(step.progress)
            if var outcome = step.outcome {
                outcome.withheld = await withheldCount() - before
                return outcome
            }
            if step.shouldHurry { driver.tell(.hurryLinks) }
        }
    }

    private func withheldCount() async -> Int {
        await driver.reports().map(\.counts.withheld).reduce(0, +)
    }

    private func ways() async -> [FlushCourse.Way] {
        await driver.reports().map { report in
            FlushCourse.Way(
                destination: report.name, delivered: report.counts.delivered,
                skipped: report.counts.compacted + report.counts.withheld,
                fault: report.fault?.text,
                isIdle: report.nextTry != nil,
                isAbsent: report.link == DeliveryReport.withoutUplink,
                warnings: report.warnings)
        }
    }

    /// A wait of an object that is left alone; each try that fails begins another.
    private struct Wait: Hashable {
        var destination: DestinationID
        var object: ObjectName
        var until: Timestamp
    }

    private static func waits(_ results: WaitingResults) -> [Wait] {
        results.parked.compactMap { wait($0, results.destination) }
    }

    private static func wait(_ lane: Lane, _ destination: DestinationID) -> Wait? {
        lane.parked.map { parked in
            Wait(destination: destination, object: lane.object, until: parked.until)
        }
    }

    /// The destinations at which something waits.
    ///
    /// - Parameter before: the waits when the flush began.
    private func waiting(
        upTo newest: Spool.Sequence, _ before: Set<Wait>
    ) async throws -> [FlushCourse.Waiting] {
        try await spool.waiting(upTo: newest).map { results in
            let parked = ParkedObjects.groups(of: results.parked)
            let untried = results.parked.filter { lane in
                Self.wait(lane, results.destination).map(before.contains) == true
            }
            return FlushCourse.Waiting(
                destination: results.name, count: results.count,
                parkedCount: parked.map(\.count).reduce(0, +),
                untriedCount: untried.map(\.queued).reduce(0, +),
                reasons: parked.map(\.text),
                isOldLeft: inflow == .none || results.isOldLeft)
        }
    }
}

/// Objects that are left alone, or whose newest results are withheld, for the same reason.
struct ParkedObjects {
    var reason: String
    var objects: [String]
    /// Results of them that wait, or are withheld.
    var count: Int

    /// The reason with examples.
    var text: String {
        let shown = objects.sorted().prefix(3).joined(separator: ", ")
        let more = objects.count > 3 ? ", …" : ""
        return "\(Words.counted(objects.count, "object")) (\(shown)\(more)): \(reason)"
    }
}

extension DeliveryReport {
    /// The word of ``link`` while there is no uplink.
    static let withoutUplink = "no uplink"
}

extension ParkedObjects {
    /// Objects of these lanes that are left alone, most frequent reason first.
    static func groups(of lanes: [Lane]) -> [ParkedObjects] {
        var groups: [String: ParkedObjects] = [:]
        for lane in lanes where lane.queued > 0 {
            guard let parked = lane.parked else { continue }
            let none = ParkedObjects(reason: parked.reason, objects: [], count: 0)
            groups[parked.reason, default: none].objects.append(lane.object.fullName)
            groups[parked.reason]?.count += lane.queued
        }
        return sorted(groups)
    }

    fileprivate static func sorted(_ groups: [String: ParkedObjects]) -> [ParkedObjects] {
        groups.values.sorted { ($1.objects.count, $0.reason) < ($0.objects.count, $1.reason) }
    }
}

extension SpoolQueue {
    /// Objects that are left alone, most frequent reason first.
    func parked(of destination: DestinationID) async throws(SpoolFault) -> [ParkedObjects] {
        ParkedObjects.groups(of: try await lanes(of: destination))
    }

    /// Objects whose newest results are withheld, most frequent reason first.
    func withheld(from destination: DestinationID) async throws(SpoolFault) -> [ParkedObjects] {
        var groups: [String: ParkedObjects] = [:]
        for lane in try await lanes(of: destination) {
            guard let reason = lane.withheldReason else { continue }
            let none = ParkedObjects(reason: reason, objects: [], count: 0)
            groups[reason, default: none].objects.append(lane.object.fullName)
            groups[reason]?.count += lane.losses.withheld
        }
        return ParkedObjects.sorted(groups)
    }
}
