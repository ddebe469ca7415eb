internal import Monitoring

/// The work of a ``CheckRunner``'s thread: performs what the scheduler decides.
final class CheckLoop {
    /// An execution without a result yet.
    private struct Pending {
        var object: ObjectName
        var snapshot: ObjectSnapshot
        var command: PluginCommand?
        var purpose: Purpose
    }

    private enum Purpose {
        case schedule(DueCheck)
        case once(CheckedContinuation<SingleRun?, Never>)
    }

    private let inbox: RunnerInbox
    private let records: RecordOutbox
    private let drops: DropHorizon
    private let launcher: PluginLauncher
    private let time: any TimeSource
    private let health: @Sendable () -> HealthReport
    private var scheduler: CheckScheduler
    private var preparing: (any CheckPreparing)?
    private var pending: [RunID: Pending] = [:]
    /// The newest execution of each object whose process could not be killed.
    private var stuck: [ObjectName: RunID] = [:]
    private var lastRun: UInt64 = 0
    private var stopDeadline: Duration?
    private var stopReplies: [CheckedContinuation<[ScheduleState], Never>] = []

    /// Starts before the running plugins have their turn: 16 take some 10 ms, within which no pipe
    /// fills up and no timeout is missed by much.
    private static let startsPerTurn = 16

    init(
        inbox: RunnerInbox,
        records: RecordOutbox,
        drops: DropHorizon,
        launcher: PluginLauncher,
        scheduler: CheckScheduler,
        time: any TimeSource,
        health: @escaping @Sendable () -> HealthReport
    ) {
        self.inbox = inbox
        self.records = records
        self.drops = drops
        self.launcher = launcher
        self.scheduler = scheduler
        self.time = time
        self.health = health
    }

    /// Works until told to stop.
    func run() {
        while !isOver {
            for message in inbox.take() { handle(message) }
            if stopDeadline == nil { startDue() }
            let deadline = stopDeadline ?? (preparing == nil ? nil : scheduler.earliestDue())
            for finished in launcher.turn(until: isOver ? .zero : deadline) {
                finish(finished.id, finished.output, start: finished.start, end: finished.end)
            }
        }
        end()
    }

    private var isOver: Bool {
        guard let stopDeadline else { return false }
        return pending.isEmpty || time.monotonic >= stopDeadline
    }

    private func handle(_ message: RunnerMessage) {
        switch message {
        case .plans(let plans, let passages, let states, let preparing):
            self.preparing = preparing.open()
            scheduler.apply(plans, passages: passages, states: states, at: time.moment)
        case .pause(let pauses): scheduler.pause(pauses, at: time.moment)
        case .request(let object, let reply):
            let isStopping = stopDeadline != nil
            reply.resume(
                returning: isStopping
                    ? .unknownObject : scheduler.requestNow(object, at: time.moment)
            )
        case .submit(let object, let output, let execution, let reply):
            reply.resume(returning: submit(object, output, execution))
        case .takeBack(let counted): scheduler.takeBack(counted, at: time.moment)
        case .standing(let object, let reply):
            reply.resume(returning: scheduler.status(of: object, at: time.moment))
        case .once(let object, let reply):
            guard stopDeadline == nil else { return reply.resume(returning: nil) }
            begin(object, for: .once(reply))
        case .status(let reply):
            reply.resume(returning: scheduler.statuses(at: time.moment))
        case .stop(let patience, let reply):
            let deadline = time.monotonic + max(.zero, patience)
            stopDeadline = min(deadline, stopDeadline ?? deadline)
            stopReplies.append(reply)
        }
    }

    private func submit(
        _ object: ObjectName, _ output: PluginOutput, _ execution: ExecutionSpan?
    ) -> SubmissionAnswer {
        guard stopDeadline == nil else { return .stopping }
        guard let preparing, scheduler.isPlanned(object) else { return .unknownObject }
        // what is never taken need not wait
        guard scheduler.isPassive(object) else { return .active }
        // the order in which results are stored is the order in which they came
        guard !records.holds(object), !scheduler.isRunning(object) else { return .busy }
        let taken = scheduler.submit(object, output, execution: execution, at: time.moment)
        guard let taken else { return .active }
        let record = CheckRecord(
            result: taken.scheduled.result, significance: taken.scheduled.significance,
            snapshot: preparing.prepare(object).snapshot.withoutCommand,
            schedule: taken.scheduled.schedule)
        return .taken(record, taken.state, taken.counted)
    }

