import Monitoring
import Testing
import UplinkMessages

@testable import Delivery
@testable import Spool

/// A machine in front of a spool that always commits and masters that the test plays.
struct Rehearsal {
    static let health = ObjectName(host: "h", service: "forwarder")
    static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    var machine: DeliveryMachine
    private(set) var now: Moment
    /// What the machine told the uplink and nobody answered yet.
    private(set) var sent: [DaemonMessage] = []
    /// What it told that the uplink cannot read.
    private(set) var unreadable: [DaemonMessage] = []
    /// How many results of each object were handed to the uplink.
    private(set) var submitted: [ObjectName: Int] = [:]
    private(set) var batches: [DeliveryBatch] = []
    /// While true, batches are not committed.
    var holdsCommits = false
    /// What the spool says is kept.
    var kept: [KeptLane] = []
    /// How much each plugin prints.
    var outputByteCount = 0
    /// Objects of which nothing may leave.
    var withheld: Set<ObjectName> = []
    /// While true, the spool takes its time to say what is kept.
    var holdsLoads = false
    /// The rounds for which it was asked meanwhile.
    private(set) var loads: [Int] = []
    /// What was judged about kept results.
    private(set) var judged: [KeptVerdict] = []
    private var queued: [ObjectName: Int] = [:]
    private(set) var last: [ObjectName: Timestamp] = [:]
    private var leased: [ObjectName: LeasedResult] = [:]
    private var repeats: [ObjectName: LeasedResult] = [:]
    private var count: Int64 = 0

    /// What the masters of a test hold of each object.
    var held: [ObjectName: Timestamp] = [:]
    /// What each object's submission is answered with; processed where nothing is said.
    var answers: [ObjectName: SubmissionOutcome] = [:]
    /// How far the masters' clocks are ahead of this host's.
    var lead = Duration.zero
    /// What the masters make of what they hold when they tell it.
    var retelling: (ObjectReading) -> ObjectReading = { $0 }
    /// When the uplink says that it sent a result, and that the answer came; the truth if nil.
    var reportedTimes: (sentAt: Timestamp, answeredAt: Timestamp)?
    /// What the masters say they are.
    var version = "r2.13.6-1"
    /// What they say we may do.
    var permissions = ["actions/process-check-result", "objects/query/*"]
    /// Nodes that refuse connections.
    var down: Set<UInt16> = []
    /// Nodes that nothing leads to.
    var unreachable: Set<UInt16> = []
    /// Nodes that answer 503.
    var busy: Set<UInt16> = []
    /// Nodes that answer and allow nothing.
    var useless: Set<UInt16> = []
    /// Nodes that take connections and answer nothing.
    var stalled: Set<UInt16> = []
    /// Requests that stand, by object: the `next_check` that somebody set.
    var requested: [ObjectName: Timestamp] = [:]
    /// Requests that the machine told.
    private(set) var demands: [RecheckDemand] = []
    /// Whose schedules were asked for, and how many at most at once.
    private(set) var askedSchedules: Set<ObjectName> = []
    private(set) var largestSchedule = 0
    /// Objects that no node knows when it is asked.
    var unknown: Set<ObjectName> = []
    /// Nodes that do not know this host's own health.
    var strangers: Set<UInt16> = []

    init(
        nodes: Int = 1, window: Int = 256, unresolved: [UnresolvedLease] = [],
        start: Timestamp = Self.start, watchInterval: Duration = .seconds(8),
        relayDelay: Duration = .seconds(30)
    ) {
        now = Moment(wall: start, monotonic: .seconds(1000))
        let nodes = (1...nodes).map { place in
            DeliverySettings.Node(
                id: NodeID(index: UInt16(place - 1)), name: "master\(place)", window: window)
        }
        var settings = DeliverySettings(
            name: "master", number: 1, nodes: nodes, healthObject: Self.health,
            checkSource: "h")
        settings.watchInterval = watchInterval
        settings.relayDelay = relayDelay
        machine = DeliveryMachine(
            settings: settings, destination: DestinationID(rawValue: 1), seed: 1)
        tell(.loaded(lanes: [], unresolved: unresolved))
    }

    // MARK: Events

    mutating func tell(_ event: DeliveryEvent) {
        for action in machine.handle(event, at: now) { perform(action) }
    }

    mutating func pass(_ span: Duration) {
        now = Moment(wall: now.wall + span, monotonic: now.monotonic + span)
        tell(.tick)
    }

    mutating func accept(_ objects: [ObjectName]) {
        var grown: [ObjectName: Int] = [:]
        for object in objects { grown[object, default: 0] += 1 }
        for (object, count) in grown { queued[object, default: 0] += count }
        tell(.accepted(grown))
    }

