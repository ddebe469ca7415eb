import Foundation
import Spool
import TestSupport

/// How much is killed, and from which seed: the short form inside `make test`, the long one in
/// `make crash` (`FORWARDER_CRASH=full`).
struct CrashPlan {
    /// True in the long form.
    let isFull: Bool
    /// Accepted results of the main run.
    let results: Int
    /// Seconds between two checks of a service there.
    let interval: Double
    /// How often each named kill point is used.
    let rounds: Int
    /// Random kills of the main run: of the daemon, and of the uplink.
    let daemonKills: Int
    let uplinkKills: Int
    /// How often each fault of the master happens in the main run.
    let masterFaults: Int
    /// Kills in each of the runs beside the main one.
    let sideKills: Int
    /// By how much the host's clock is wrong in the runs with a wrong clock.
    let clockOffsets: [Int]
    /// Longest random life of a daemon, in seconds.
    let longestLife: Double
    /// Chooses what is killed, where and when.
    let seed: UInt64

    /// What the environment asks for.
    static let current: CrashPlan = {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["FORWARDER_CRASH_SEED"].flatMap { UInt64($0) }
        return environment["FORWARDER_CRASH"] == "full"
            ? CrashPlan(
                isFull: true, results: 10_000, interval: 0.4, rounds: 3, daemonKills: 130,
                uplinkKills: 80,
                masterFaults: 3,
                sideKills: 6, clockOffsets: [5, -5, 3600, -3600], longestLife: 3,
                seed: seed ?? .random())
            : CrashPlan(
                isFull: false, results: 1500, interval: 0.2, rounds: 1, daemonKills: 12,
                uplinkKills: 8,
                masterFaults: 1,
                sideKills: 2, clockOffsets: [-5], longestLife: 1.5,
                seed: seed ?? .random())
    }()
}

extension UInt64 {
    /// A seed that is short enough to be typed.
    fileprivate static func random() -> UInt64 { .random(in: 1..<1_000_000) }
}

extension KillPoint {
    /// Passed by every daemon that starts with a spool and delivers.
    static let everyday: [KillPoint] =
        [.opening, .sending, .sent, .answered]
        + both([.reopen, .register, .accept, .lease, .settle])
    /// Passed when a daemon makes its spool.
    static let firstStart = both([.migrate])
    /// Passed when a daemon is stopped as systemd would.
    static let stop = both([.schedule])
    /// Passed when a recheck that a master asks for is honoured.
    static let rechecking = both([.ledger])
    /// Passed when a master that forgot comes back.
    static let forgetful = both([.resend])
    /// Passed where the spool is small.
    static let evicting = both([.evict])
    /// Passed where a reader made the log too long.
    static let emptying: [KillPoint] = [.emptyingLog, .emptiedLog]
    /// Passed where the spool was damaged.
    static let quarantine: [KillPoint] = [.movingAside, .movedLogAside, .movedAside]
    /// Passed when delivered results need no more proof.
    static let proved = both([.confirm])

    private static func both(_ works: [Work]) -> [KillPoint] {
        works.flatMap { [.uncommitted($0), .committed($0)] }
    }

    /// True when a process passes it no more than once, or once for what a test asks for.
    var isOfStart: Bool {
        switch self {
        case .opening: true
        case .uncommitted(let work), .committed(let work):
            [.migrate, .reopen, .register, .schedule, .resend, .ledger].contains(work)
        default: false
        }
    }
}
