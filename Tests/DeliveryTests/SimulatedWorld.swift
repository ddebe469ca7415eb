import Foundation
import Monitoring
import Spool
import TestSupport
import UplinkMessages

@testable import Delivery

/// A client with the real machine and the real spool, a network that loses, delays and breaks, and
/// a master of one or two nodes that go down and forget; all of it driven by one seed.
struct SimulatedWorld {
    static let objects = (0..<5).map { ObjectName(host: "h", service: "s\($0)") }
    static let health = ObjectName(host: "h", service: "forwarder")
    static let grace = Duration.seconds(5)

    struct Request {
        var node: Int
        var message: DaemonMessage
        var sentAt: Timestamp
    }

    struct LateBytes {
        var node: Int
        var submission: Submission
        var arrival: Duration
    }

    var random: SeededGenerator
    let spool: SpoolQueue
    let destination: DestinationID
    private let version: String
    let replay: ReplaySettings
    var machine: DeliveryMachine
    var zone: SimulatedZone
    var release: ReleaseRule?

    var monotonic = Duration.seconds(1000)
    var wallStep = Duration.zero
    private let epoch = Timestamp(microseconds: 1_700_000_000_000_000)

    var wire: [Request] = []
    var late: [LateBytes] = []
    var connected: Set<Int> = []
    /// Nodes that this host cannot reach now.
    var blocked: Set<Int> = []
    var wakeAt: Duration?
    private var count = 0
    private(set) var accepted: [ObjectName: [String]] = [:]
    /// What results said, by their output.
    private(set) var states: [String: ServiceState] = [:]
    /// Outputs of results that changed something.
    private(set) var changes: Set<String> = []
    /// Where objects stand here; the master's first result of each finds it fine.
    private(set) var standings: [ObjectName: CheckState] = [:]
    static let maxCheckAttempts = 4
    static let firstStanding = CheckState(state: .ok, type: .hard, attempt: 1)
    /// Evidence that a run was not vacuous.
    var losses = 0
    var stalls = 0
    var crashes = 0
    private(set) var lateArrivals = 0
    private(set) var changesOfNode = 0
    private(set) var returns = 0

    init(
        seed: UInt64, folder: TemporaryDirectory, masterSkews: [Duration], version: String,
        replay: ReplaySettings = ReplaySettings()
    ) async throws {
        self.replay = replay
        random = SeededGenerator(seed: seed)
        self.version = version
        let greeting = MasterGreeting(version: version, permissions: [])
        zone = SimulatedZone(skews: masterSkews, discardsSilently: greeting.discardsSilently)
        let path = folder.path("spool-\(seed).db")
        spool = try SpoolQueue.open(SpoolSettings(path: path), time: SystemTime())
        destination = try await spool.register(destinations: ["master"])[0]
        machine = Self.machine(
            destination, nodes: masterSkews.count, seed: seed, replay: replay)
        try await load()
    }

    static func machine(
        _ destination: DestinationID, nodes: Int, seed: UInt64, replay: ReplaySettings
    ) -> DeliveryMachine {
        let nodes = (0..<nodes).map { index in
            DeliverySettings.Node(
                id: NodeID(index: UInt16(index)), name: "master\(index + 1)", window: 8,
                grace: grace)
        }
        var settings = DeliverySettings(
            name: "master", number: 1, nodes: nodes, healthObject: health, checkSource: "h")
        settings.relayDelay = .seconds(10)
        settings.minimumStay = .seconds(2)
        settings.replay = replay
        return DeliveryMachine(settings: settings, destination: destination, seed: seed)
    }

    var now: Moment { Moment(wall: epoch + monotonic + wallStep, monotonic: monotonic) }
    var trueClock: Timestamp { epoch + monotonic }

    func close() throws { try spool.close() }

    /// What the spool says against itself.
    func contradictions() async throws -> [String] { try await spool.contradictions() }

    /// How many results the spool counts as skipped.
    func skippedCount() async throws -> Int {
        try await spool.status().destinations.map(\.losses.compacted).reduce(0, +)
    }

    // MARK: What happens

