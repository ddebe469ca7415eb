import Collector
import Logging
import Monitoring

/// What an operator wants of one object.
enum ObjectWish: Sendable, Hashable {
    /// A check now.
    case recheck
    /// No checks for so long.
    case pause(reason: String, seconds: Int)
    /// Checks again.
    case resume
}

/// Answers what operators of this host want of single objects: a check now, a pause, its end, a
/// result.
struct ObjectWishes: Sendable {
    let runner: CheckRunner
    let pauses: PauseDesk
    let rechecks: RecheckDesk
    let submissions: SubmissionDesk
    let drops: DropCollector
    let arrivals: RecheckArrivals
    let time: any TimeSource
    let log: Logger

    /// Answers one wish.
    ///
    /// - Throws: `ControlFault` for what cannot be done; then nothing changed.
    func answer(
        _ wish: ObjectWish, of name: String, by author: String
    ) async throws -> ControlReply {
        let object = try Self.object(name)
        return switch wish {
        case .recheck: .rechecked(try await recheck(object, by: author))
        case .pause(let reason, let seconds):
            .paused(try await pause(object, reason, seconds, by: author))
        case .resume: .resumed(wasPaused: try await pauses.resume(object, by: author))
        }
    }

    /// Takes results that somebody submits, behind those that the same user dropped before: while
    /// one of these waits nothing is taken.
    func take(
        _ bytes: [UInt8], by submitter: SubmissionDesk.Submitter
    ) async throws(BatchFault) -> ControlReply {
        var batch = try SubmissionBatch(bytes)
        batch.daemonWasAsked = true
        if let reason = await drops.empty(of: submitter.asker.user) {
            let text = "What the same user dropped before waits: \(reason)"
            return .submitted(BatchOutcome(obstacle: text))
        }
        let outcome = await submissions.take(
            batch, by: submitter, patience: SubmissionDesk.usualPatience)
        if outcome.takenCount > 0 {
            await drops.note(submitter, submitted: batch.records.map(\.object))
        }
        return .submitted(outcome)
    }

    /// Adds what masters and operators want of objects.
    func report(into report: inout StatusReport) async {
        report.submissions = await drops.report
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
