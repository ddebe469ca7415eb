import Monitoring
import Spool

/// One scenario on a disk that fails once, with the laws checked to the end.
struct FaultRun {
    /// What was seen; sums of many runs show that they proved something.
    struct Evidence: Sendable {
        var runs = 0
        /// Operations that failed.
        var hits = 0
        /// Calls that threw.
        var thrown = 0
        /// Changes that were in flight when the power went, and those that survived.
        var unsyncedAtCut = 0
        var unsyncedKept = 0
        /// Calls that threw and were found stored after a crash.
        var storedAfterAll = 0
        /// What contradicts the laws, with the plan that shows it.
        var violations: [String] = []

        mutating func add(_ other: Evidence) {
            runs += other.runs
            hits += other.hits
            thrown += other.thrown
            unsyncedAtCut += other.unsyncedAtCut
            unsyncedKept += other.unsyncedKept
            storedAfterAll += other.storedAfterAll
            violations += other.violations
        }
    }

    /// How a run ends, before all is read once more.
    enum End: Sendable {
        case close
        case cut(FaultyDisk.Survival)
    }

    private let scenario: FaultScenario
    private let plan: FaultyDisk.Plan
    private let end: End
    private let disk: FaultyDisk
    private let settings: SpoolSettings
    private var player: ActionPlayer?
    private var beliefs = Beliefs()
    private var evidence = Evidence(runs: 1)
    /// Calls that threw since the disk began to fail; the next one after healing must not.
    private var failedCalls = 0
    private var isHealed = false

    private init(_ scenario: FaultScenario, _ plan: FaultyDisk.Plan, _ end: End) throws {
        self.scenario = scenario
        self.plan = plan
        self.end = end
        disk = try FaultyDisk()
        settings = SpoolSettings(
            path: "\(disk.folder)/queue.db",
            sizeLimit: SpoolSettings.minimumSizeLimit
        )
    }

    /// Plays the scenario under a plan.
    ///
    /// - Parameter lyingFrom: the step from which on syncs are acknowledged and not done.
    /// - Returns: the evidence, and how many operations the plan's kinds had.
    static func play(
        _ scenario: FaultScenario,
        _ plan: FaultyDisk.Plan,
        end: End = .close,
        lyingFrom: Int? = nil
    ) async throws -> (evidence: Evidence, operations: Int) {
        var run = try FaultRun(scenario, plan, end)
        let operations = try await run.play(lyingFrom: lyingFrom)
        // lost on purpose: all laws were checked by now
        try? run.player?.spool.close()
        return (run.evidence, operations)
    }

    private mutating func play(lyingFrom: Int?) async throws -> Int {
        if scenario.preamble.isEmpty { disk.set(plan) }
        await open()
        for action in scenario.preamble { await perform(action) }
        if !scenario.preamble.isEmpty { disk.set(plan) }
        for (index, action) in scenario.steps.enumerated() {
            if index == lyingFrom { disk.startLying() }
            await perform(action)
            guard evidence.violations.isEmpty else { break }
        }
        let counts = disk.counts
        evidence.hits += counts.hits
        evidence.unsyncedAtCut += counts.unsyncedAtCut
        evidence.unsyncedKept += counts.unsyncedKept
        if !disk.isDead { disk.heal() }
        guard evidence.violations.isEmpty else { return counts.operations }
        await look()
        await finish()
        await drain()
        await look()
        for words in player?.allViolations() ?? [] { violated(words) }
        return counts.operations
    }

    private mutating func violated(_ words: String) {
        evidence.violations.append("\(scenario), \(plan): \(words)")
    }

    /// Opens the spool; twice when the disk failed the first time.
    private mutating func open() async {
        do {
            if player == nil {
                player = try ActionPlayer(settings)
            } else {
                try player?.open()
            }
        } catch {
            await recover(from: error)
        }
    }

