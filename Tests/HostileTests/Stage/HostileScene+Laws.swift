import Foundation
import TestSupport

/// What one case came to.
struct CaseReport: Sendable {
    var name: String
    /// Laws that were broken; none in a sound forwarder.
    var complaints: [String] = []
    var seconds = 0.0
    var cpuSeconds: (daemon: Double, uplink: Double) = (0, 0)
    var peakBytes: (daemon: Int, uplink: Int) = (0, 0)
}

/// What no master may make the two processes use; measured, with room to spare.
enum Bounds {
    /// Resident memory of the daemon.
    static let daemonBytes = 64 << 20
    /// Resident memory of the uplink.
    ///
    /// An answer of 8 MiB, its copy while it grows, and 300,000 values of JSON in it.
    static let uplinkBytes = 80 << 20
    /// Processor time of a process: so much, and so much of each second that a case takes.
    ///
    /// Debug builds; a loop without an end would take all of each second.
    static func cpuSeconds(within elapsed: Double) -> Double { 0.5 + elapsed / 3 }
    /// Bytes of log that a case may add: so much, and a line for each connection that failed.
    static func logBytes(connections: Int) -> Int { (16 << 10) + 512 * connections }
}

extension HostileScene {
    /// The two processes as they stand at one moment.
    struct Look {
        var daemon: ProcessFigures
        var uplink: ProcessFigures
        var logCount: Int
        var runs: [String: Int]
        var losses: [String: Int]
        /// How many results had taken effect at each master.
        var effectCounts: [Int]
        /// The look took from then until now: between two, at most from the first one's beginning
        /// to the second one's end.
        var begun: ContinuousClock.Instant
        var ended = ContinuousClock.now
    }

    func look() throws -> Look {
        let begun = ContinuousClock.now
        guard let daemonFigures = ProcessFigures(of: daemon.pid),
            let uplinkFigures = ProcessFigures(of: uplink)
        else { throw SupportFault("a process is gone: \(daemon.log.suffix(2000))") }
        return Look(
            daemon: daemonFigures, uplink: uplinkFigures, logCount: daemon.log.utf8.count,
            runs: allRuns, losses: try losses(),
            effectCounts: masters.map(\.ledger.effects.count), begun: begun)
    }

    /// Plays a case to its end and says what it came to.
    func run(_ one: HostileCase) throws -> CaseReport {
        try run(one.name, one.price) { strangers in
            let doubts = try doubts()
            let loggedCount = daemon.log.utf8.count
            master.play(one.script(stage))
            let begun = ContinuousClock.now
            do {
                // A master that gets no time in the middle of its part is hung up on for its
                // silence; its next try says what the case is about.
                try eventually("the forwarder reacts") {
                    strangers.formUnion(strangeChildren())
                    return hasReacted(one.reaction)
                        && judgeLog(one, Array(daemon.log.utf8)[loggedCount...]).isEmpty
                }
            } catch {
                return ["no reaction (\(error)): \(master.sight)"]
            }
            let waited = (ContinuousClock.now - begun) / .seconds(1)
            master.playFair()
            let sight = master.sight
            if waited < one.earliest { return ["back after \(waited) s: \(sight)"] }
            return judge(one, sight) + (one.isDoubted ? judgeDoubts(since: doubts, sight) : [])
        } judgingLog: {
            judgeLog(one, $0)
        }
    }

    /// Has something done to the forwarder, lets sound masters make good, and judges by all laws.
    ///
    /// - Parameter ordeal: hears of processes that nobody planned; says what is wrong by itself.
    func run(
        _ name: String, _ price: HostileCase.Price = .nothing,
        _ ordeal: (inout Set<String>) throws -> [String],
        judgingLog: (ArraySlice<UInt8>) -> [String] = { _ in [] }
    ) throws -> CaseReport {
        var report = CaseReport(name: name)
        for pid in [daemon.pid, uplink] { ProcessFigures.forgetPeak(of: pid) }
        let before = try look()
        var strangers: Set<String> = []
        report.complaints += try ordeal(&strangers)
        for master in masters { master.playFair() }
        let runs = allRuns
        let flush = try site.run("flush")
        if !flush.isSuccess {
            report.complaints.append("flush: \(flush.outputText)\(flush.errorText.suffix(500))")
        }
        strangers.formUnion(strangeChildren())
        let after = try look()
        report.complaints += strangers.sorted().map { "a process that nobody planned: \($0)" }
        let added = Array(daemon.log.utf8)[before.logCount...]
        report.complaints += judgeAnyLog(added) + judgingLog(added)
        report.complaints += judgeRuns(before.runs, after.runs, elapsed(before, after))
        report.complaints += judgeLosses(price, before.losses, after.losses)
        report.complaints += judgeArrival(price, before, runs)
        judgeFigures(before, after, &report)
        return report
    }

