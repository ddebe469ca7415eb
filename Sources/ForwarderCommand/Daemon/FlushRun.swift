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
        let before = try await counts()
        var previous = before
        var highest = before
        var movedAt = ContinuousClock.now
        var hurriedAt = movedAt
        driver.tell(.hurry)
        while true {
            try await Task.sleep(for: Self.step)
            let now = try await counts()
            if now.left < previous.left { movedAt = .now }
            highest.left = max(highest.left, now.left)
            previous = now
            let reports = await driver.reports()
            let obstacle = reports.compactMap(\.fault).first?.text
            show(
                FlushProgress(
                    total: highest.left, done: highest.left - now.left, obstacle: obstacle))
            if reports.allSatisfy(\.isSettled) { break }
            let isStuck = reports.contains { $0.fault != nil }
            if isStuck, ContinuousClock.now - movedAt > patience { break }
            if isStuck, ContinuousClock.now - hurriedAt > Self.hurryInterval {
                driver.tell(.hurry)
                hurriedAt = .now
            }
        }
        return try await outcome(highest: highest)
    }

    private struct Counts {
        var left: Int
    }

    private func counts() async throws -> Counts {
        let status = try await spool.status()
        let live = status.destinations.filter { !$0.isRetired }
        return Counts(left: live.map { $0.queued + $0.leased }.reduce(0, +))
    }

    private func outcome(highest: Counts) async throws -> FlushOutcome {
        let status = try await spool.status()
        let reports = await driver.reports()
        var left: [FlushOutcome.Remainder] = []
        var count = 0
        for destination in status.destinations where !destination.isRetired {
            let waiting = destination.queued + destination.leased
            guard waiting > 0 else { continue }
            count += waiting
            let fault = reports.first { $0.name == destination.name }?.fault?.text
            let parked = try await spool.parkedReasons(of: destination.id)
            left.append(
                FlushOutcome.Remainder(
                    destination: destination.name, count: waiting,
                    reason: fault ?? parked.first ?? "The results are still on their way."))
        }
        return FlushOutcome(delivered: highest.left - count, left: left)
    }
}

extension SpoolQueue {
    /// Why objects are left alone, most frequent reason first, with examples.
    func parkedReasons(of destination: DestinationID) async throws -> [String] {
        var objects: [String: [String]] = [:]
        for lane in try await lanes(of: destination) where lane.queued > 0 {
            guard let parked = lane.parked else { continue }
            objects[parked.reason, default: []].append(lane.object.fullName)
        }
        let sorted = objects.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        return sorted.map { reason, names in
            let shown = names.sorted().prefix(3).joined(separator: ", ")
            return "\(names.count) objects (\(shown)\(names.count > 3 ? ", …" : "")): \(reason)"
        }
    }
}