    private mutating func perform(_ action: SpoolAction) async {
        guard evidence.violations.isEmpty, var player else { return }
        let (numbers, hits) = (player.nextNumber, disk.counts.hits)
        let result = await player.play(action)
        let tick = player.tick
        self.player = player
        switch result {
        case .success(let answer):
            if let predicted = beliefs.succeeded(
                action,
                tick: tick,
                numbers: numbers,
                answer: answer
            ) {
                violated("\(action) answered \(answer), expected \(predicted)")
            }
            if case .reopen = action {
                // closing hides what fails; then the log is read again as after a crash
                if disk.counts.hits > hits { beliefs.crashed() } else { beliefs.closed() }
            }
            if let rest = Self.rest(of: action, answer) {
                beliefs.threw(rest.action, tick: tick, numbers: numbers + rest.taken)
                let part = SpoolFault.storage(path: settings.path, code: 0, detail: "in part")
                return await recover(from: part, opens: false)
            }
            // the power can go in a part of a call that is not needed for its success
            if disk.isDead { await reboot() }
        case .failure(let fault):
            beliefs.threw(action, tick: tick, numbers: numbers)
            if case .reopen = action {
                await recover(from: fault, opens: true)
            } else {
                await recover(from: fault, opens: false)
            }
            // nothing is accepted before the destinations are known: the caller asks again
            if case .register = action { await perform(action) }
        }
    }

    /// What an append that was stored in part has left; nil for whatever was done as a whole.
    private static func rest(
        of action: SpoolAction, _ answer: SpoolAnswer
    ) -> (action: SpoolAction, taken: Int)? {
        guard case .append(let drafts) = action, case .receipt(let receipt) = answer,
            receipt.taken < drafts.count
        else { return nil }
        return (.append(Array(drafts[receipt.taken...])), receipt.taken)
    }

    /// After a call that threw: the power comes back, or the disk heals, or the next call works.
    private mutating func recover(from fault: SpoolFault, opens: Bool = true) async {
        evidence.thrown += 1
        failedCalls += 1
        if isHealed || disk.counts.hits == 0 { return violated("threw on a sound disk: \(fault)") }
        if disk.isDead { return await reboot() }
        switch fault {
        case .storage, .diskFull, .unwritable, .notDurable, .logBlocked: break
        default: violated("a failing disk was called \(fault)")
        }
        if !plan.isLasting || failedCalls == 2 {
            disk.heal()
            isHealed = true
        }
        guard opens else { return }
        await open()
        if isHealed {
            beliefs.crashed()
            await look()
        }
    }

    private mutating func reboot() async {
        // lost on purpose: nothing answers while the power is off
        try? player?.spool.close()
        do {
            try disk.restore()
            isHealed = true
            let before = beliefs.models
            beliefs.crashed()
            await open()
            try await player?.learnDestinations()
            await look()
            if beliefs.models.allSatisfy({ !before.map(\.reopened).contains($0) }) {
                evidence.storedAfterAll += 1
            }
        } catch {
            violated("no restart after a power cut: \(error)")
        }
    }

    /// Compares all that the spool shows with what it may hold.
    private mutating func look() async {
        guard evidence.violations.isEmpty, let spool = player?.spool else { return }
        do {
            if let words = beliefs.saw(try await spool.view()) { violated(words) }
            for words in try await spool.contradictions() { violated(words) }
        } catch {
            violated("cannot be read on a sound disk: \(error)")
        }
    }

    private mutating func finish() async {
        guard evidence.violations.isEmpty else { return }
        isHealed = true
        switch end {
        case .close: await perform(.reopen)
        case .cut(let survival):
            disk.cut(survival, seed: plan.seed)
            await reboot()
        }
    }

    /// Gives out and settles all that is left; every answer is compared.
    private mutating func drain() async {
        let objects = Array(0..<8)
        for place in 0..<2 {
            var left = true
            while left, evidence.violations.isEmpty {
                var exchange = SpoolAction.Exchange(place: place, leases: objects)
                exchange.endings = objects.map {
                    SpoolAction.Ended(object: $0, ending: .deliveredUnconfirmed)
                }
                await perform(.exchange(exchange))
                left = beliefs.models.contains { model in
                    model.destinations[place]?.lanes.values.contains { $0.leased != nil } ?? false
                }
            }
        }
    }
}

extension SpoolModel {
    /// The same spool after opening.
    var reopened: SpoolModel {
        var model = self
        model.reopen()
        return model
    }
}
