import Spool
import TestSupport
import Testing

/// Kills while the preferred one of two nodes goes and comes back.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence)),
    .enabled(if: CrashPlan.current.isFull, "part of `make crash`")
)
struct PairKillTests {
    private let plan = CrashPlan.current
    private let services = NumberedServices(count: 8, interval: 0.4)
    private static let attributes = """
        grace = 1s
        answer_timeout = 3s
        relay_delay = 10s
        minimum_stay = 2s
        """

    @Test func `a failover with kills on both sides loses and doubles nothing`() throws {
        let pair = try MasterPair()
        let scene = try CrashScene(
            "pair", services: services, targets: [.init(pair.first), .init(pair.second)],
            masterAttributes: Self.attributes)
        try pair.waitUntilConnected()
        for _ in 0..<plan.masterFaults {
            try scene.lives(2)
            let daemon = try scene.startDaemon()
            defer { daemon.end() }
            try waitForNode("master1", scene)
            try scene.waitForDeliveries(daemon)
            try pair.first.kill()
            scene.tally.masterKills += 1
            try scene.pass(Double.random(in: 0...2, using: &scene.random))
            try scene.kill(daemon)
            try scene.lives(3)
            try pass(by: "master2", scene)
            try pair.first.start()
            try pair.waitUntilConnected()
            try pass(by: "master1", scene)
        }
        try scene.finish()
        try pair.first.stop()
        #expect(scene.tally.masterKills == plan.masterFaults)
    }

    /// Has results delivered by a node, and kills the daemon.
    private func pass(by node: String, _ scene: CrashScene) throws {
        let daemon = try scene.startDaemon()
        defer { daemon.end() }
        try waitForNode(node, scene)
        try scene.waitForDeliveries(daemon)
        try scene.kill(daemon)
    }

    private func waitForNode(_ name: String, _ scene: CrashScene) throws {
        try eventually("results go to \(name)", patience: .seconds(90)) {
            let destination = try scene.site.destination()
            return destination["node"].string == name && destination["link"].string == "open"
        }
    }
}
