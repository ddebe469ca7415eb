import Foundation
import Spool
import TestSupport
import Testing

/// One forwarder and one master, killed again and again, and what came of it.
final class CrashScene {
    let services: NumberedServices
    let master: PrivateMaster
    let site: ForwarderSite
    let effects: EffectLog
    var clock: ShiftedClock?
    var random: SeededGenerator
    var ledger = Ledger()
    var tally = Tally()
    private let name: String
    /// Seconds for which delivered results are kept; ten minutes if nil.
    private let keepDelivered: Int?
    /// True when rows can be gone before a daemon dies.
    private let isForgetful: Bool

    /// Masters that run and a site that does not.
    ///
    /// - Parameter targets: the nodes of one zone, preferred first; what takes effect is watched at
    ///   the last one. One master if nil.
    init(
        _ name: String,
        services: NumberedServices,
        clock: ShiftedClock? = nil,
        targets: [ForwarderSite.Target]? = nil,
        masterAttributes: String = "grace = 1s\nconnections = 1\nwindow = 16",
        spoolAttributes: String = "",
        keepDelivered: Int? = nil,
        definitions: String = ""
    ) throws {
        self.name = name
        self.services = services
        self.clock = clock
        self.keepDelivered = keepDelivered
        isForgetful = keepDelivered != nil || !spoolAttributes.isEmpty
        random = SeededGenerator(seed: CrashPlan.current.seed)
        let targets = try targets ?? [ForwarderSite.Target(PrivateMaster())]
        guard let last = targets.last else { throw SupportFault("no master") }
        master = last.master
        site = try ForwarderSite(
            masters: targets,
            definitions: services.definitions + "\n" + definitions,
            masterAttributes: masterAttributes
        )
        try site.configureSpool(spoolAttributes)
        try site.plugin("count", services.plugin)
        effects = EffectLog(master, names: services.names)
        for target in targets {
            try site.renderInto(target.master)
            try target.master.start()
        }
        try effects.begin()
    }

    // MARK: Killing

    /// Has a daemon kill itself at a named point.
    ///
    /// - Parameter meanwhile: what makes it come by there; it may have died before.
    func kill(
        at point: KillPoint,
        meanwhile: (RunningForwarder) throws -> Void = { _ in }
    ) throws {
        let count = point.isOfStart ? 1 : Int.random(in: 1...12, using: &random)
        let daemon = try startDaemon(killedAt: point.name, count: count)
        defer { daemon.end() }
        try meanwhile(daemon)
        try eventually("\(point.name) is passed") {
            if isForgetful { try readLedger() }
            return !daemon.isRunning
        }
        #expect(daemon.killedAt == point.name, "\(point.name): \(daemon.log.suffix(1000))")
        tally.points[point.name, default: 0] += 1
        try noteKill()
    }

    /// Lets a daemon live for a random while and kills it; before that its uplink, some times.
    func randomLife(uplinkKills: Int = 0) throws {
        let longest = CrashPlan.current.longestLife
        let daemon = try startDaemon()
        defer { daemon.end() }
        for _ in 0..<uplinkKills {
            try pass(Double.random(in: 0.3...longest, using: &random))
            try killUplink(of: daemon)
        }
        try pass(Double.random(in: 0.05...longest, using: &random))
        try kill(daemon)
    }

    /// Kills a daemon at this moment.
    func kill(_ daemon: RunningForwarder) throws {
        try daemon.kill()
        tally.daemonKills += 1
        try noteKill()
    }

    /// Kills the uplink of a daemon at this moment.
    func killUplink(of daemon: RunningForwarder) throws {
        try daemon.killUplink()
        tally.uplinkKills += 1
        try noteKill()
    }

    func startDaemon(killedAt name: String? = nil, count: Int = 1) throws -> RunningForwarder {
        try site.startDaemon(
            clock: clock, killedAt: name, count: count, keepDelivered: keepDelivered)
    }

