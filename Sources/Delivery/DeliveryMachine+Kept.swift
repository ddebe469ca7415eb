internal import Monitoring
internal import Spool
internal import UplinkMessages

/// Comparing what the master acknowledged with what it holds: on each new connection, before
/// anything is submitted, and now and then while one lasts.
struct KeptWork: Sendable {
    enum Stage: Hashable, Sendable {
        case idle
        /// A new connection wants it.
        case wanted
        case loading
        case asking
        case judging
    }

    private(set) var stage = Stage.idle
    /// Which comparison it is; answers of the spool to an earlier one count no more.
    private(set) var round = 0
    /// When kept results are compared again while the connection lasts.
    private(set) var dueAt: Duration = .zero
    private var hasKept = false
    private var lanes: [ObjectName: KeptLane] = [:]
    private(set) var verdicts: [KeptVerdict] = []
    /// What another node acknowledged and this one does not hold yet; nothing newer goes out for
    /// these objects until it does or is sent again.
    private var laggards: [ObjectName: KeptLane] = [:]
    private var laggardsDueAt: Duration = .zero
    private var laggardWait = Self.firstLaggardWait

    mutating func noteKept() { hasKept = true }

    func isDue(at monotonic: Duration) -> Bool {
        hasKept && stage == .idle && monotonic >= dueAt
    }

    /// When the machine has to look again; nil when nothing is kept.
    func wake(for phase: DeliveryLink.Phase) -> Duration? {
        guard hasKept, stage == .idle, phase == .open || phase == .resting else { return nil }
        return laggards.isEmpty ? dueAt : min(dueAt, laggardsDueAt)
    }

    mutating func begin() { stage = .wanted }

    mutating func abandon() {
        stage = .idle
        lanes = [:]
        verdicts = []
    }

    mutating func load() -> DeliveryAction {
        stage = .loading
        round += 1
        return .loadKept(round: round)
    }

    mutating func ask(about kept: [KeptLane]) {
        stage = .asking
        lanes = Dictionary(kept.map { ($0.object, $0) }) { first, _ in first }
        verdicts = []
    }

    /// Takes the lane of an answered object out; nil when it was not asked about.
    mutating func answered(_ object: ObjectName) -> KeptLane? {
        lanes.removeValue(forKey: object)
    }

    mutating func add(_ verdict: KeptVerdict) { verdicts.append(verdict) }

    var isComplete: Bool { stage == .asking && lanes.isEmpty }

    mutating func judge() -> [KeptVerdict] {
        stage = .judging
        return verdicts
    }

    mutating func finish(at monotonic: Duration, next interval: Duration) {
        stage = .idle
        lanes = [:]
        verdicts = []
        scheduleLaggards(at: monotonic)
        dueAt = monotonic + interval
    }

    mutating func nothingKept() { hasKept = false }

    // MARK: Laggards

    /// How long to wait before laggards are asked about again; doubles each time.
    ///
    /// 1 second: nodes that are connected relay within milliseconds.
    private static let firstLaggardWait = Duration.seconds(1)

    var hasLaggards: Bool { !laggards.isEmpty }

    func isLagging(_ object: ObjectName) -> Bool { laggards[object] != nil }

    func laggardsAreDue(at monotonic: Duration) -> Bool {
        stage == .idle && !laggards.isEmpty && monotonic >= laggardsDueAt
    }

    mutating func lag(_ lane: KeptLane) { laggards[lane.object] = lane }

    mutating func catchUp(_ object: ObjectName) { laggards[object] = nil }

    /// All of them, none any more.
    mutating func releaseLaggards() -> [ObjectName] {
        defer { laggards = [:] }
        laggardWait = Self.firstLaggardWait
        return laggards.keys.sorted()
    }

    /// All of them, to be asked about now.
    mutating func askLaggards() -> [ObjectName] {
        round += 1
        ask(about: Array(laggards.values))
        return laggards.keys.sorted()
    }

    private mutating func scheduleLaggards(at monotonic: Duration) {
        laggardsDueAt = monotonic + laggardWait
        laggardWait = min(laggardWait * 2, .seconds(16))
    }

    /// Not asked about.
    var shunned = ShunnedObjects()

    /// The lanes that may be asked about.
    mutating func askable(_ kept: [KeptLane], at monotonic: Duration) -> [KeptLane] {
        shunned.expire(at: monotonic)
        return kept.filter { !shunned.contains($0.object) }
    }
}

extension DeliveryMachine {
    mutating func compareKept(at now: Moment, _ actions: inout [DeliveryAction]) {
        switch (link.phase, keptWork.stage) {
        case (.comparing, .wanted), (.comparing, .idle):
            // What was acknowledged last has to be among what is compared.
            guard committing == nil, settlements.isEmpty else { return }
            guard link.canReadBack else {
                releaseLaggards()
                finishComparison(at: now)
                return
            }
            actions.append(keptWork.load())
        case (.open, .idle) where keptWork.laggardsAreDue(at: now.monotonic):
            enqueue(keptWork.askLaggards(), for: .kept)
        case (.open, .idle) where keptWork.isDue(at: now.monotonic):
            actions.append(keptWork.load())
        case (_, .asking) where keptWork.isComplete:
            judge(at: now, &actions)
        default: break
        }
    }

