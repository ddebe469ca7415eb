import Collector
import Delivery
import Foundation
import Logging
import Monitoring
import Spool

/// The daemon: definitions → schedule → plugins → spool → delivery → uplink, wired together.
///
/// Nothing is decided here. Ends in order: checks stop and their last results are stored, what is
/// being committed is committed, the uplink is told to go, the spool closes.
struct Daemon: Sendable {
    /// How long running plugins get at the end.
    static let stopPatience = Duration.seconds(10)
    /// How often free pages are given back to the file system.
    static let tidyInterval = Duration.seconds(30)

    let configuration: ForwarderConfiguration
    let source: DefinitionSource
    let spool: SpoolQueue
    let runner: CheckRunner
    let driver: DeliveryDriver
    let control: ControlServer
    let alarms: AlarmBoard
    let health: HealthFacts
    let startedAt: Timestamp
    let log: Logger

    /// Opens everything; nothing runs yet.
    init(
        configuration: ForwarderConfiguration, source: DefinitionSource, signals: Signals,
        log: Logger
    ) async throws {
        let time = SystemTime()
        let alarms = AlarmBoard()
        let health = HealthFacts(alarms: alarms)
        self.configuration = configuration
        self.source = source
        self.log = log
        self.alarms = alarms
        self.health = health
        startedAt = time.wall
        self.signals = signals
        try ControlSocket.removeAbandoned(path: configuration.controlPath)
        let passing = Self.killPointObserver
        spool = try await Self.openSpool(configuration.spool, time: time, signals, log, passing)
        control = try ControlServer(path: configuration.controlPath, log: log)
        runner = try CheckRunner(
            settings: RunnerSettings(
                concurrencyLimit: configuration.checks.concurrencyLimit,
                environment: PluginEnvironment(inheriting: ProcessInfo.processInfo.environment)),
            time: time, health: { health.report })
        let requests = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        healthRequests = requests.stream
        driver = DeliveryDriver(
            spool: spool, settings: configuration.deliverySettings, time: time, passing: passing,
            wantHealth: { requests.continuation.yield() })
    }

    private let healthRequests: AsyncStream<Void>
    private let signals: Signals

    private static var killPointObserver: KillPoint.Observer {
        #if DEBUG
            KillSwitch.observer()
        #else
            { _ in }
        #endif
    }

    /// How long it waits for another owner of the spool.
    ///
    /// 5 minutes: a `flush` that is under way ends sooner or later, another daemon does not.
    private static let spoolPatience = Duration.seconds(300)

    /// Opens the spool, or waits for the one that has it.
    private static func openSpool(
        _ settings: SpoolSettings, time: SystemTime, _ signals: Signals, _ log: Logger,
        _ passing: @escaping KillPoint.Observer
    ) async throws -> SpoolQueue {
        let deadline = ContinuousClock.now + spoolPatience
        var told: Int32?
        return try await SpoolQueue.openWhenFree(settings, time: time, passing: passing) { owner in
            if signals.stopIsWanted { throw CancellationError() }
            guard ContinuousClock.now < deadline else {
                throw SpoolFault.owned(path: settings.path, byPID: owner)
            }
            if told == nil || told != owner {
                let pid = owner.map(String.init) ?? "unknown"
                log.notice("waiting for the spool", metadata: ["owner.pid": "\(pid)"])
            }
            told = owner ?? 0
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Runs until SIGTERM or SIGINT.
    func run(_ definitions: DefinitionSummary, preparing: sending CheckPreparer) async throws {
        try await driver.prepare()
        let states = try await spool.scheduleStates()
        source.board.restore(states)
        let plans = definitions.plans
        health.setObjectCount(definitions.activeCount)
        runner.start(with: plans, states: states, preparing: preparing)
        control.start()
        log.notice(
            "forwarder started",
            metadata: [
                "version": "\(Version.text)", "node": "\(configuration.nodeName)",
                "objects": "\(plans.count)", "destinations": "\(configuration.destinations.count)",
            ])
        let standings = await withTaskGroup(of: Void.self) { group in
            group.addTask { await driver.run() }
            group.addTask { await intake.run() }
            group.addTask { await supervisor.run() }
            group.addTask { await answerControl() }
            group.addTask { await tidy() }
            group.addTask { await makeHealth() }
            for await signal in signals.stream {
                if signal == .stop { break }
                await reload()
            }
            let standings = await stop()
            group.cancelAll()
            await group.waitForAll()
            return standings
        }
        // After the last results, which carry older standings.
        try await spool.saveSchedule(standings)
        try spool.close()
        log.notice("forwarder stopped")
    }

    private var intake: Intake {
        Intake(
            records: runner.records, spool: spool, driver: driver, board: source.board,
            alarms: alarms, log: log)
    }

    private var supervisor: UplinkSupervisor {
        UplinkSupervisor(configuration: configuration, driver: driver, log: log)
    }

    /// Ends what makes results; returns where each schedule stands.
    private func stop() async -> [ScheduleState] {
        control.stop()
        let standings = await runner.stop(patience: Self.stopPatience)
        driver.stop()
        return standings
    }

    // MARK: Beside the main line

    /// A broken configuration is refused as a whole and the running one stays.
    private func reload() async {
        do {
            let (definitions, preparing) = try source.load()
            let plans = definitions.plans
            runner.reload(plans, preparing: preparing)
            source.board.keep(only: Set(plans.map(\.object)))
            let forgotten = try await spool.forgetSchedules(except: Set(plans.map(\.object)))
            health.setObjectCount(definitions.activeCount)
            alarms.clear(.definitions)
            log.notice(
                "definitions reloaded",
                metadata: ["objects": "\(plans.count)", "forgotten": "\(forgotten)"])
        } catch {
            let text = """
                The new definitions are broken; the old ones stay in force. Run `forwarder \
                validate`, mend them and reload.
                """
            _ = alarms.raise(.definitions, text)
            let faults = (error as? DefinitionsFault)?.errors
            let reason = faults.map(ErrorListing.text) ?? "\(error)"
            log.error("reload refused", metadata: ["reason": "\(reason)"])
        }
    }

    private func makeHealth() async {
        for await _ in healthRequests {
            _ = await runner.requestNow(configuration.healthObject)
        }
    }

    private func tidy() async {
        while (try? await Task.sleep(for: Self.tidyInterval)) != nil {
            do throws(SpoolFault) {
                while try await spool.tidy() {}
                alarms.clear(.tidying)
            } catch {
                if alarms.raise(.tidying, error.description) {
                    log.warning("spool not tidied", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    private func answerControl() async {
        await withDiscardingTaskGroup { group in
            for await (request, connection) in control.requests {
                group.addTask { await answer(request, connection) }
            }
        }
    }

    private func answer(_ request: ControlRequest, _ connection: ControlConnection) async {
        do {
            switch request {
            case .status: connection.reply(.status(try await status()))
            case .flush:
                let run = FlushRun(spool: spool, driver: driver, inflow: .goesOn)
                let outcome = try await run.run { connection.reply(.progress($0)) }
                connection.reply(.flushed(outcome))
            case .objects:
                connection.reply(.objects(await runner.statuses().map(ObjectReport.init)))
            }
        } catch {
            connection.reply(.refused(reason: "\(error)"))
        }
    }

    private func status() async throws -> StatusReport {
        let objects = await runner.statuses()
        return try await StatusAssembler(configuration: configuration, spool: spool).report(
            delivery: await driver.reports(), checks: StatusReport.Checks(objects),
            startedAt: startedAt, alarms: alarms.texts)
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
            output: schedule.lastOutput, isActive: status.isActive)
    }
}