    /// Lets time pass; what is tested is what happens at any time.
    func pass(_ seconds: Double) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if isForgetful { try readLedger() }
            let left = (end - ContinuousClock.now) / .seconds(1)
            Thread.sleep(forTimeInterval: min(max(left, 0), isForgetful ? 0.1 : left))
        }
    }

    /// Reads what was accepted since, if there is a spool yet.
    func readLedger() throws {
        if try hasTables { try ledger.read(site) }
    }

    /// Writes down what was accepted and what was unresolved.
    func noteKill() throws {
        let at = Date().timeIntervalSince1970
        guard try hasTables else { return }
        try ledger.read(site)
        let rows = try site.ask(
            """
            SELECT object.name, result.output FROM lane
            JOIN object ON object.id = lane.object JOIN result ON result.id = lane.leased
            """
        )
        let unresolved = rows.compactMap { row in
            ServiceSeries.run(row["output"].string ?? "").map { number in
                (row["name"].string ?? "", number)
            }
        }
        tally.cuts.append(
            Tally.Cut(at: at, unresolved: Dictionary(unresolved) { first, _ in first }))
    }

    /// False until a daemon lived to make its spool.
    var hasTables: Bool {
        get throws {
            guard FileManager.default.fileExists(atPath: site.folder.path("spool.db")) else {
                return false
            }
            return try !site.ask("SELECT 1 FROM sqlite_master WHERE name = 'lane'").isEmpty
        }
    }

    // MARK: The end

    /// Looks at what took effect so far; between the lives of two daemons.
    func turnOver() throws {
        // what a killed uplink had handed over may still be on its way
        try pass(1)
        try effects.turnOver()
    }

    /// Delivers what is left and judges the whole run.
    func finish(isClockTrue: Bool = true) throws {
        try site.flushAll()
        try ledger.read(site)
        #expect(try site.waitingCount() == 0)
        try effects.drain()
        let requests = master.log.split(separator: "\n").filter {
            $0.contains("POST /v1/actions/process-check-result") && !$0.contains("user: root")
        }
        tally.show(
            name, seed: random.seed, ledger: ledger, effects: effects, requests: requests.count)
        let gaps = try ledger.gaps(site)
        #expect(gaps.isEmpty, "\(gaps.prefix(10))")
        let violations = effects.violations(of: ledger, isClockTrue: isClockTrue)
        if !violations.isEmpty { try keepEvidence() }
        #expect(violations.isEmpty, "\(violations.count): \(violations.prefix(10))")
        if tally.masterKills + tally.masterReloads == 0 {
            // Own health carries no number; it took effect as often as it was accepted.
            #expect(effects.count == ledger.entries.count)
        }
        try expectFinalState()
        try master.stop()
    }

    /// Copies spool, log and events of a failed run to where the environment says.
    private func keepEvidence() throws {
        guard let place = ProcessInfo.processInfo.environment["FORWARDER_CRASH_EVIDENCE"] else {
            return
        }
        let folder = "\(place)/\(name)-\(random.seed)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try Command.require(
            "sh",
            [
                "-c", #"cp "$1"/spool.db* "$2"/log/master.log "$3""#, "keep", site.folder.path,
                master.folder.path, folder,
            ])
        let lines = effects.entries.map { entry in
            "\(entry.processedAt) \(entry.object) \(entry.executionStart) "
                + "\(entry.attempt) \(entry.isHard) \(entry.output)"
        }
        try lines.joined(separator: "\n").write(
            toFile: "\(folder)/effects", atomically: true, encoding: .utf8)
    }

    /// Expects the master to stand where Icinga's rules lead with the accepted results.
    private func expectFinalState() throws {
        for (name, entries) in ledger.byObject {
            let object = try #require(try master.objectState(name), "\(name)")
            #expect(object.standing == NumberedServices.standings(entries.map(\.state)).last)
            let number = ServiceSeries.run(object.lastCheckResult?.output ?? "")
            #expect(number == entries.last?.number, "\(name)")
        }
    }
}

extension ForwarderSite {
    /// Adds attributes to the Spool object.
    fileprivate func configureSpool(_ attributes: String) throws {
        let text = try String(contentsOfFile: configurationPath, encoding: .utf8)
        let plain = #"path = "spool.db""#
        guard text.contains(plain) else { throw SupportFault("no Spool object in \(text)") }
        try folder.write(
            text.replacing(plain, with: "\(plain)\n\(attributes)"), to: "forwarder.conf")
    }
}
