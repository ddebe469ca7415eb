package import Monitoring
package import Spool
package import UplinkMessages

/// The way to the uplink process.
///
/// Never blocks; what cannot be told is as lost as the uplink.
package protocol UplinkPort: Sendable {
    /// Tells the uplink these, in this order.
    func send(_ messages: [DaemonMessage])
}

/// Performs what the ``DeliveryMachine`` of each destination decides: commits to the spool, talks
/// to the uplink, waits.
///
/// Events are taken one at a time; commits run beside them, one for each destination, so that
/// outcomes gather for the next commit while one is on its way to the disk.
package actor DeliveryDriver {
    /// What goes on outside of delivery.
    package enum Signal: Sendable {
        /// New results are durable; by object, how many.
        case accepted([ObjectName: Int])
        /// An uplink process is ready for messages through this port.
        case uplinkStarted(any UplinkPort)
        /// It is gone.
        case uplinkLost(text: String)
        /// It says these things, in this order.
        case uplink([UplinkMessage])
        /// Deliver everything now.
        case hurry
        /// An operator wants these tried again now.
        case retry([RetriedLane])
        /// Try failed connections again now; objects that were set aside stay so.
        case hurryLinks
        /// Let nothing more go out.
        case windDown
        /// Let nothing more go out until another uplink is ready.
        case pause
        /// Watch for rechecks that a destination requests of exactly these objects.
        case watch(destination: String, Set<ObjectName>)
        /// What waits of this object goes before what waits of others, everywhere.
        case urgent(ObjectName)
    }

    private enum Event: Sendable {
        case signal(Signal)
        case machine(Int, DeliveryEvent)
        case timer(Int)
        case stop
    }

    private let spool: SpoolQueue
    private let time: any TimeSource
    private let wantHealth: @Sendable () -> Void
    private let demanded: @Sendable (RecheckRound) -> Void
    private let linked: @Sendable (LinkStanding) -> Void
    private let passing: KillPoint.Observer
    private let settings: [DeliverySettings]
    private let policy: PolicyInForce
    private var desks: [ReleaseDesk] = []
    private var machines: [DeliveryMachine] = []
    private var armed: [Duration?] = []
    private var told: [LinkStanding?] = []
    private var port: (any UplinkPort)?

    private nonisolated let events: AsyncStream<Event>
    private nonisolated let inbox: AsyncStream<Event>.Continuation

    /// A driver for these destinations; nothing happens before ``run()``.
    ///
    /// - Parameters:
    ///   - policy: decides what of each result leaves, and whether.
    ///   - wantHealth: has a result of the forwarder's own health made and accepted.
    ///   - linked: hears whether results get through, whenever that changes; must not block.
    ///   - demanded: hears which rechecks a destination requests, in each round while they stand.
    ///   - passing: hears of each ``KillPoint``; nobody listens outside of tests.
    package init(
        spool: SpoolQueue, settings: [DeliverySettings], policy: PolicyInForce,
        time: any TimeSource,
        passing: @escaping KillPoint.Observer = { _ in },
        linked: @escaping @Sendable (LinkStanding) -> Void = { _ in },
        demanded: @escaping @Sendable (RecheckRound) -> Void = { _ in },
        wantHealth: @escaping @Sendable () -> Void
    ) {
        self.spool = spool
        self.settings = settings
        self.policy = policy
        self.time = time
        self.wantHealth = wantHealth
        self.linked = linked
        self.demanded = demanded
        self.passing = passing
        (events, inbox) = AsyncStream.makeStream(of: Event.self)
    }

    /// Takes note of something; from any thread.
    package nonisolated func tell(_ signal: Signal) { inbox.yield(.signal(signal)) }

    /// Ends ``run()`` once what is being committed is.
    package nonisolated func stop() { inbox.yield(.stop) }

    /// Lets nothing more go out and returns when all that is out is answered and stored, after
    /// `patience` at the latest; what is still out then is in doubt at the next start.
    package func windDown(patience: Duration) async {
        tell(.windDown)
        await awaitSettled(patience: patience)
    }

    /// The same, until another uplink is ready: for one that is to be replaced.
    package func pause(patience: Duration) async {
        tell(.pause)
        await awaitSettled(patience: patience)
    }

    private func awaitSettled(patience: Duration) async {
        let deadline = time.monotonic + patience
        while !machines.allSatisfy(\.hasWoundDown), time.monotonic < deadline {
            // A cancelled wait ends it: whoever waits has no more time.
            guard (try? await Task.sleep(for: Self.windDownStep)) != nil else { return }
        }
    }

    private static let windDownStep = Duration.milliseconds(10)

    /// Registers the destinations and reads where they stand; once, before ``run()``.
    package func prepare() async throws(SpoolFault) {
        let ids = try await spool.register(destinations: settings.map(\.name))
        var generator = SystemRandomNumberGenerator()
        for (one, id) in zip(settings, ids) {
            machines.append(
                DeliveryMachine(settings: one, destination: id, seed: generator.next()))
            desks.append(ReleaseDesk(policy, destination: one.name, time: time))
            armed.append(nil)
            told.append(nil)
        }
        for (index, id) in ids.enumerated() {
            let lanes = try await spool.lanes(of: id)
            let unresolved = try await spool.leasedRows(of: id)
            inbox.yield(.machine(index, .loaded(lanes: lanes, unresolved: unresolved)))
        }
    }

    /// Delivers until ``stop()``.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await event in events {
                if case .stop = event { break }
                take(event, &group)
            }
            group.cancelAll()
        }
    }

    /// Where every destination stands.
    package func reports() -> [DeliveryReport] {
        let now = Moment(time)
        return machines.map { $0.report(at: now) }
    }

    // MARK: Events

    private func take(_ event: Event, _ group: inout DiscardingTaskGroup) {
        switch event {
        case .signal(let signal): take(signal, &group)
        case .machine(let index, let event): tell(index, event, &group)
        case .timer(let index):
            armed[index] = nil
            tell(index, .tick, &group)
        case .stop: break
        }
    }

    private func take(_ signal: Signal, _ group: inout DiscardingTaskGroup) {
        switch signal {
        case .accepted(let grown): tellAll(.accepted(grown), &group)
        case .uplinkStarted(let port):
            self.port = port
            tellAll(.uplinkStarted, &group)
        case .uplinkLost(let text):
            port = nil
            tellAll(.uplinkLost(text: text), &group)
        case .uplink(let messages): for message in messages { route(message, &group) }
        case .hurry: tellAll(.hurry, &group)
        case .retry(let lanes):
            for index in machines.indices {
                let own = lanes.filter { $0.destination == machines[index].destination }
                if !own.isEmpty { tell(index, .retry(own), &group) }
            }
        case .hurryLinks: tellAll(.hurryLink, &group)
        case .windDown: tellAll(.windDown, &group)
        case .pause: tellAll(.pause, &group)
        case .watch(let destination, let objects):
            guard let index = settings.firstIndex(where: { $0.name == destination }) else { return }
            tell(index, .watch(objects), &group)
        case .urgent(let object): tellAll(.urgent(object), &group)
        }
    }

    private func route(_ message: UplinkMessage, _ group: inout DiscardingTaskGroup) {
        switch message {
        case .outcome(let report):
            passing(.answered)
            route(id: report.id, message, &group)
        case .probeAnswer(let id, _): route(id: id, message, &group)
        case .readBackAnswer(let id, _), .scheduleAnswer(let id, _):
            route(id: id, message, &group)
        case .ready, .link, .addressWanted, .renewalWanted: tellAll(.uplink(message), &group)
        }
    }

    private func route(id: UInt64, _ message: UplinkMessage, _ group: inout DiscardingTaskGroup) {
        // An id that no machine gave out is a lie or a late answer: nothing depends on it.
        guard let index = machines.firstIndex(where: { $0.owns(id: id) }) else { return }
        tell(index, .uplink(message), &group)
    }

    private func tellAll(_ event: DeliveryEvent, _ group: inout DiscardingTaskGroup) {
        for index in machines.indices { tell(index, event, &group) }
    }

    private func tell(
        _ index: Int, _ event: DeliveryEvent, _ group: inout DiscardingTaskGroup
    ) {
        // One call for all: a commit lets half a window go, and each call wakes who writes.
        var messages: [DaemonMessage] = []
        for action in machines[index].handle(event, at: Moment(time)) {
            if case .send(let message) = action {
                messages.append(message)
            } else {
                perform(action, of: index, &group)
            }
        }
        if !messages.isEmpty { send(messages) }
        tellLink(of: index)
    }

    private func tellLink(of index: Int) {
        let standing = LinkStanding(
            destination: settings[index].name, state: machines[index].link.standing)
        guard told[index] != standing else { return }
        told[index] = standing
        linked(standing)
    }

    // MARK: Actions

    private func perform(
        _ action: DeliveryAction, of index: Int, _ group: inout DiscardingTaskGroup
    ) {
        let destination = machines[index].destination
        switch action {
        case .send(let message): send([message])
        case .wantHealth: wantHealth()
        case .recheckDemanded(let round): demanded(round)
        case .wake(let at): arm(index, at, &group)
        case .exchange(var batch):
            batch.release = desks[index].release
            group.addTask { [spool, inbox, batch] in
                do throws(SpoolFault) {
                    let answer = try await spool.exchange(batch)
                    inbox.yield(.machine(index, .exchanged(answer)))
                } catch {
                    inbox.yield(.machine(index, .exchangeFailed(text: error.description)))
                }
            }
        case .loadKept(let round):
            group.addTask { [spool, inbox] in
                do throws(SpoolFault) {
                    let kept = try await spool.keptLanes(of: destination)
                    inbox.yield(.machine(index, .keptLoaded(round: round, kept)))
                } catch {
                    let text = error.description
                    inbox.yield(.machine(index, .keptFailed(round: round, text: text)))
                }
            }
        case .judgeKept(let round, let verdicts):
            group.addTask { [spool, inbox] in
                var queued: [ObjectName: Int] = [:]
                do throws(SpoolFault) {
                    let judgement = try await spool.judge(
                        verdicts, of: destination, queued: &queued)
                    inbox.yield(.machine(index, .keptJudged(round: round, judgement)))
                } catch {
                    let text = error.description
                    // What waits again by now is not kept any more: no comparison finds it.
                    inbox.yield(.machine(index, .accepted(queued)))
                    inbox.yield(.machine(index, .keptFailed(round: round, text: text)))
                }
            }
        }
    }

    private func send(_ messages: [DaemonMessage]) {
        for message in messages { if case .submit = message { passing(.sending) } }
        port?.send(messages)
        for message in messages { if case .submit = message { passing(.sent) } }
    }

    private func arm(_ index: Int, _ at: Duration, _ group: inout DiscardingTaskGroup) {
        if let set = armed[index], set <= at { return }
        armed[index] = at
        let wait = max(at - time.monotonic, .zero)
        group.addTask { [inbox] in
            // A cancelled wait is the end of the run.
            guard (try? await ContinuousClock().sleep(for: wait)) != nil else { return }
            inbox.yield(.timer(index))
        }
    }
}