    private func startDue() {
        scheduler.note(drops.taken)
        for due in scheduler.takeDue(at: time.moment, atMost: Self.startsPerTurn) {
            begin(due.object, for: .schedule(due))
        }
    }

    private func begin(_ object: ObjectName, for purpose: Purpose) {
        guard let preparing else {
            if case .once(let reply) = purpose { reply.resume(returning: nil) }
            return
        }
        let prepared = preparing.prepare(object)
        lastRun += 1
        let id = RunID(number: lastRun)
        pending[id] = Pending(object: object, snapshot: prepared.snapshot, purpose: purpose)
        if case .schedule(let due) = purpose, let told = due.told {
            pending[id]?.snapshot = prepared.snapshot.withoutCommand
            return finish(id, told)
        }
        switch prepared.action {
        case .plugin(let command):
            if let process = stuck[object].flatMap(launcher.lingeringProcess(of:)) {
                finish(id, saying: "\(LaunchFault.stillThere(process: process))", .unknown)
            } else {
                stuck[object] = nil
                pending[id]?.command = command
                launcher.start(command, as: id)
            }
        case .immediate(let exitStatus, let output):
            finish(id, PluginOutput(bytes: Array(output.utf8), saidWith: exitStatus))
        case .later(let time, let exitStatus, let output):
            let bytes = Array(output.utf8)
            let coming = PluginOutput(bytes: bytes, ending: .exited(exitStatus))
            launcher.wait(time, for: coming, as: id)
        case .health:
            let report = health()
            finish(id, saying: report.text, report.state)
        case .link(let zone):
            let report = health().report(onLinkTo: zone)
            finish(id, saying: report.text, report.state)
        case .unbuildable(let reason):
            finish(id, saying: reason, .unknown)
        }
    }

    private func finish(_ id: RunID, saying text: String, _ state: ServiceState) {
        let ending = PluginEnding.exited(Int32(state.rawValue))
        finish(id, PluginOutput(bytes: Array(text.utf8), ending: ending))
    }

    private func finish(_ id: RunID, _ output: PluginOutput) {
        let now = time.wall
        finish(id, output, start: now, end: now)
    }

    private func finish(
        _ id: RunID,
        _ output: PluginOutput,
        start: Timestamp,
        end: Timestamp
    ) {
        guard let check = pending.removeValue(forKey: id) else { return }
        if launcher.lingeringProcess(of: id) != nil { stuck[check.object] = id }
        switch check.purpose {
        case .schedule(let due):
            let scheduled = scheduler.finish(
                due,
                output: output,
                start: start,
                end: end,
                at: time.moment
            )
            guard let scheduled else { return }
            records.put(
                CheckRecord(
                    result: scheduled.result,
                    significance: scheduled.significance,
                    snapshot: check.snapshot,
                    schedule: scheduled.schedule
                )
            )
        case .once(let reply):
            let result = CheckResult(
                object: check.object,
                state: output.state,
                exitStatus: output.exitStatus,
                output: output.text,
                performanceData: output.performanceData,
                executionStart: start,
                executionEnd: end
            )
            reply.resume(returning: SingleRun(result: result, command: check.command))
        }
    }

    /// Kills what is left, answers everybody, and keeps the schedule of what was killed as
    /// interrupted.
    private func end() {
        launcher.killAll()
        for check in pending.values {
            if case .once(let reply) = check.purpose { reply.resume(returning: nil) }
        }
        let now = time.moment
        let states = scheduler.states(at: now)
        records.close()
        for message in inbox.close() { handle(message) }
        for (index, reply) in stopReplies.enumerated() {
            reply.resume(returning: index == 0 ? states : [])
        }
    }
}
