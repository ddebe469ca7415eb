import Foundation
import TestSupport
import Testing

/// A master that wants to harm its host, against the real daemon and the real uplink.
///
/// - The short form is part of `make test`, the long one is `make hostile`
///   (`FORWARDER_HOSTILE=full`). What each case does: docs/hostile-master.md.
/// - After each: no process was started that schedule and policy did not allow, nothing is lost,
///   memory and processor time are bounded, and a sound master gets everything.
@Suite(.serialized) struct HostileMasterTests {
    private static let isFull = ProcessInfo.processInfo.environment["FORWARDER_HOSTILE"] == "full"
    /// Only cases whose name contains one of these, which semicolons part; all if there is none.
    private static let wanted =
        (ProcessInfo.processInfo.environment["FORWARDER_HOSTILE_CASE"] ?? "").split(separator: ";")

    private static func isWanted(_ name: String) -> Bool {
        wanted.isEmpty || wanted.contains { name.contains($0) }
    }

    @Test func `nothing that a master says starts, loses, doubles or holds up anything`() throws {
        let cases = (Self.isFull ? HostileCase.all : HostileCase.short)
            .filter { Self.isWanted($0.name) }
        let scene = try HostileScene()
        defer { scene.daemon.end() }
        var reports: [CaseReport] = []
        for one in cases {
            let report = try scene.run(one)
            for complaint in report.complaints { Issue.record("\(one.name): \(complaint)") }
            if Self.isFull { print(report) }
            reports.append(report)
        }
        #expect(reports.count == cases.count)
        if Self.wanted.isEmpty {
            #expect(scene.recheckCount > 0, "not even what the policy allows was run")
        }
        print(Summary(reports))
    }

    @Test func `wherever a master stops, ends or resets, every result takes effect once`() throws {
        let sweeps = SweepCase.all.filter { Self.isWanted($0.name) }
        let scene = try HostileScene(masters: Self.isFull ? 16 : 4, timeout: 0.4)
        defer { scene.daemon.end() }
        var reports: [CaseReport] = []
        for sweep in sweeps {
            let positions = Once(sweep.positions(every: Self.isFull ? 1 : 40))
            let count = positions.count
            let report = try scene.run(sweep.name) { strangers in
                for master in scene.masters { master.play(sweep.script(positions)) }
                try eventually("it was done at all \(count) places") {
                    strangers.formUnion(scene.strangeChildren())
                    return positions.count == 0
                }
                var hits = 0
                // lost on purpose: the count says it
                _ = try? eventually("it was done as often") {
                    hits = scene.masters.map(\.sight.hits).reduce(0, +)
                    return hits >= count
                }
                return hits >= count ? [] : ["done \(hits) times of \(count)"]
            }
            for complaint in report.complaints { Issue.record("\(sweep.name): \(complaint)") }
            if Self.isFull { print(report) }
            reports.append(report)
        }
        print(Summary(reports))
    }
}

extension CaseReport: CustomStringConvertible {
    var description: String {
        func figure(_ value: Double) -> String { String(format: "%.2f", value) }
        return "\(name): \(figure(seconds)) s, CPU \(figure(cpuSeconds.daemon)) + "
            + "\(figure(cpuSeconds.uplink)) s, peak \(peakBytes.daemon >> 20) + "
            + "\(peakBytes.uplink >> 20) MiB"
    }
}

/// The most that any case took.
private struct Summary: CustomStringConvertible {
    let description: String

    init(_ reports: [CaseReport]) {
        let daemon = reports.map(\.peakBytes.daemon).max() ?? 0
        let uplink = reports.map(\.peakBytes.uplink).max() ?? 0
        let share = reports.map { max($0.cpuSeconds.daemon, $0.cpuSeconds.uplink) / $0.seconds }
        description = """
            \(reports.count) cases in \(Int(reports.map(\.seconds).reduce(0, +))) s; at most \
            \(daemon >> 20) MiB in the daemon, \(uplink >> 20) MiB in the uplink, and \
            \(Int((share.max() ?? 0) * 100)) % of a processor in one of them
            """
    }
}
