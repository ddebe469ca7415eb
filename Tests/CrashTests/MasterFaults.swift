import Spool
import TestSupport

/// What goes wrong with a master, while forwarders come and go.
extension CrashScene {
    /// Kills the master under load and the daemon a moment later; the master comes back with what
    /// it had written down.
    func crashMaster() throws {
        let daemon = try startDaemon()
        defer { daemon.end() }
        try waitForDeliveries(daemon)
        try master.kill()
        tally.masterKills += 1
        try pass(Double.random(in: 0...0.5, using: &random))
        try kill(daemon)
        try effects.cut()
        try master.start()
        try effects.begin()
    }

    /// Kills the master under load, with the daemon living on.
    func crashMasterBesideDaemon() throws {
        let daemon = try startDaemon()
        defer { daemon.end() }
        try waitForDeliveries(daemon)
        try master.kill()
        tally.masterKills += 1
        try noteKill()
        daemon.pause()
        try effects.cut()
        try master.start()
        try effects.begin()
        daemon.resume()
        try waitForDeliveries(daemon)
        try kill(daemon)
    }

    /// Stalls the master with results in flight; uplink and daemon are killed and replaced before
    /// it goes on with what it had been sent.
    func stallMaster() throws {
        let daemon = try startDaemon()
        defer { daemon.end() }
        try waitForDeliveries(daemon)
        master.pause()
        tally.masterStalls += 1
        try pass(Double.random(in: 0.1...0.5, using: &random))
        if random.once(in: 2) {
            try killUplink(of: daemon)
            try pass(Double.random(in: 0...0.5, using: &random))
        }
        try kill(daemon)
        let next = try startDaemon()
        defer { next.end() }
        try pass(Double.random(in: 0.5...1.5, using: &random))
        master.resume()
        try waitForDeliveries(next)
        try kill(next)
    }

    /// Reloads the master under load; its old process goes on for a while.
    func reloadMaster() throws {
        let daemon = try startDaemon()
        defer { daemon.end() }
        try waitForDeliveries(daemon)
        master.askToReload()
        tally.masterReloads += 1
        try effects.waitForEnd()
        // the daemon tries again half a second after the old process has gone, at the earliest
        daemon.pause()
        try noteKill()
        try master.waitUntilReady()
        try effects.cut()
        try effects.begin()
        daemon.resume()
        try waitForDeliveries(daemon)
        try kill(daemon)
    }

    /// Waits until this daemon has had results acknowledged.
    func waitForDeliveries(_ daemon: RunningForwarder, count: Int = 40) throws {
        let before = try acknowledged()
        try eventually("results are acknowledged") {
            guard daemon.isRunning else { throw SupportFault("the daemon ended: \(daemon.log)") }
            return try acknowledged() >= before + count
        }
    }

    private func acknowledged() throws -> Int {
        guard try hasTables else { return 0 }
        return Int(try site.ask("SELECT sum(kept) AS n FROM lane").first?["n"].number ?? 0)
    }
}