    private mutating func perform(_ action: DeliveryAction) {
        switch action {
        case .exchange(let batch):
            batches.append(batch)
            if !holdsCommits { tell(.exchanged(answer(to: batch))) }
        case .send(let message): send(message)
        case .loadKept(let round):
            if holdsLoads {
                loads.append(round)
            } else {
                tell(.keptLoaded(round: round, kept))
            }
        case .judgeKept(let round, let verdicts):
            judged += verdicts
            let overtaken = verdicts.filter { verdict in
                guard let held = verdict.held, let last = last[verdict.object] else { return false }
                return held > last
            }
            tell(
                .keptJudged(round: round, KeptJudgement(overtaken: overtaken.map(\.object))))
        case .wantHealth: accept([Self.health])
        case .recheckDemanded(let round): demands += round.demands
        case .wake: break
        }
    }

    private mutating func send(_ message: DaemonMessage) {
        sent.append(message)
        // lost on purpose: what cannot be read is not what was told
        let read = try? DaemonMessage(frame: message.frame.dropFirst(4))
        if read != message { unreadable.append(message) }
        if case .submit(let submission) = message { submitted[submission.object, default: 0] += 1 }
    }

    /// The spool commits what it was asked last.
    mutating func commitLast() {
        holdsCommits = false
        guard let batch = batches.last else { return }
        tell(.exchanged(answer(to: batch)))
    }

    private mutating func answer(to batch: DeliveryBatch) -> DeliveryAnswer {
        var answer = DeliveryAnswer()
        for settlement in batch.settlements {
            if [.notProcessed, .sendAgain].contains(settlement.kind) {
                queued[settlement.object, default: 0] += 1
            }
            if settlement.kind == .sendAgain {
                repeats[settlement.object] = leased[settlement.object]
            }
        }
        for lease in batch.leases where withheld.contains(lease.object) {
            answer.withheld[lease.object] = queued.removeValue(forKey: lease.object)
        }
        var budget = batch.leaseByteLimit
        for lease in batch.leases where queued[lease.object, default: 0] > 0 && budget > 0 {
            budget -= outputByteCount
            if let before = repeats.removeValue(forKey: lease.object) {
                queued[lease.object, default: 0] -= 1
                let again = LeasedResult(
                    sequence: before.sequence, result: before.result, significance: .unchanged,
                    snapshot: before.snapshot, baseStamp: before.baseStamp,
                    attempt: before.attempt + 1, node: lease.node)
                leased[lease.object] = again
                answer.leased.append(again)
                continue
            }
            count += 1
            let result = CheckResult(
                object: lease.object, state: .ok, exitStatus: 0,
                output: String(repeating: "x", count: outputByteCount),
                executionStart: now.wall - .seconds(1), executionEnd: now.wall)
            let candidate = LeaseCandidate(
                sequence: Sequence(rawValue: count), result: result,
                lastStamp: last[lease.object])
            guard case .lease(let base) = batch.stamp(candidate) else { continue }
            queued[lease.object, default: 0] -= 1
            last[lease.object] = base
            let first = LeasedResult(
                sequence: candidate.sequence, result: result, significance: .unchanged,
                snapshot: SnapshotID(rawValue: 1), baseStamp: base, attempt: 1,
                node: lease.node)
            leased[lease.object] = first
            answer.leased.append(first)
        }
        answer.lanes = queued.filter { $0.value > 0 }.keys.sorted().map { object in
            Lane(
                object: object, queued: queued[object] ?? 0, leased: nil, kept: 0, rejected: 0,
                lastStamp: last[object], parked: nil, ignoredReason: nil, losses: LossCounts())
        }
        return answer
    }

    mutating func failLink() {
        machine.linkFailed("it failed", at: now)
        tell(.tick)
    }

    // MARK: The masters

    /// What was sent and is not answered, out of the way.
    mutating func take() -> [DaemonMessage] {
        defer { sent = [] }
        return sent
    }

    /// Puts back what was taken.
    mutating func restore(_ message: DaemonMessage) { sent.append(message) }

    /// More messages without a moment between them than any test has a reason for.
    private static let longestTalk = 2000

    /// Answers everything, and what comes of it, as long as `isWanted` says so.
    mutating func serve(while isWanted: (DaemonMessage) -> Bool = { _ in true }) {
        var left: [DaemonMessage] = []
        var count = 0
        while !sent.isEmpty {
            count += 1
            guard count <= Self.longestTalk else {
                Issue.record("it goes round in circles")
                return
            }
            let message = sent.removeFirst()
            guard isWanted(message) else {
                left.append(message)
                continue
            }
            answer(message)
        }
        sent = left
    }

