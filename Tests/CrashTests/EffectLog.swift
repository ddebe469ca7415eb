import TestSupport

/// What took effect in a master, life by life: a killed master begins the next one with what it had
/// written down.
final class EffectLog {
    /// What a master held of an object when a life began.
    struct Held {
        /// The number of the newest result; nil before the first.
        var number: Int?
        var standing: ForwarderSite.Standing
    }

    /// From a start of the master to its end.
    struct Life {
        var held: [String: Held]
        var entries: [ProcessedResults.Entry]
        /// False when its last moments are not known.
        var isWhole: Bool
    }

    private(set) var lives: [Life] = []
    private let master: PrivateMaster
    private let names: [String]
    private var current: (held: [String: Held], stream: ProcessedResults)?

    /// A log of what `names` go through.
    init(_ master: PrivateMaster, names: [String]) {
        self.master = master
        self.names = names
    }

    /// Begins a life; nothing may be submitted meanwhile.
    func begin() throws {
        let stream = try ProcessedResults(master)
        var held: [String: Held] = [:]
        for name in names {
            guard let object = try master.objectState(name) else {
                throw SupportFault("the master does not know \(name)")
            }
            let output = object.lastCheckResult?.output ?? ""
            held[name] = Held(
                number: ServiceSeries.run(output), standing: object.standing)
        }
        current = (held, stream)
    }

    /// Ends a life whose every effect is known, with the master still there.
    func drain() throws {
        guard let (held, stream) = current else { return }
        add(held, try stream.drain(), isWhole: true)
        current = nil
    }

    /// Begins another life where the last one ends, with the same process; nothing may be submitted
    /// meanwhile.
    ///
    /// Short ones are read faster, and each begins with a look at what the master holds.
    func turnOver() throws {
        try drain()
        try begin()
    }

    /// Ends a life with the master's own end.
    func cut() throws {
        guard let (held, stream) = current else { return }
        try eventually("the event stream ends with the master") { !stream.isOpen }
        add(held, try stream.entries, isWhole: false)
        current = nil
    }

    /// Waits until the master's present process has gone.
    func waitForEnd() throws {
        guard let stream = current?.stream else { return }
        try eventually("the master's process ends") { !stream.isOpen }
    }

    /// All effects that are known.
    var entries: [ProcessedResults.Entry] { lives.flatMap(\.entries) }

    /// How many results took effect, those of the forwarder's own health too.
    private(set) var count = 0

    private func add(
        _ held: [String: Held], _ entries: [ProcessedResults.Entry], isWhole: Bool
    ) {
        let ours = entries.filter { $0.object.contains("!") }
        count += ours.count
        let numbered = ours.filter { ServiceSeries.run($0.output) != nil }
        lives.append(Life(held: held, entries: numbered, isWhole: isWhole))
    }
}

extension EffectLog {
    /// Where the effects are not those of the accepted results, each once and in order; empty when
    /// they are.
    ///
    /// - Parameter isClockTrue: whether the host's times are the master's.
    func violations(of ledger: Ledger, isClockTrue: Bool) -> [String] {
        let accepted = ledger.byObject
        return names.flatMap { name in
            Trace(accepted[name] ?? [], isClockTrue: isClockTrue).violations(lives, of: name)
        }
    }
}

/// The accepted results of one object, and what should have come of them.
private struct Trace {
    let accepted: [Ledger.Entry]
    let standings: [ForwarderSite.Standing]
    let isClockTrue: Bool

    init(_ accepted: [Ledger.Entry], isClockTrue: Bool) {
        self.accepted = accepted
        self.isClockTrue = isClockTrue
        standings = NumberedServices.standings(accepted.map(\.state))
    }

    func violations(_ lives: [EffectLog.Life], of name: String) -> [String] {
        guard !accepted.isEmpty else { return ["\(name) was never checked"] }
        var found: [String] = []
        for (index, life) in lives.enumerated() {
            let label = "\(name), life \(index + 1) of the master"
            let entries = life.entries.filter { $0.object == name }
            guard let held = life.held[name], var next = place(after: held.number) else {
                found.append("\(label) began with a result that was never accepted")
                continue
            }
            if next > 0, held.standing != standings[next - 1] {
                found.append("\(label) began as \(held.standing), not \(standings[next - 1])")
            }
            for entry in entries {
                if let fault = fault(entry, at: next) {
                    found.append("\(label): \(fault)")
                    break
                }
                next += 1
            }
            let starts = entries.map(\.executionStart)
            if zip(starts, starts.dropFirst()).contains(where: { $0 >= $1 }) {
                found.append("\(label): stamps do not increase")
            }
            if index == lives.count - 1, next != accepted.count {
                found.append("\(label): \(accepted.count - next) accepted results have no effect")
            }
            if life.isWhole, index + 1 < lives.count,
                place(after: lives[index + 1].held[name]?.number) != next
            {
                found.append("\(label) ended cleanly and the next begins elsewhere")
            }
        }
        return found
    }

    /// What is wrong with an effect where the accepted result `index` is due.
    private func fault(_ entry: ProcessedResults.Entry, at index: Int) -> String? {
        let number = ServiceSeries.run(entry.output)
        guard index < accepted.count else { return "one effect too many, run \(number ?? -1)" }
        let due = accepted[index]
        guard number == due.number else {
            let place = accepted.firstIndex { $0.number == number }
            let what = place.map { $0 < index ? "doubled" : "early" } ?? "never accepted"
            let standing = ForwarderSite.Standing(
                state: entry.state, isHard: entry.isHard, attempt: entry.attempt)
            return """
                run \(number ?? -1) is \(what) where run \(due.number ?? -1) is due; it led to \
                \(standing), which was to be \(place.map { standings[$0] } as Any)
                """
        }
        let standing = ForwarderSite.Standing(
            state: entry.state, isHard: entry.isHard, attempt: entry.attempt)
        if standing != standings[index] {
            return "run \(number ?? -1) led to \(standing), not \(standings[index])"
        }
        if isClockTrue, abs(entry.executionStart - due.start) > 0.0015 {
            return "run \(number ?? -1) is stamped \(entry.executionStart), not \(due.start)"
        }
        return nil
    }

    /// The index of the result after the one with that number.
    private func place(after number: Int?) -> Int? {
        guard let number else { return 0 }
        return accepted.firstIndex { $0.number == number }.map { $0 + 1 }
    }
}
