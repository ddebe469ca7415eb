import Collector
import Logging
import Monitoring

/// Answers what operators of this host want of single objects: a check now, a pause, its end, a
/// result.
struct ObjectWishes: Sendable {
    let runner: CheckRunner
    let pauses: PauseDesk
    let rechecks: RecheckDesk
    let submissions: SubmissionDesk
    let arrivals: RecheckArrivals
    let time: any TimeSource
    let log: Logger

    /// Answers one wish.
    ///
    /// - Throws: `ControlFault` for what cannot be done; then nothing changed.
    func answer(_ wish: ControlRequest, by author: String) async throws -> ControlReply {
        switch wish {
        case .recheck(let name):
            .rechecked(try await recheck(try Self.object(name), by: author))
        case .pause(let name, let reason, let seconds):
            .paused(try await pause(try Self.object(name), reason, seconds, by: author))
        case .resume(let name):
            .resumed(wasPaused: try await pauses.resume(try Self.object(name), by: author))
        case .submit(let name, let exitStatus, let output, let execution):
            .submitted(
                try await submit(
                    try Self.object(name), exitStatus, output, Self.span(execution), by: author))
        case .status, .flush, .objects, .queue: .refused(reason: "This is about no object.")
        }
    }

    /// Adds what masters and operators want of objects.
    func report(into report: inout StatusReport) async {
        report.rechecks = await rechecks.counts.mapValues { counts in
            Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
        }
        report.pauses = await pauses.standing.map(StatusReport.Pause.init)
    }

    private func recheck(
        _ object: ObjectName, by author: String
    ) async throws -> RecheckReply {
        if let pause = await runner.status(of: object)?.pause {
            throw ControlFault(
                description: """
                    '\(object.fullName.printable)' is \(pause). It was not checked; `forwarder \
                    resume` ends the pause.
                    """)
        }
        arrivals.await(object, since: time.monotonic)
        log.notice("local recheck", metadata: ["object": "\(object)", "by": "\(author)"])
        switch await runner.requestNow(object) {
        case .queued: return .queued
        case .alreadyRunning: return .running
        case .unknownObject:
            _ = arrivals.take(object)
            throw ControlFault.unknownObject(object)
        }
    }

    private func pause(
        _ object: ObjectName, _ reason: String, _ seconds: Int, by author: String
    ) async throws -> StatusReport.Pause {
        let longest = ObjectPause.longest.components.seconds
        guard (1...longest).contains(Int64(seconds)), !reason.isEmpty, reason == reason.printable,
            reason.utf8.count <= ObjectPause.reasonByteLimit
        else {
            throw ControlFault(
                description: """
                    This is no pause: it has a reason, one line of at most \
                    \(ObjectPause.reasonByteLimit) bytes, and lasts a second to \
                    \(longest / 86_400) days. Nothing was changed. Ask again with both.
                    """)
        }
        let now = time.wall
        let pause = ObjectPause(
            reason: reason, author: author, since: now, until: now + .seconds(seconds))
        try await pauses.pause(object, pause)
        return StatusReport.Pause((object, pause))
    }

    private func submit(
        _ object: ObjectName, _ exitStatus: Int32, _ output: String,
        _ execution: ExecutionSpan?, by author: String
    ) async throws -> SubmitReply {
        let output = PluginOutput(bytes: Array(output.utf8), ending: .exited(exitStatus))
        let state = try await submissions.submit(
            object, output, execution: execution, by: author)
        let name = object.isHost ? state.state.asHostState.name : state.state.name
        return SubmitReply(state: name, stateType: state.type.name, attempt: state.attempt)
    }

    /// Times that are none count as not told.
    private static func span(_ execution: SubmittedExecution?) -> ExecutionSpan? {
        guard let execution, let start = Timestamp(seconds: execution.start),
            let end = Timestamp(seconds: execution.end)
        else { return nil }
        return ExecutionSpan(start: start, end: end)
    }

    private static func object(_ name: String) throws(ControlFault) -> ObjectName {
        if let object = ObjectName(fullName: name) { return object }
        throw ControlFault(
            description: """
                '\(name.printable)' names no object: a host is written as its name, a service as \
                host!service.
                """)
    }
}

extension ControlFault {
    /// What is asked about is not defined here.
    static func unknownObject(_ object: ObjectName) -> ControlFault {
        ControlFault(
            description: """
                This host has no object '\(object.fullName.printable)'; `forwarder list` shows \
                all of them.
                """)
    }
}

extension StatusReport.Pause {
    init(_ standing: (object: ObjectName, pause: ObjectPause)) {
        self.init(
            object: standing.object.fullName, reason: standing.pause.reason,
            author: standing.pause.author, since: standing.pause.since.seconds,
            until: standing.pause.until.seconds)
    }
}
