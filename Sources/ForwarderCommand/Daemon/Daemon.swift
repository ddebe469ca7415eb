import Collector
import Delivery
import Foundation
import Logging
import Monitoring
import Policy
import Spool

/// The daemon: definitions → schedule → plugins → spool → delivery → uplink, wired together.
///
/// Nothing is decided here. Ends in order: checks stop and their last results are stored, what is
/// out is answered and settled, the uplink is ended, the spool closes.
struct Daemon: Sendable {
    /// How long running plugins get at the end.
    static let stopPatience = Duration.seconds(10)
    /// How long masters get at the end to answer what is out.
    ///
    /// 5 s: what is not answered by then is read back after the next start.
    static let answerPatience = Duration.seconds(5)

    let configuration: ForwarderConfiguration
    let source: DefinitionSource
    let desk: SpoolDesk
    let keeper: SpoolKeeper
    let runner: CheckRunner
    let control: ControlServer
    let alarms: AlarmBoard
    let uplink: UplinkBoard
    let policy: PolicyKeeper
    let health: HealthFacts
    let wishes: ObjectWishes
    let rights: RightsBoard
    let forgetting: ScheduleForgetting
    let startedAt = SystemTime().wall
    let log: Logger

    /// Opens everything; nothing runs yet.
    init(
        configuration: ForwarderConfiguration, source: DefinitionSource, signals: Signals,
        log: Logger
    ) async throws {
        let time = SystemTime()
        let alarms = AlarmBoard()
        let health = HealthFacts(
            alarms: alarms, destinations: configuration.destinations.map(\.zone))
        self.configuration = configuration
        self.source = source
        self.log = log
        self.alarms = alarms
        self.health = health
        policy = try PolicyKeeper(PolicySource(configuration), alarms: alarms, time: time, log: log)
        self.signals = signals
        rights = RightsBoard(try ControlRights(configuration))
        let running = try configuration.daemonSettings(log)
        try ControlSocket.removeAbandoned(path: configuration.controlPath)
        let requests = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        healthRequests = requests.stream
        let uplink = UplinkBoard(listener: try configuration.uplink.listening(log: log))
        self.uplink = uplink
        let desk = SpoolDesk()
        self.desk = desk
        forgetting = ScheduleForgetting(alarms: alarms, log: log) {
            (objects) async throws(SpoolFault) in
            try await desk.session?.spool.forgetSchedules(except: objects)
        }
        let runner = try CheckRunner(settings: running, time: time, health: { health.report })
        self.runner = runner
        let pauses = PauseDesk(
            desk: desk, runner: runner, healthObject: configuration.healthObject, time: time,
            log: log)
        let (demands, arrivals) = (RecheckInbox(), RecheckArrivals())
        let submissions = SubmissionDesk(
            desk: desk, runner: runner, board: source.board, alarms: alarms, rights: rights,
            time: time, log: log)
        wishes = ObjectWishes(
            runner: runner, pauses: pauses,
            rechecks: RecheckDesk(
                inbox: demands, desk: desk, policy: policy.inForce, runner: runner,
                destinations: configuration.destinations.map(\.zone), arrivals: arrivals,
                time: time, log: log),
            submissions: submissions,
            drops: DropCollector(
                configuration.dropPath, desk: submissions, alarms: alarms, time: time, log: log),
            arrivals: arrivals, time: time, log: log)
        keeper = SpoolKeeper(
            configuration: configuration, policy: policy.inForce, time: time, desk: desk,
            forgetting: forgetting, alarms: alarms, uplink: uplink, log: log,
            wantHealth: { requests.continuation.yield() }, linked: { health.note($0) },
            rechecks: demands,
            began: {
                demands.tell(.spoolBegan)
                await pauses.spoolBegan()
                await submissions.spoolBegan()
            })
        _ = try await keeper.begin(signals)
        control = try ControlServer(path: configuration.controlPath, rights: rights, log: log)
    }

    private let healthRequests: AsyncStream<Void>
    private var demands: RecheckInbox { keeper.rechecks }
    private let signals: Signals