    mutating func answer(_ message: DaemonMessage) {
        now.monotonic += .milliseconds(1)
        now.wall = now.wall + .milliseconds(1)
        switch message {
        case .probe(let id, let node):
            tell(.uplink(.probeAnswer(id: id, probeAnswer(of: node.index))))
        case .submit(let submission): answer(submission)
        case .readBack(let id, let node, let objects):
            let isStrange =
                strangers.contains(node.index) && objects.contains(Self.health)
                || !unknown.isDisjoint(with: objects)
            let readings = objects.map {
                ObjectReading(
                    object: $0, executionStart: held[$0], lastCheck: now.wall + lead)
            }.map(retelling)
            tell(
                .uplink(
                    .readBackAnswer(
                        id: id, isStrange ? .objectUnknown : .readings(readings))))
        case .readSchedule(let id, _, let objects):
            askedSchedules.formUnion(objects)
            largestSchedule = max(largestSchedule, objects.count)
            tell(.uplink(.scheduleAnswer(id: id, scheduleAnswer(of: objects))))
        default: break
        }
    }

    private func scheduleAnswer(of objects: [ObjectName]) -> ScheduleAnswer {
        guard unknown.isDisjoint(with: objects) else { return .objectUnknown }
        return .readings(
            objects.map { object in
                ScheduleReading(
                    object: object,
                    nextCheck: requested[object] ?? now.wall + .microseconds(60_250_001),
                    isForced: false, lastCheck: held[object])
            })
    }

    mutating func forgetSchedules() { askedSchedules = [] }

    mutating func forgetDemands() { demands = [] }

    private func probeAnswer(of node: UInt16) -> ProbeAnswer {
        if down.contains(node) { return .failed(.refused, text: "refused") }
        if unreachable.contains(node) { return .failed(.unreachable, text: "no route") }
        if busy.contains(node) { return .failed(.unavailable, text: "503") }
        if useless.contains(node) {
            return .answered(MasterGreeting(version: version, permissions: []))
        }
        if stalled.contains(node) { return .failed(.timedOut, text: "silent") }
        return .answered(MasterGreeting(version: version, permissions: permissions))
    }

    private mutating func answer(_ submission: Submission) {
        requested[submission.object] = nil
        if let outcome = answers[submission.object] {
            if outcome == .processed { held[submission.object] = submission.executionStart }
            return end(submission, outcome)
        }
        end(submission, take(submission))
    }

    /// What the masters do with a submission and say of it.
    mutating func take(_ submission: Submission) -> SubmissionOutcome {
        let object = submission.object
        let greeting = MasterGreeting(version: version, permissions: [])
        if let newer = held[object], submission.executionStart < newer,
            newer <= now.wall + lead
        {
            return greeting.discardsSilently ? .processed : .discardedAsOlder
        }
        held[object] = submission.executionStart
        return .processed
    }

    mutating func end(_ submission: Submission, _ outcome: SubmissionOutcome) {
        let times = reportedTimes ?? (now.wall - .milliseconds(1), now.wall)
        tell(
            .uplink(
                .outcome(
                    OutcomeReport(
                        id: submission.id, outcome: outcome, text: "said so",
                        sentAt: times.sentAt, answeredAt: times.answeredAt))))
    }

    /// Connects, learns the clock, and answers until nothing is left to say.
    mutating func open() {
        tell(.uplinkStarted)
        accept([Self.health])
        settle()
    }

    /// Answers everything and lets what was waited for a moment go.
    mutating func settle() {
        serve()
        for _ in 0..<3 {
            pass(.milliseconds(100))
            serve()
        }
    }

    /// The submissions that nobody answered yet.
    var submissions: [Submission] {
        sent.compactMap { if case .submit(let one) = $0 { one } else { nil } }
    }

    /// The submissions that nobody answered yet, out of the way.
    mutating func takeSubmissions() -> [Submission] {
        defer {
            for message in take() {
                if case .submit = message { continue }
                restore(message)
            }
        }
        return submissions
    }

    /// The questions that nobody answered yet.
    var questions: [(node: UInt16, objects: [ObjectName])] {
        sent.compactMap {
            if case .readBack(_, let node, let objects) = $0 { (node.index, objects) } else { nil }
        }
    }

    /// The looks at schedules that nobody answered yet.
    var schedules: [[ObjectName]] {
        sent.compactMap { if case .readSchedule(_, _, let names) = $0 { names } else { nil } }
    }

    var scheduleIDs: [UInt64] {
        sent.compactMap { if case .readSchedule(let id, _, _) = $0 { id } else { nil } }
    }

    /// The nodes of the probes that nobody answered yet.
    var probes: [UInt16] {
        sent.compactMap { if case .probe(_, let node) = $0 { node.index } else { nil } }
    }
}
