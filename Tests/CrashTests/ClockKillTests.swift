import Spool
import TestSupport
import Testing

/// Kills on a host whose clock is wrong, is stepped, and is set right.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence)),
    .enabled(if: CrashPlan.current.isFull, "part of `make crash`")
)
struct ClockKillTests {
    private static let plan = CrashPlan.current
    private let services = NumberedServices(count: 8, interval: 0.3)
    /// Has the clock looked at often enough.
    private static let health = """
        object Service "forwarder" {
            host_name = NodeName
            check_interval = 1s
            retry_interval = 1s
        }
        """

    @Test(arguments: plan.clockOffsets)
    func `order survives kills on a host whose clock is wrong and set right`(
        secondsAhead offset: Int
    ) throws {
        let clock = try ShiftedClock()
        try clock.set(secondsAhead: offset)
        let scene = try CrashScene(
            "clock \(offset) s", services: services, clock: clock, definitions: Self.health)
        for point in [KillPoint.sent, .committed(.settle)] { try scene.kill(at: point) }
        try scene.lives(Self.plan.sideKills)
        try scene.stepInFlight(clock, to: 0)
        try scene.lives(Self.plan.sideKills)
        try scene.stepInFlight(clock, to: offset)
        scene.clock = nil
        try scene.lives(Self.plan.sideKills)
        try scene.finish(isClockTrue: false)
        #expect(scene.tally.cuts.contains { !$0.unresolved.isEmpty }, "nothing was in flight")
    }
}

extension CrashScene {
    /// So many random lives, some with a kill of the uplink.
    func lives(_ count: Int) throws {
        for _ in 0..<count { try randomLife(uplinkKills: random.once(in: 3) ? 1 : 0) }
    }

    /// Steps the host's clock while results are in flight, and kills the daemon some time later.
    fileprivate func stepInFlight(_ clock: ShiftedClock, to offset: Int) throws {
        let daemon = try startDaemon()
        defer { daemon.end() }
        try waitForDeliveries(daemon, count: 20)
        try clock.set(secondsAhead: offset)
        try waitForDeliveries(daemon, count: Int.random(in: 1...40, using: &random))
        try kill(daemon)
    }
}