    mutating func keptLoaded(_ kept: [KeptLane], _ round: Int, at now: Moment) {
        guard keptWork.stage == .loading, keptWork.round == round else { return }
        if kept.isEmpty { keptWork.nothingKept() }
        // A new connection looks at all of them anew.
        if link.phase == .comparing { releaseLaggards() }
        // On a new connection all are compared; later only those that can be proved.
        let proved = ages.before(now)
        let wanted = kept.filter { lane in
            link.phase == .comparing || proved.map { lane.oldestAcknowledged < $0 } ?? false
        }
        let asked = keptWork.askable(wanted, at: now.monotonic)
        keptWork.ask(about: asked)
        enqueue(asked.map(\.object), for: .kept)
    }

    mutating func keptRead(_ object: ObjectName, held: Timestamp?, at now: Moment) {
        guard let lane = keptWork.answered(object) else { return }
        let isForgotten = lane.isLacking(held)
        if isForgotten, awaitsRelay(at: now) {
            // A newer one of own health follows at once and makes up for these.
            guard object != settings.healthObject else { return }
            // What another node acknowledged may be on its way here.
            keptWork.lag(lane)
            if lanes[object]?.stage == .ready { lanes[object]?.stage = .held }
            return
        }
        if !isForgotten { catchUp(object) }
        noteHeld(held, of: object)
        keptWork.add(
            KeptVerdict(
                object: object, held: held, newest: lane.newestStamp, isForgotten: isForgotten,
                provedBefore: ages.before(now)))
    }

    /// An object that the master no longer knows: its results stay kept, nothing is proved.
    ///
    /// After a day nobody waits for it to come back, and they are forgotten.
    mutating func keptUnknown(_ object: ObjectName, at now: Moment) {
        let lane = keptWork.answered(object)
        let old = ages.before(now).map { $0 - Self.unknownPatience }
        if let lane, let old, lane.newestAcknowledged < old {
            keptWork.add(
                KeptVerdict(
                    object: object, held: lane.newestStamp, newest: lane.newestStamp,
                    isForgotten: false, provedBefore: ages.before(now)))
        }
        catchUp(object)
        keptWork.shunned.shun(object, at: now.monotonic)
    }

    /// How long results of an object that the master does not know are kept.
    private static let unknownPatience = Duration.seconds(86_400)

    private mutating func judge(at now: Moment, _ actions: inout [DeliveryAction]) {
        let verdicts = keptWork.judge()
        if link.phase == .open,
            verdicts.contains(where: { $0.isForgotten && !keptWork.isLagging($0.object) })
        {
            // Order can only be kept by comparing before anything is in flight.
            keptWork.abandon()
            linkFailed("The master no longer holds results that it acknowledged.", at: now)
            return
        }
        guard !verdicts.isEmpty else {
            finishComparison(at: now)
            return
        }
        actions.append(.judgeKept(round: keptWork.round, verdicts))
    }

    /// What the spool queued again waits, whichever round found it.
    mutating func queueAgain(_ again: [Lane]) {
        for lane in again {
            counts.forgotten += 1
            let waiting = lanes[lane.object]?.queued ?? 0
            lanes[lane.object, default: LaneState()].queued = max(waiting, lane.queued)
            if lanes[lane.object]?.stage == .empty { makeReady(lane.object) }
        }
    }

    mutating func keptJudged(_ overtaken: [ObjectName], _ round: Int, at now: Moment) {
        guard keptWork.stage == .judging, keptWork.round == round else { return }
        noteOvertaken(overtaken, among: keptWork.verdicts)
        for verdict in keptWork.verdicts { catchUp(verdict.object) }
        finishComparison(at: now)
    }

    /// Nothing is missing of an object any more: what waits of it may go.
    private mutating func catchUp(_ object: ObjectName) {
        keptWork.catchUp(object)
        if lanes[object]?.stage == .held { rest(object) }
    }

    private mutating func releaseLaggards() {
        for object in keptWork.releaseLaggards() where lanes[object]?.stage == .held {
            rest(object)
        }
    }

    /// Without a comparison nothing may be submitted on this connection.
    mutating func keptFailed(_ text: String, _ round: Int, at now: Moment) {
        counts.spoolFailures += 1
        guard keptWork.round == round, keptWork.stage == .loading || keptWork.stage == .judging
        else { return }
        linkFailed(text, at: now)
    }

    private mutating func finishComparison(at now: Moment) {
        keptWork.finish(at: now.monotonic, next: settings.verificationInterval)
        if !keptWork.hasLaggards { relayAwaitedSince = nil }
        link.comparisonFinished()
    }
}
