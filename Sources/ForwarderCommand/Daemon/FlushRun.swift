import Delivery
import Foundation
import Monitoring
import Spool

/// Delivers everything now: hurries the delivery and watches until nothing that can go is left.
struct FlushRun: Sendable {
    /// How long a destination may fail without a single result getting through.
    static let defaultPatience = Duration.seconds(10)
    /// How often it looks.
    static let step = Duration.milliseconds(100)
    /// How often a waiting destination is hurried.
    static let hurryInterval = Duration.seconds(1)

    let spool: SpoolQueue
    let driver: DeliveryDriver
    let inflow: Inflow
    var patience = Self.defaultPatience
    /// Why nothing can get through any more; nil while it can.
    var obstacle: @Sendable () -> SpoolFault? = { nil }

    /// Whether results come in beside the flush.
    enum Inflow: Sendable {
        /// A daemon checks on: done when as much was delivered as waited at the start.
        case goesOn
        /// This process alone owns the spool: done when the spool says that nothing is left.
        case none
    }

    /// Runs to the end; `show` hears of progress.
    ///
    /// Each destination is judged by itself: done when all that waited at the start is delivered
    /// or set aside, stuck when it fails and nothing got through for as long as the patience.
    func run(_ show: (FlushProgress) -> Void) async throws -> FlushOutcome {
        var watches: [String: Watch] = [:]
        let atStart = try await remainders()
        for report in await driver.reports() {
            let waiting = atStart.first { $0.destination == report.name }?.count ?? 0
            watches[report.name] = Watch(goal: waiting, before: report.counts.delivered)
        }
        driver.tell(.hurry)
        while true {
            try await Task.sleep(for: Self.step)
            if let fault = obstacle() { throw fault }
            let left = try await remainders()
            let reports = await driver.reports()
            for report in reports { watches[report.name]?.see(report) }
            let done = watches.values.map(\.done).reduce(0, +)
            let open = left.filter { waiting in
                watches[waiting.destination]?.isOver(waiting, inflow, patience: patience) == false
            }
            show(
                FlushProgress(
                    total: done + left.map(\.count).reduce(0, +), done: done,
                    obstacle: reports.compactMap(\.fault).first?.text))
            if open.isEmpty {
                let told = left.filter { waiting in
                    waiting.parkedCount > 0 || watches[waiting.destination]?.isShort == true
                }
                return FlushOutcome(delivered: done, left: told.map { $0.told(reports) })
            }
            hurry(reports, &watches)
        }
    }

    /// Cuts waits short, no more often than once a second and not for what was set aside.
    private func hurry(_ reports: [DeliveryReport], _ watches: inout [String: Watch]) {
        var isWanted = false
        for report in reports where report.fault != nil {
            isWanted = watches[report.name]?.mayHurry(every: Self.hurryInterval) == true || isWanted
        }
        if isWanted { driver.tell(.hurryLinks) }
    }

    /// What the run saw of one destination.
    private struct Watch {
        /// What waited at the start.
        let goal: Int
        let before: Int
        private(set) var done = 0
        private var hasFault = false
        private var movedAt = ContinuousClock.now
        private var hurriedAt = ContinuousClock.now

        init(goal: Int, before: Int) {
            self.goal = goal
            self.before = before
        }

        mutating func see(_ report: DeliveryReport) {
            let now = report.counts.delivered - before
            if now > done { movedAt = .now }
            done = now
            hasFault = report.fault != nil
        }

        /// True while less was delivered than waited at the start, or nothing gets through.
        var isShort: Bool { done < goal || hasFault }

        /// True when all that waited is delivered or set aside, or nothing more can be expected;
        /// what else is left came since.
        func isOver(_ waiting: Waiting, _ inflow: Inflow, patience: Duration) -> Bool {
            if waiting.isParked { return true }
            guard !hasFault else { return ContinuousClock.now - movedAt > patience }
            return inflow == .goesOn && done + waiting.parkedCount >= goal
        }

        mutating func mayHurry(every interval: Duration) -> Bool {
            guard ContinuousClock.now - hurriedAt > interval else { return false }
            hurriedAt = .now
            return true
        }
    }

    /// What waits at one destination.
    private struct Waiting {
        var destination: String
        var count: Int
        var parkedCount: Int
        var reasons: [String]

        /// True when all that waits is of objects that are left alone for a while; what came since
        /// is on its way.
        var isParked: Bool { count == parkedCount }

        func told(_ reports: [DeliveryReport]) -> FlushOutcome.Remainder {
            let fault = reports.first { $0.name == destination }?.fault?.text
            let reason = fault ?? reasons.first ?? "The results are still on their way."
            let isSetAside = fault == nil && parkedCount > 0
            return FlushOutcome.Remainder(
                destination: destination, count: isSetAside ? parkedCount : count, reason: reason)
        }
    }

    /// The destinations at which something waits.
    private func remainders() async throws -> [Waiting] {
        var remainders: [Waiting] = []
        for destination in try await spool.status().destinations where !destination.isRetired {
            let count = destination.queued + destination.leased
            guard count > 0 else { continue }
            var waiting = Waiting(
                destination: destination.name, count: count, parkedCount: 0, reasons: [])
            if destination.parkedObjects > 0 {
                let parked = try await spool.parked(of: destination.id)
                waiting.parkedCount = parked.map(\.count).reduce(0, +)
                waiting.reasons = parked.map(\.text)
            }
            remainders.append(waiting)
        }
        return remainders
    }
}

/// Objects that are left alone for the same reason.
struct ParkedObjects {
    var reason: String
    var objects: [String]
    /// Results of them that wait.
    var count: Int

    /// The reason with examples.
    var text: String {
        let shown = objects.sorted().prefix(3).joined(separator: ", ")
        let more = objects.count > 3 ? ", …" : ""
        return "\(Words.counted(objects.count, "object")) (\(shown)\(more)): \(reason)"
    }
}

extension SpoolQueue {
    /// Objects that are left alone, most frequent reason first.
    func parked(of destination: DestinationID) async throws(SpoolFault) -> [ParkedObjects] {
        var groups: [String: ParkedObjects] = [:]
        for lane in try await lanes(of: destination) where lane.queued > 0 {
            guard let parked = lane.parked else { continue }
            let none = ParkedObjects(reason: parked.reason, objects: [], count: 0)
            groups[parked.reason, default: none].objects.append(lane.object.fullName)
            groups[parked.reason]?.count += lane.queued
        }
        return groups.values.sorted {
            ($1.objects.count, $0.reason) < ($0.objects.count, $1.reason)
        }
    }
}