    /// Submissions of which nobody knew whether they arrived, since the daemon was started.
    private func doubts() throws -> Int { Int(try site.destination()["ambiguous"].number ?? 0) }

    /// Each reply left open whether the result took effect.
    private func judgeDoubts(since before: Int, _ sight: HostileMaster.Sight) -> [String] {
        var count = 0
        // lost on purpose: the count says it
        _ = try? eventually("each is in doubt") {
            count = try doubts() - before
            return count >= sight.hits
        }
        return count >= sight.hits ? [] : ["\(count) of \(sight.hits) results were in doubt"]
    }

    private func elapsed(_ before: Look, _ after: Look) -> Double {
        (after.ended - before.begun) / .seconds(1)
    }

    private func hasReacted(_ reaction: HostileCase.Reaction) -> Bool {
        let sight = master.sight
        return switch reaction {
        case .hangsUp, .sendsNothing: sight.endedByClient > 0
        case .goesOn: sight.requestsAfterHit > 0
        case .bears(let count): sight.hits >= count
        case .asks(let count):
            sight.hits >= count
                && (sight.kinds.contains(.schedule) || !master.seenKinds.contains(.schedule))
        }
    }

    // MARK: The laws

    /// Nobody was spoken to who is not the master, and nobody was led elsewhere.
    private func judge(_ one: HostileCase, _ sight: HostileMaster.Sight) -> [String] {
        var complaints: [String] = []
        if case .sendsNothing = one.reaction, sight.handshakes > 0 || !sight.kinds.isEmpty {
            complaints.append("it shook hands with somebody who is not the master: \(sight)")
        }
        complaints += sight.faults
        if trap.isVisited { complaints.append("it went where it was led") }
        if FileManager.default.fileExists(atPath: stage.canary) {
            complaints.append("it ran what was smuggled in")
        }
        return complaints
    }

    /// It failed for the reason that the case is about.
    private func judgeLog(_ one: HostileCase, _ added: ArraySlice<UInt8>) -> [String] {
        let said = String(decoding: added, as: UTF8.self)
        guard let words = one.says, !said.contains(words) else { return [] }
        return ["the log does not say \"\(words)\" but: \(said.suffix(800))"]
    }

    /// The log stays short and drives no terminal.
    private func judgeAnyLog(_ added: ArraySlice<UInt8>) -> [String] {
        var complaints: [String] = []
        let connections = masters.map(\.sight.connections).reduce(0, +)
        if added.count > Bounds.logBytes(connections: connections) {
            complaints.append("\(added.count) bytes of log")
        }
        if added.contains(where: { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F }) {
            complaints.append("control characters in the log")
        }
        return complaints
    }

    /// No check ran but by the schedule, and by rechecks that the policy allows.
    private func judgeRuns(
        _ before: [String: Int], _ after: [String: Int], _ elapsed: Double
    ) -> [String] {
        var complaints: [String] = []
        for pulse in Self.pulses {
            let count = (after[pulse] ?? 0) - (before[pulse] ?? 0)
            if Double(count) > elapsed / Self.interval + 2 {
                complaints.append("\(pulse) ran \(count) times in \(elapsed) s")
            }
        }
        for (line, count) in asked {
            switch line {
            case "1 asked1", "1 asked2", "1 idle1": break
            case "1 closed1", "1 closed2":
                if count > 1 + hours { complaints.append("\(line) ran \(count) times") }
            default: complaints.append("a check ran as \(line)")
            }
        }
        if recheckCount > Self.recheckLimit { complaints.append("\(recheckCount) rechecks") }
        return complaints
    }

    /// Checks that ran because a master asked for them.
    var recheckCount: Int {
        let scheduled = ["1 asked1", "1 asked2"].map { max(0, (asked[$0] ?? 0) - 1 - hours) }
        return scheduled.reduce(asked["1 idle1"] ?? 0, +)
    }

    /// Whole hours since the start: so often what has no pulse is due besides its first check.
    private var hours: Int { Int((ContinuousClock.now - startedAt) / .seconds(3600)) }

    /// How often each check ran of what has no pulse, by what it was called with.
    private var asked: [String: Int] {
        let lines = site.pluginFile("asked.log").split(separator: "\n").map(String.init)
        return Dictionary(lines.map { ($0, 1) }, uniquingKeysWith: +)
    }

    /// Nothing is counted as lost but where the case is about that.
    private func judgeLosses(
        _ price: HostileCase.Price, _ before: [String: Int], _ after: [String: Int]
    ) -> [String] {
        guard case .nothing = price else { return [] }
        return Self.pulses.filter { before[$0] != after[$0] }.map {
            "\($0): \(after[$0] ?? 0) lost, \(before[$0] ?? 0) before"
        }
    }