extension SpoolQueue {
    /// Stores what reads said about kept results.
    ///
    /// What is to be sent again must be queued, or nothing may be submitted. Forgetting what was
    /// proved only makes room: what could not be forgotten is proved once more another time.
    ///
    /// - Parameter queued: by object, how many results wait again; also told when it throws.
    func judge(
        _ verdicts: [KeptVerdict], of destination: DestinationID, queued: inout [ObjectName: Int]
    ) async throws(SpoolFault) -> KeptJudgement {
        var judgement = KeptJudgement()
        var forgotten = verdicts.filter(\.isForgotten).map { verdict in
            ForgottenObject(name: verdict.object, held: verdict.held)
        }
        while !forgotten.isEmpty {
            let step = try await resend(forgotten, of: destination)
            queued.merge(step.queued) { $0 + $1 }
            forgotten = step.left
        }
        if let provedBefore = verdicts.compactMap(\.provedBefore).min() {
            let proofs = verdicts.compactMap { verdict in
                verdict.held.map { StampProof(object: verdict.object, stamp: $0) }
            }
            do throws(SpoolFault) {
                _ = try await confirm(proofs, of: destination, acknowledgedBefore: provedBefore)
            } catch {
                judgement.isProofStored = false
            }
        }
        if !queued.isEmpty {
            judgement.again = try await lanes(of: destination, objects: queued.keys.sorted())
        }
        judgement.overtaken = try await overtaken(verdicts, of: destination)
        return judgement
    }

    /// A stamp is stored before its bytes leave, so what was read before now and is higher than all
    /// that are stored is not ours.
    private func overtaken(
        _ verdicts: [KeptVerdict], of destination: DestinationID
    ) async throws(SpoolFault) -> [ObjectName] {
        let higher = verdicts.filter { verdict in
            !verdict.isForgotten && verdict.held.map { $0 > verdict.newest } ?? false
        }
        guard !higher.isEmpty else { return [] }
        var held: [ObjectName: Timestamp] = [:]
        for verdict in higher { held[verdict.object] = verdict.held }
        return try await lanes(of: destination, objects: higher.map(\.object)).compactMap { lane in
            guard let seen = held[lane.object], let last = lane.lastStamp, seen > last else {
                return nil
            }
            return lane.object
        }
    }
}
