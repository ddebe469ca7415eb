import Collector
import Delivery
import Logging
import Monitoring
import Spool

/// Takes results that others on this host submit for passive objects: durable before it says so.
///
/// - One at a time, so that results of an object are stored in the order in which they came.
/// - Only of objects that the definitions do not have checked (`enable_active_checks = false`):
///   nobody can put words into the mouth of a check.
/// - What is refused was not stored anywhere.
actor SubmissionDesk {
    private let desk: SpoolDesk
    private let runner: CheckRunner
    private let board: RuntimeBoard
    private let alarms: AlarmBoard
    private let time: any TimeSource
    private let log: Logger
    private var isStoring = false
    /// Those who wait for their turn, in order; as many at most as there are connections.
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(
        desk: SpoolDesk, runner: CheckRunner, board: RuntimeBoard, alarms: AlarmBoard,
        time: any TimeSource, log: Logger
    ) {
        self.alarms = alarms
        self.time = time
        self.desk = desk
        self.runner = runner
        self.board = board
        self.log = log
    }

    /// Stores a result; returns where its object stands with it.
    ///
    /// - Throws: `ControlFault` when it was not stored.
    func submit(
        _ object: ObjectName, _ output: PluginOutput, execution: ExecutionSpan? = nil,
        by author: String
    ) async throws(ControlFault) -> CheckState {
        await beginTurn()
        defer { endTurn() }
        let state = try await store(object, output, execution)
        log.info(
            "result submitted",
            metadata: [
                "object": "\(object)", "state": "\(state.state.name)", "by": "\(author)",
            ])
        return state
    }

    private func beginTurn() async {
        guard isStoring else {
            isStoring = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func endTurn() {
        guard !waiting.isEmpty else {
            isStoring = false
            return
        }
        waiting.removeFirst().resume()
    }

    private func store(
        _ object: ObjectName, _ output: PluginOutput, _ execution: ExecutionSpan?
    ) async throws(ControlFault) -> CheckState {
        guard let session = desk.session else {
            throw Self.notStored(desk.fault ?? "There is no spool.")
        }
        switch await answer(object, output, execution) {
        case .unknownObject: throw .unknownObject(object)
        case .busy: throw Self.notStored("A check of it is not stored yet.")
        case .stopping: throw Self.notStored("The daemon is stopping.")
        case .active: throw Self.active(object)
        case .taken(let record, let state):
            if let obstacle = await obstacle(to: record, session) {
                runner.forget(object)
                throw Self.notStored(obstacle)
            }
            board.note(record.result, state: state)
            return state
        }
    }

    /// Waits a moment for a check that somebody asked for.
    private func answer(
        _ object: ObjectName, _ output: PluginOutput, _ execution: ExecutionSpan?
    ) async -> SubmissionAnswer {
        for _ in 0..<Self.busySteps {
            let answer = await runner.submit(object, output, execution: execution)
            guard case .busy = answer else { return answer }
            // a cancelled wait is the end of the daemon
            guard (try? await Task.sleep(for: Self.busyStep)) != nil else { return .stopping }
        }
        return .busy
    }

    /// How long a result waits for a check of its object: 5 seconds.
    private static let busySteps = 100
    private static let busyStep = Duration.milliseconds(50)

    /// Makes a record durable and has it delivered; what kept it from that, if anything did.
    private func obstacle(to record: CheckRecord, _ session: SpoolSession) async -> String? {
        do throws(SpoolFault) {
            let receipt = try await session.spool.append([record])
            session.driver.tell(.accepted(receipt.grown))
            alarms.tell(receipt, at: time.monotonic, log)
            if receipt.accepted > 0 { return nil }
            return receipt.refused.isEmpty
                ? "No master is configured that could get it."
                : "The spool is full and finds no room for it."
        } catch {
            return error.description
        }
    }

    private static func notStored(_ reason: String) -> ControlFault {
        ControlFault(description: "The result was not stored: \(reason) Submit it again.")
    }

    private static func active(_ object: ObjectName) -> ControlFault {
        ControlFault(
            description: """
                '\(object.fullName.printable)' is checked by this host itself, so a result of it \
                cannot be submitted. Nothing was stored. Only objects with enable_active_checks = \
                false take results; `forwarder recheck` has this one checked now.
                """)
    }
}