    /// Every result took effect at each master, or is counted; in the end, so a while is waited.
    ///
    /// - Parameter runs: how often each plugin had been started when all was to be delivered.
    private func judgeArrival(
        _ price: HostileCase.Price, _ before: Look, _ runs: [String: Int]
    ) -> [String] {
        var absent: [String] = []
        // lost on purpose: what is absent even then says it
        _ = try? eventually("all results arrive") {
            let losses = try losses()
            absent = zip(masters, before.effectCounts).flatMap { master, count in
                Self.pulses.flatMap { pulse in
                    absences(of: pulse, master.ledger.effects, count, losses, runs, before)
                }
            }
            return absent.isEmpty
        }
        if case .order = price { return absent }
        return absent
            + zip(masters, before.effectCounts).flatMap { master, count in
                disorder(in: master.ledger.effects, from: count)
            }
    }

    /// Runs of a pulse that should have taken effect, or be counted, and are neither.
    private func absences(
        of pulse: String, _ effects: [IcingaLedger.Effect], _ oldCount: Int,
        _ losses: [String: Int], _ runs: [String: Int], _ before: Look
    ) -> [String] {
        func missing(_ effects: some Sequence<IcingaLedger.Effect>) -> Set<Int> {
            let numbers = Set(
                effects.lazy.filter { $0.object == pulse }.map { Self.run($0.output) })
            return Set(1..<((numbers.max() ?? 0) + 1)).subtracting(numbers)
        }
        let (all, lost) = (missing(effects), losses[pulse] ?? 0)
        // What an earlier case lacks is that one's complaint.
        let deficit = max(0, missing(effects[..<oldCount]).count - (before.losses[pulse] ?? 0))
        if all.count > lost + deficit {
            return ["\(pulse): \(all.sorted().suffix(8)) missing, \(lost) counted in all"]
        }
        let newest = effects.last { $0.object == pulse }.map { Self.run($0.output) } ?? 0
        // The newest one may still be running.
        let isThere = newest + max(0, lost - all.count) + 1 >= runs[pulse] ?? 0
        return isThere ? [] : ["\(pulse): \(runs[pulse] ?? 0) runs, the newest is \(newest)"]
    }

    /// New effects that came out of order, or twice.
    private func disorder(in effects: [IcingaLedger.Effect], from start: Int) -> [String] {
        var complaints: [String] = []
        var newest: [String: Int] = [:]
        for (place, effect) in effects.enumerated() where Self.pulses.contains(effect.object) {
            let run = Self.run(effect.output)
            let last = newest[effect.object] ?? 0
            newest[effect.object] = max(last, run)
            guard place >= start else { continue }
            if run <= last {
                complaints.append("\(effect.object): run \(run) took effect after run \(last)")
            }
            if effect.isAgain { complaints.append("the same stamp twice: \(effect)") }
        }
        return complaints
    }

    /// The number in an output of a pulse.
    static func run(_ output: String) -> Int {
        output.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    private func judgeFigures(_ before: Look, _ after: Look, _ report: inout CaseReport) {
        report.seconds = elapsed(before, after)
        report.cpuSeconds = (
            after.daemon.cpuSeconds - before.daemon.cpuSeconds,
            after.uplink.cpuSeconds - before.uplink.cpuSeconds
        )
        report.peakBytes = (after.daemon.peakBytes, after.uplink.peakBytes)
        let bound = Bounds.cpuSeconds(within: report.seconds)
        for (name, cpu, bytes, most) in [
            ("daemon", report.cpuSeconds.daemon, report.peakBytes.daemon, Bounds.daemonBytes),
            ("uplink", report.cpuSeconds.uplink, report.peakBytes.uplink, Bounds.uplinkBytes),
        ] {
            if cpu > bound { report.complaints.append("\(name): \(cpu) s CPU, bound \(bound)") }
            if bytes > most { report.complaints.append("\(name): \(bytes >> 20) MiB") }
        }
    }

    /// Children that are neither the uplink nor a plugin of the definitions.
    func strangeChildren() -> [String] {
        let plugins = site.folder.path("plugins/")
        let children = ProcessFigures.children(of: daemon.pid)
        // A child that is about to become a plugin still bears the daemon's command line.
        let own = children.filter { child in
            child.pid != uplink && !child.command.isEmpty && !child.command.contains(plugins)
                && !child.command.contains("forwarder daemon")
        }
        return own.map(\.command)
            + ProcessFigures.children(of: uplink).map { "of the uplink: \($0.command)" }
    }
}
