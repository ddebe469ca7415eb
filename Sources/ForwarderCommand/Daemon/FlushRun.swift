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
    var patience = Self.defaultPatience

    /// Runs to the end; `show` hears of progress.
    func run(_ show: (FlushProgress) -> Void) async throws -> FlushOutcome {
        let deliveredBefore = await delivered()
        var watch = Watch()
        driver.tell(.hurry)
        while true {
            try await Task.sleep(for: Self.step)
            let remainders = try await remainders()
            let reports = await driver.reports()
            let done = await delivered() - deliveredBefore
            watch.see(done: done)
            let left = remainders.map(\.count).reduce(0, +)
            let fault = reports.compactMap(\.fault).first?.text
            show(FlushProgress(total: done + left, done: done, obstacle: fault))
            let isDone = reports.allSatisfy(\.isSettled) && remainders.allSatisfy(\.isParked)
            let isStuck = fault != nil && watch.restingTime > patience
            if isDone || isStuck {
                return FlushOutcome(delivered: done, left: remainders.map { $0.told(reports) })
            }
            if fault != nil, watch.mayHurry(every: Self.hurryInterval) { driver.tell(.hurry) }
        }
    }

    /// What the run saw so far.
    private struct Watch {
        private var done = 0
        private var movedAt = ContinuousClock.now
        private var hurriedAt = ContinuousClock.now

        mutating func see(done now: Int) {
            if now > done { movedAt = .now }
            done = now
        }

        /// How long nothing got through.
        var restingTime: Duration { ContinuousClock.now - movedAt }

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
            return FlushOutcome.Remainder(
                destination: destination, count: count, reason: reason)
        }
    }

    /// Results that certainly took effect since the process started, at all destinations.
    private func delivered() async -> Int {
        await driver.reports().map(\.counts.delivered).reduce(0, +)
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
    func parked(of destination: DestinationID) async throws -> [ParkedObjects] {
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
