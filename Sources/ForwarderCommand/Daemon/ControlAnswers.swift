import Collector
import Delivery
import Monitoring
import Spool

/// Answers what subcommands ask the running daemon over the control socket.
struct ControlAnswers: Sendable {
    let configuration: ForwarderConfiguration
    let desk: SpoolDesk
    let runner: CheckRunner
    let alarms: AlarmBoard
    let uplink: UplinkBoard
    let policy: PolicyKeeper
    let wishes: ObjectWishes
    let startedAt: Timestamp

    /// How often an asker hears that the answer takes its time, as a check of a large spool does.
    ///
    /// 5 s: a third of what ``ControlClient/patience`` is.
    static let workingInterval = Duration.seconds(5)

    /// Answers until there are no more requests; nobody waits for anybody else's answer.
    func run(_ requests: AsyncStream<(ControlRequest, ControlConnection)>) async {
        await withDiscardingTaskGroup { group in
            for await (request, connection) in requests {
                group.addTask {
                    await Self.telling(connection, every: Self.workingInterval) {
                        await answer(request, connection)
                    }
                }
            }
        }
    }

    /// Has an asker told that the answer is being worked on, until it is there.
    static func telling(
        _ connection: ControlConnection, every interval: Duration,
        _ work: @Sendable () async -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: interval)) != nil { connection.reply(.working) }
            }
            await work()
            group.cancelAll()
        }
    }

    private func answer(_ request: ControlRequest, _ connection: ControlConnection) async {
        do {
            switch request {
            case .status:
                var report = try await status()
                report.policy = policy.report
                await wishes.report(into: &report)
                connection.reply(.status(report))
            case .flush: try await flush(try session, connection)
            case .queue(let request):
                connection.reply(.queue(try await answer(request, try session)))
            case .objects:
                connection.reply(.objects(await runner.statuses().map(ObjectReport.init)))
            case .recheck(let name):
                connection.reply(try await answer(.recheck, of: name, connection))
            case .pause(let name, let reason, let seconds):
                let wish = ObjectWish.pause(reason: reason, seconds: seconds)
                connection.reply(try await answer(wish, of: name, connection))
            case .resume(let name):
                connection.reply(try await answer(.resume, of: name, connection))
            case .submit(let batch):
                guard let submitter = connection.submitter else { return }
                connection.reply(try await wishes.take(Array(batch), by: submitter))
            }
        } catch {
            connection.reply(.refused(reason: "\(error)"))
        }
    }

    private func answer(
        _ wish: ObjectWish, of object: String, _ connection: ControlConnection
    ) async throws -> ControlReply {
        try await wishes.answer(wish, of: object, by: connection.author)
    }

    private var session: SpoolSession {
        get throws(ControlFault) {
            if let session = desk.session { return session }
            throw ControlFault(description: desk.fault ?? "There is no spool.")
        }
    }

    /// Ends with the daemon, or when nobody listens any more.
    private func flush(_ session: SpoolSession, _ connection: ControlConnection) async throws {
        let run = FlushRun(
            spool: session.spool, driver: session.driver, inflow: .goesOn,
            patience: configuration.flushPatience)
        var last: FlushProgress?
        do {
            let outcome = try await run.run { progress in
                guard connection.isOpen else { throw CancellationError() }
                last = progress
                connection.reply(.progress(progress))
            }
            connection.reply(.flushed(outcome))
        } catch is CancellationError {
            connection.reply(.refused(reason: FlushProgress.textAtStop(last)))
        }
    }

    private func answer(
        _ request: QueueRequest, _ session: SpoolSession
    ) async throws -> QueueReply {
        let spool = session.spool
        switch request {
        case .check: return .contradictions(try await spool.contradictions())
        case .rows(let filter, let cursor):
            let filter = try await spool.resolved(filter, configuration)
            let page = try await spool.entries(filter, after: cursor)
            return .rows(page.entries.map(QueueRow.init), next: page.next)
        case .change(let kind, let filter, let cursor):
            let filter = try await spool.resolved(filter, configuration)
            let change = try await spool.change(kind, filter, after: cursor)
            session.driver.tell(.retry(change.retried))
            return .changed(QueueOutcome(change), next: change.next)
        }
    }

    private func status() async throws -> StatusReport {
        let standings = await runner.statuses()
        var report = try await statusOfDelivery(StatusReport.Checks(standings))
        report.sandbox = uplink.report
        report.passive = StatusReport.Passive(standings)
        return report
    }

    private func statusOfDelivery(_ checks: StatusReport.Checks) async throws -> StatusReport {
        var trouble: [String] = []
        if let session = desk.session {
            do throws(SpoolFault) {
                return try await StatusAssembler(
                    configuration: configuration, spool: session.spool
                ).report(
                    delivery: await session.driver.reports(), checks: checks,
                    startedAt: startedAt, alarms: alarms.texts(without: .retired))
            } catch {
                trouble = [error.description]
            }
        }
        return StatusAssembler.withoutSpool(
            configuration, checks: checks, startedAt: startedAt, alarms: trouble + alarms.texts)
    }
}

extension StatusReport.Checks {
    init(_ objects: [CheckStatus]) {
        self.init(
            objects: objects.count, active: objects.filter(\.isActive).count,
            running: objects.filter(\.isRunning).count,
            problems: objects.filter {
                guard let state = $0.schedule.checkState?.state else { return false }
                let kind = $0.schedule.object.isHost ? ObjectKind.host : .service
                return kind.isProblem(state)
            }.count)
    }
}

extension StatusReport.Passive {
    init(_ objects: [CheckStatus]) {
        let stale = objects.filter(\.isStale)
        let next = objects.filter { !$0.isStale }
            .compactMap { object in object.staleAt.map { (at: $0, object: object) } }
            .min { $0.at < $1.at }
        self.init(
            expected: objects.count(where: \.expectsResults), staleCount: stale.count,
            stale: stale.prefix(StatusAssembler.namedLimit).map(\.schedule.object.fullName),
            next: next?.object.schedule.object.fullName, nextAt: next?.at.seconds)
    }
}

extension ObjectReport {
    init(_ status: CheckStatus) {
        let schedule = status.schedule
        let state = schedule.checkState
        self.init(
            name: schedule.object.fullName,
            state: state.map {
                schedule.object.isHost ? $0.state.asHostState.name : $0.state.name
            },
            stateType: state?.type.name, attempt: state?.attempt,
            lastCheck: schedule.lastStart?.seconds,
            nextCheck: status.isActive ? schedule.nextCheck.seconds : nil,
            output: schedule.lastOutput, isActive: status.isActive,
            closedPeriod: status.closedPeriod, suppressor: status.suppressor?.fullName,
            staleAt: status.staleAt?.seconds, isStale: status.isStale)
    }
}
