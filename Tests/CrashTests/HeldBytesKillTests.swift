import Foundation
import Spool
import TestSupport
import Testing

/// Bytes that arrive after their sender has gone, or in part.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence)),
    .enabled(if: CrashPlan.current.isFull, "part of `make crash`")
)
struct HeldBytesKillTests {
    /// Why the sender no longer waits for its answers.
    private enum End: CaseIterable {
        case uplinkKilled
        case daemonKilled
        case timeout
    }

    private let services = NumberedServices(count: 24, interval: 0.2)

    @Test func `bytes that arrive late, in part or never change nothing`() throws {
        let master = try PrivateMaster()
        let proxy = try DelayingProxy(to: master.port)
        let scene = try CrashScene(
            "held bytes", services: services,
            targets: [.init(master, port: proxy.port)],
            masterAttributes: "grace = 10s\nconnections = 1\nwindow = 16\nanswer_timeout = 2s")
        for _ in 0..<CrashPlan.current.rounds {
            for end in End.allCases {
                for fate in DelayingProxy.Fate.allCases {
                    try hold(proxy, until: end, fate, scene)
                }
            }
        }
        try scene.finish()
        let unresolved = scene.tally.cuts.map(\.unresolved.count).reduce(0, +)
        #expect(unresolved > 0, "nothing was held")
        #expect(scene.ledger.repeats > 0, "nothing was cut off")
    }

    /// Holds results back, one of them in the middle, ends who sent them, and hands them over
    /// before the grace period is over, or never.
    private func hold(
        _ proxy: DelayingProxy, until end: End, _ fate: DelayingProxy.Fate, _ scene: CrashScene
    ) throws {
        let daemon = try scene.startDaemon()
        defer { daemon.end() }
        try scene.waitForDeliveries(daemon)
        proxy.holdPresent(
            .toMaster, afterBytes: Int.random(in: 0...3000, using: &scene.random))
        try eventually("results are held back") { proxy.waitingCount(.toMaster) > 500 }
        switch end {
        case .uplinkKilled: try scene.killUplink(of: daemon)
        case .daemonKilled: try scene.kill(daemon)
        case .timeout:
            try eventually("the answers are given up") {
                try scene.site.ask("SELECT 1 FROM lane WHERE is_ambiguous = 1").isEmpty == false
            }
            try scene.noteKill()
        }
        let next = end == .daemonKilled ? try scene.startDaemon() : daemon
        defer { next.end() }
        try scene.pass(Double.random(in: 0.2...1.2, using: &scene.random))
        proxy.release(.toMaster, fate)
        try scene.waitForDeliveries(next)
        try scene.kill(next)
    }
}