    /// Something happens, as the seed has it.
    mutating func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: try await accept()
        case 30..<75: try await deliver()
        case 75..<80: try await breakConnection(to: anyNode())
        case 80..<82: try await crashClient()
        case 82..<84: try await stopMaster()
        case 84..<87: zone.start(anyNode(), at: monotonic)
        case 87..<88: try await block()
        case 88..<90: zone.nodes[anyNode()].dump()
        case 90..<91: wallStep += .seconds(Int.random(in: -7200...7200, using: &random))
        default: try await pass(.milliseconds(Int.random(in: 1...4000, using: &random)))
        }
    }

    /// Nothing breaks any more, and enough time passes for all to arrive.
    mutating func calmDown() async throws {
        for _ in 0..<400 {
            for node in zone.nodes.indices { zone.start(node, at: monotonic) }
            blocked = []
            for _ in 0..<20 { try await deliver() }
            try await pass(.milliseconds(500))
            let report = machine.report(at: now)
            if report.isSettled, report.waiting == 0, wire.isEmpty, late.isEmpty,
                zone.isReplicated
            {
                return
            }
        }
    }

    mutating func accept() async throws {
        var records: [CheckRecord] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let object = Self.objects[Int.random(in: 0..<Self.objects.count, using: &random)]
            records.append(record(of: object))
        }
        try await append(records)
    }

    private mutating func record(of object: ObjectName) -> CheckRecord {
        count += 1
        let output = "result \(count)"
        if object != Self.health { accepted[object, default: []].append(output) }
        let (state, significance) = measure(object)
        states[output] = state
        if significance != .unchanged { changes.insert(output) }
        return CheckRecord(
            result: CheckResult(
                object: object, state: state, exitStatus: Int32(state.rawValue), output: output,
                executionStart: now.wall, executionEnd: now.wall),
            significance: significance, snapshot: ObjectSnapshot(name: object.fullName))
    }

    /// What a check of the object finds; always fine where nothing is skipped.
    private mutating func measure(_ object: ObjectName) -> (ServiceState, Significance) {
        guard replay != ReplaySettings(), object != Self.health else { return (.ok, .unchanged) }
        var standing = standings[object] ?? Self.firstStanding
        let isSame = Int.random(in: 0..<10, using: &random) < 6
        let state =
            isSame ? standing.state : ServiceState.allCases.randomElement(using: &random) ?? .ok
        let significance = standing.apply(
            state, maxCheckAttempts: Self.maxCheckAttempts, kind: .service)
        standings[object] = standing
        return (state, significance)
    }

    private mutating func append(_ records: [CheckRecord]) async throws {
        let receipt = try await spool.append(records)
        try await tell(.accepted(receipt.grown))
    }

    /// The oldest request on the wire is handled and answered.
    mutating func deliver() async throws {
        guard !wire.isEmpty else { return }
        monotonic += .microseconds(Int.random(in: 100...3000, using: &random))
        let request = wire.removeFirst()
        let answer = answer(request)
        monotonic += .microseconds(Int.random(in: 100...3000, using: &random))
        try await tell(.uplink(answer))
    }

    private mutating func answer(_ request: Request) -> UplinkMessage {
        switch request.message {
        case .submit(let submission):
            let outcome = take(submission, at: request.node)
            return .outcome(
                OutcomeReport(
                    id: submission.id, outcome: outcome, text: "", sentAt: request.sentAt,
                    answeredAt: now.wall))
        case .readBack(let id, _, let objects):
            let readings = objects.map { object in
                let held = zone.nodes[request.node].reading(of: object)
                return ObjectReading(
                    object: object, executionStart: held?.stamp, lastCheck: held?.processed)
            }
            return .readBackAnswer(id: id, .readings(readings))
        default: return .link(node: id(of: request.node), isUp: true)
        }
    }

    private mutating func take(_ submission: Submission, at node: Int) -> SubmissionOutcome {
        let answer = zone.submit(
            submission.object, submission.executionStart, submission.output, to: node,
            at: monotonic, clock: trueClock, using: &random)
        switch answer {
        case .processed, .discardedSilently: return .processed
        case .older: return .discardedAsOlder
        case .unknown: return .objectUnknown
        }
    }

    mutating func anyNode() -> Int { Int.random(in: zone.nodes.indices, using: &random) }

    func id(of node: Int) -> NodeID { NodeID(index: UInt16(node)) }

    mutating func load() async throws {
        let lanes = try await spool.lanes(of: destination)
        let unresolved = try await spool.leasedRows(of: destination)
        try await tell(.loaded(lanes: lanes, unresolved: unresolved))
        try await tell(.uplinkStarted)
    }

    mutating func pass(_ span: Duration) async throws {
        monotonic += span
        let isDue = { [zone, monotonic] (bytes: LateBytes) in
            bytes.arrival <= monotonic && !zone.nodes[bytes.node].isStalled
        }
        let due = late.filter(isDue)
        late.removeAll(where: isDue)
        for bytes in due where zone.nodes[bytes.node].isUp {
            lateArrivals += 1
            _ = take(bytes.submission, at: bytes.node)
        }
        zone.pass(at: monotonic, clock: trueClock)
        if let at = wakeAt, at <= monotonic {
            wakeAt = nil
            try await tell(.tick)
        }
    }

    // MARK: The machine

    mutating func tell(_ event: DeliveryEvent) async throws {
        let life = crashes
        let node = machine.link.node
        let actions = machine.handle(event, at: now)
        if machine.link.node != node {
            changesOfNode += 1
            if machine.link.phase == .comparing { returns += 1 }
        }
        for action in actions {
            // A dead process does nothing more.
            guard life == crashes else { return }
            try await perform(action)
        }
    }

    private mutating func perform(_ action: DeliveryAction) async throws {
        switch action {
        case .exchange(var batch):
            batch.release = release ?? batch.release
            let answer = try await spool.exchange(batch)
            // A crash between commit and sending: the leases are durable, no byte left.
            if Int.random(in: 0..<60, using: &random) == 0 { return try await crashClient() }
            try await tell(.exchanged(answer))
        case .send(let message): try await send(message)
        case .loadKept(let round):
            let kept = try await spool.keptLanes(of: destination)
            try await tell(.keptLoaded(round: round, kept))
        case .judgeKept(let round, let verdicts):
            var queued: [ObjectName: Int] = [:]
            let judgement = try await spool.judge(verdicts, of: destination, queued: &queued)
            try await tell(.keptJudged(round: round, judgement))
        case .wantHealth: try await append([record(of: Self.health)])
        case .recheckDemanded: break
        case .wake(let at): wakeAt = min(wakeAt ?? at, at)
        }
    }

    private mutating func send(_ message: DaemonMessage) async throws {
        switch message {
        case .probe(let id, let nodeID):
            let node = Int(nodeID.index)
            try await breakConnection(to: node)
            guard !zone.nodes[node].isStalled || blocked.contains(node) else {
                try await pass(.seconds(1))
                return try await tell(
                    .uplink(.probeAnswer(id: id, .failed(.timedOut, text: "silent"))))
            }
            guard zone.nodes[node].isUp, !blocked.contains(node) else {
                let fault: LinkFault = blocked.contains(node) ? .unreachable : .refused
                return try await tell(
                    .uplink(.probeAnswer(id: id, .failed(fault, text: "refused"))))
            }
            connected.insert(node)
            let permissions = ["actions/process-check-result (filtered)", "objects/query/*"]
            try await tell(
                .uplink(
                    .probeAnswer(
                        id: id,
                        .answered(MasterGreeting(version: version, permissions: permissions)))))
        case .submit(let submission) where !connected.contains(Int(submission.node.index)):
            try await tell(
                .uplink(
                    .outcome(
                        OutcomeReport(
                            id: submission.id, outcome: .notSent, text: "", sentAt: now.wall,
                            answeredAt: now.wall))))
        case .readBack(let id, let node, _) where !connected.contains(Int(node.index)):
            try await tell(
                .uplink(
                    .readBackAnswer(id: id, .failed(.closed, text: ""))))
        case .submit(let submission):
            wire.append(
                Request(
                    node: Int(submission.node.index), message: message, sentAt: now.wall))
        case .readBack(_, let node, _):
            wire.append(Request(node: Int(node.index), message: message, sentAt: now.wall))
        default: break
        }
    }
}