    /// Runs until SIGTERM or SIGINT.
    func run(_ definitions: DefinitionSummary, preparing: sending CheckPreparer) async throws {
        let states = await storedStates()
        source.board.restore(states)
        let plans = definitions.plans
        health.setObjectCount(definitions.activeCount)
        adopt(definitions.policyObjects(preparing))
        runner.drops.open()
        runner.start(
            with: plans, passages: definitions.passages, states: states, preparing: preparing)
        control.start()
        log.notice(
            "forwarder started",
            metadata: [
                "version": "\(Version.text)", "node": "\(configuration.nodeName)",
                "objects": "\(plans.count)", "destinations": "\(configuration.destinations.count)",
            ])
        let standings = await withTaskGroup(of: Void.self) { group in
            group.addTask { await keeper.run { await runner.statuses().map(\.schedule) } }
            group.addTask { await intake.run() }
            group.addTask { await controlAnswers.run(control.requests) }
            group.addTask { await wishes.rechecks.run() }
            group.addTask { await wishes.pauses.run() }
            group.addTask { await wishes.drops.run() }
            group.addTask { await strayDrops.run() }
            group.addTask { await rights.run(configuration, alarms: alarms, log: log) }
            group.addTask { await makeHealth() }
            group.addTask { await keys.inspect() }
            for await signal in signals.stream {
                if signal == .stop || signals.stopIsWanted { break }
                await reload()
                await keys.reload()
            }
            let standings = await stop()
            group.cancelAll()
            await group.waitForAll()
            return standings
        }
        try await keeper.finish(standings)
        log.notice("forwarder stopped")
    }

    private var intake: Intake {
        Intake(
            records: runner.records, healthObject: configuration.healthObject, desk: desk,
            board: source.board, alarms: alarms,
            losses: LossWatch(alarms: alarms), arrivals: wishes.arrivals, time: SystemTime(),
            log: log)
    }

    private var keys: KeyRenewal {
        KeyRenewal(
            configuration: configuration, board: uplink, alarms: alarms,
            isEnding: { [signals] in signals.stopIsWanted }, log: log)
    }

    private var strayDrops: StrayDrops {
        StrayDrops(ownPath: configuration.dropPath, alarms: alarms, log: log)
    }

    private var controlAnswers: ControlAnswers {
        ControlAnswers(
            configuration: configuration, desk: desk, runner: runner, alarms: alarms,
            uplink: uplink, policy: policy, wishes: wishes, startedAt: startedAt)
    }

    /// Where the schedules stood; a spool that cannot say leaves all checks to begin anew.
    private func storedStates() async -> [ScheduleState] {
        do {
            return try await desk.session?.spool.scheduleStates() ?? []
        } catch {
            log.error("schedules not read", metadata: ["reason": "\(error)"])
            return []
        }
    }

    /// Ends what makes results; returns where each schedule stands.
    private func stop() async -> [ScheduleState] {
        // Nothing is honoured that would not run any more.
        demands.close()
        control.stop()
        uplink.listener?.stop()
        let standings = await runner.stop(patience: Self.stopPatience)
        await desk.session?.driver.windDown(patience: Self.answerPatience)
        return standings
    }

    // MARK: Beside the main line

    /// Broken definitions and a broken policy are each refused as a whole and the running ones
    /// stay; neither keeps the other from taking effect.
    private func reload() async {
        policy.reload()
        demands.tell(.adopt(nil))
        do throws(DefinitionsFault) {
            let (definitions, preparing) = try source.load()
            let plans = definitions.plans
            let objects = Set(plans.map(\.object))
            adopt(definitions.policyObjects(preparing))
            runner.reload(plans, passages: definitions.passages, preparing: preparing)
            source.board.keep(only: objects)
            health.setObjectCount(definitions.activeCount)
            alarms.clear(.definitions)
            log.notice("definitions reloaded", metadata: ["objects": "\(plans.count)"])
            await forgetting.keep(only: objects)
        } catch {
            policy.examine(([], []))
            let text = """
                The new definitions are broken; the old ones stay in force. Run `forwarder \
                validate`, mend them and reload.
                """
            _ = alarms.raise(.definitions, text)
            let reason = ErrorListing.text(error.errors)
            log.error("reload refused", metadata: ["reason": "\(reason)"])
        }
    }

    /// Has the policy, and those who decide by it, know these objects.
    private func adopt(_ found: (objects: [PolicyObject], faults: [PolicyFault])) {
        policy.examine(found)
        demands.tell(.adopt(found.objects))
    }

    private func makeHealth() async {
        for await _ in healthRequests {
            guard alarms.isStanding(.spool), let session = desk.session else {
                _ = await runner.requestNow(configuration.healthObject)
                continue
            }
            // The way of all results is blocked, and without this one nothing leaves the spool.
            let record = health.record(of: configuration.healthObject, at: SystemTime().wall)
            // lost on purpose: the delivery asks again when this could not be stored
            guard let receipt = try? await session.spool.appendHealth(record) else { continue }
            alarms.told(in: record.result.output)
            session.driver.tell(.accepted(receipt.grown))
        }
    }
}
