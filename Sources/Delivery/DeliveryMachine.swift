internal import DequeModule
internal import HeapModule
internal import Monitoring
package import Spool
internal import UplinkMessages

/// Decides the delivery to one destination: what is leased, sent, asked, settled, and when.
///
/// - At most one unresolved result per object; objects never wait for each other.
/// - No bytes of a result leave before its lease is committed (``DeliveryAction/exchange(_:)``).
/// - What was lost is read back after fence and grace before it is sent again.
/// - Nothing is submitted on a new connection before kept results were compared.
/// - Until the master's clock is known only results of the forwarder's own health are sent.
/// - Bounded by the window; lanes are bounded by the number of objects.
///
/// A value: events and the time in, actions out. ``DeliveryDriver`` performs them.
package struct DeliveryMachine: Sendable {
    /// Which master, and how it is delivered to.
    package let settings: DeliverySettings
    /// Whose rows of the spool.
    package let destination: DestinationID
    /// The way to it.
    package internal(set) var link: DeliveryLink
    /// What is known of its clock.
    package internal(set) var clock = MasterClock()
    /// What was counted since the process started.
    package internal(set) var counts = DeliveryCounts()

    var lanes: [ObjectName: LaneState] = [:]
    /// Lanes that may be leased, oldest turn first.
    ///
    /// May name lanes that no longer are ready.
    var ready: Deque<ObjectName> = []
    var flights: [UInt64: Flight] = [:]
    /// Lanes that a time wakes.
    ///
    /// May name lanes that no longer wait.
    var sleepers: Heap<Sleeper> = []
    /// Lanes whose result's fate is unknown and not being asked about.
    var doubtful: Set<ObjectName> = []

    var settlements: [Settlement] = []
    var parkings: [Parking] = []
    /// What is being committed; put back if the commit fails.
    var committing: Committing?
    var spoolRetryAt: Duration?
    /// Why the spool could not commit; nil while it can.
    var spoolFault: DeliveryLink.Fault?

    var questions: [UInt64: Question] = [:]
    var waitingQuestions: Deque<Question> = []
    var keptWork = KeptWork()
    var ages: AgeTrust
    var calibration = Calibration()
    var hasLoaded = false
    /// The way back to the preferred node.
    var homecoming: Homecoming
    /// What the nodes that are not in use may still do.
    var fates = NodeFates()
    /// Since when the node in use is, while it may not yet hold what another one acknowledged.
    var relayAwaitedSince: Duration?
    /// Which rechecks the master asks for.
    var watch = RecheckWatch()
    /// Objects whose results go before those of others until none of theirs waits.
    var urgent: Set<ObjectName> = []
    /// What somebody else's results do to ours.
    var overtaking = Overtaking()
    /// Flights to nodes that are no longer in use.
    var flightsElsewhere = 0
    /// Bytes of text that are out.
    var flightBytes = 0
    /// Answers in a row, of whatever object, that left the effect open.
    var unverifiedInRow = 0
    /// How often an answer showed that results get through.
    var proofCount = 0

    /// True once nothing more goes out.
    var isWindingDown: Bool { isEnding || isPaused }
    /// True from `.windDown` on.
    private var isEnding = false
    /// True from `.pause` to the next uplink.
    private var isPaused = false

    private var lastID: UInt64 = 0
    var random: SplitMix

    /// A destination about which nothing is loaded yet.
    package init(
        settings: DeliverySettings, destination: DestinationID, seed: UInt64
    ) {
        self.settings = settings
        self.destination = destination
        self.link = DeliveryLink(nodes: settings.nodes)
        self.ages = AgeTrust(period: settings.keepDelivered)
        self.homecoming = Homecoming(minimumStay: settings.minimumStay)
        self.random = SplitMix(seed: seed)
    }

    /// Takes an event into account and says what is to be done about it now.
    package mutating func handle(_ event: DeliveryEvent, at now: Moment) -> [DeliveryAction] {
        var actions: [DeliveryAction] = []
        observeClocks(now)
        switch event {
        case .loaded(let lanes, let unresolved): load(lanes, unresolved, at: now)
        case .accepted(let grown): accept(grown)
        case .exchanged(let answer): exchanged(answer, at: now, &actions)
        case .exchangeFailed(let text): exchangeFailed(text, at: now)
        case .keptLoaded(let round, let kept): keptLoaded(kept, round, at: now)
        case .keptJudged(let round, let judgement):
            queueAgain(judgement.again)
            if !judgement.isProofStored { counts.spoolFailures += 1 }
            keptJudged(judgement.overtaken, round, at: now)
        case .keptFailed(let round, let text): keptFailed(text, round, at: now)
        case .uplinkStarted:
            isPaused = false
            link.uplinkStarted()
        case .uplinkLost(let text): uplinkLost(text, at: now)
        case .uplink(let message): heard(message, at: now, &actions)
        case .watch(let objects): watch.watch(objects)
        case .urgent(let object): hasten(object)
        case .hurry: hurry()
        case .retry(let wanted): retry(wanted)
        case .hurryLink: link.hurry()
        case .windDown: isEnding = true
        case .pause: isPaused = true
        case .tick: break
        }
        if hasLoaded { advance(at: now, &actions) }
        return actions
    }

    /// An id that no other question or submission of any destination has.
    mutating func nextID() -> UInt64 {
        lastID += 1
        return UInt64(settings.number) << 48 | lastID
    }

    /// True when `id` was given out by this machine.
    package func owns(id: UInt64) -> Bool { id >> 48 == UInt64(settings.number) }

    /// A wall clock that was set, or a monotonic one that stood still while the host was paused:
    /// nobody can tell which, so the master's clock is looked at anew before anything is stamped.
    private mutating func observeClocks(_ now: Moment) {
        let before = ages.partedAt
        ages.observe(now)
        guard ages.partedAt != before else { return }
        clock.forget()
        calibration.restart()
    }

    // MARK: What is to be done now

    private mutating func advance(at now: Moment, _ actions: inout [DeliveryAction]) {
        wakeSleepers(at: now)
        link.wake(at: now.monotonic)
        if link.phase == .resting, !isWindingDown, hasWork(at: now) { probe(&actions) }
        if link.isConnected {
            comeHome(at: now, &actions)
            compareKept(at: now, &actions)
            askAboutDoubtful(at: now)
            calibrate(at: now, &actions)
            ask(at: now, &actions)
            watchSchedules(at: now, &actions)
            lookAtSuspects(at: now, &actions)
        }
        exchange(at: now, &actions)
        if let due = nextWake(at: now) { actions.append(.wake(at: due)) }
    }

    /// True when nothing is out any more, nothing goes out, and all that was is stored.
    package var hasWoundDown: Bool {
        isWindingDown && flights.isEmpty && committing == nil && settlements.isEmpty
            && parkings.isEmpty
    }

    private func hasWork(at now: Moment) -> Bool {
        !ready.isEmpty || !doubtful.isEmpty || keptWork.isDue(at: now.monotonic)
            || watchWake.map { $0 <= now.monotonic } ?? false
    }

    private mutating func probe(_ actions: inout [DeliveryAction]) {
        let id = nextID()
        let node = link.node.id
        link.probeAsked(id: id)
        actions.append(.send(.probe(id: id, node: node)))
    }

    private func nextWake(at now: Moment) -> Duration? {
        var due: [Duration] = []
        if case .waiting(let until) = link.phase { due.append(until) }
        if let sleeper = sleepers.min { due.append(sleeper.until) }
        if link.isConnected {
            let askable = doubtful.lazy.compactMap { askTime(of: $0) }
            if let at = askable.filter({ $0 > now.monotonic }).min() { due.append(at) }
        }
        if link.isAway, link.phase == .open, let at = homecoming.wakeAt { due.append(at) }
        if let at = keptWork.wake(for: link.phase) { due.append(at) }
        if let at = healthDueAt { due.append(at) }
        if let at = nextLook { due.append(at) }
        if let at = watchWake { due.append(at) }
        if let spoolRetryAt { due.append(spoolRetryAt) }
        return due.min().map { max($0, now.monotonic + Self.shortestWait) }
    }

    /// Waits are not shorter than this, so that no wish for the past turns into a busy loop.
    static let shortestWait = Duration.milliseconds(10)

    // MARK: The uplink

    private mutating func uplinkLost(_ text: String, at now: Moment) {
        link.uplinkLost(text, at: now)
        calibration.restart()
        for flight in flights.values { lost(flight, at: now) }
        flights.removeAll()
        flightsElsewhere = 0
        flightBytes = 0
        fates.dropLooks()
        dropQuestions()
        counts.uplinkRestarts += 1
    }

    private mutating func heard(
        _ message: UplinkMessage, at now: Moment, _ actions: inout [DeliveryAction]
    ) {
        switch message {
        case .outcome(let report): outcome(report, at: now)
        case .probeAnswer(let id, let answer): probeAnswered(id, answer, at: now)
        case .readBackAnswer(let id, let answer): readBackAnswered(id, answer, at: now)
        case .scheduleAnswer(let id, let answer):
            scheduleAnswered(id, answer, at: now, &actions)
        case .link(let node, let isUp):
            guard !isUp else { return }
            if node == link.node.id {
                linkEnded(at: now)
            } else if node == settings.nodes[0].id, homecoming.hasArrived {
                homecoming.abandon()
            }
        case .ready, .addressWanted, .renewalWanted: break
        }
    }

    private mutating func probeAnswered(_ id: UInt64, _ answer: ProbeAnswer, at now: Moment) {
        guard !lookAnswered(id, answer, at: now), !homeAnswered(id, answer, at: now),
            link.phase == .probing(id: id)
        else { return }
        switch answer {
        case .failed(let fault, let text):
            fates.learn(answer, of: link.node.name, at: now.monotonic)
            linkFailed(fault.explained(text), at: now)
        case .answered(let greeting) where !greeting.canSubmit:
            fates.learn(answer, of: link.node.name, at: now.monotonic)
            linkFailed(Self.missingPermission, at: now)
        case .answered(let greeting): connected(greeting, fencedAt: now.monotonic, at: now)
        }
    }

    /// The node in use answered on a connection that is younger than all that was lost.
    mutating func connected(_ greeting: MasterGreeting, fencedAt: Duration, at now: Moment) {
        link.connected(greeting, fencedAt: fencedAt)
        overtaking.connected()
        let isOtherNode = calibration.node != link.node.id
        watch.connected(toOtherNode: isOtherNode)
        if isOtherNode, settings.nodes.count > 1 {
            relayAwaitedSince = now.monotonic
            keptWork.shunned.admitAll()
            wakeParkedElsewhere()
            leaveHealthBehind()
        }
        noteFence(at: fencedAt)
        calibration.node = link.node.id
        if isOtherNode || calibration.stage == .impossible {
            clock.forget()
            calibration.restart()
        }
        keptWork.begin()
    }

    private mutating func linkEnded(at now: Moment) {
        guard link.endsQuietly(at: now.monotonic) else {
            return linkFailed(Self.endedUnused, at: now)
        }
        link.closedQuietly()
        dropQuestions()
    }

    private static let endedUnused = """
        The master greets and then ends the connection before it took or told anything. Results \
        stay in the spool; look into its log, and at what stands between.
        """

    mutating func linkFailed(_ text: String, at now: Moment) {
        let wasAway = link.isAway
        let wasConnected = link.isConnected
        let node = link.node
        link.failed(text, at: now, using: &random)
        dropQuestions()
        guard link.node != node else { return }
        if wasConnected { fates.left(node.name) }
        if !wasAway { homecoming.left(text, at: now.monotonic, using: &random) }
        countFlightsElsewhere()
    }

    mutating func countFlightsElsewhere() {
        let node = link.node.name
        flightsElsewhere = flights.values.count { $0.node != node }
    }

    private mutating func hurry() {
        link.hurry()
        spoolRetryAt = nil
        for (object, lane) in lanes where lane.stage == .sleeping { makeReady(object) }
    }

    private mutating func retry(_ wanted: [RetriedLane]) {
        for lane in wanted {
            lanes[lane.object, default: LaneState()].queued += lane.count
            let stage = lanes[lane.object]?.stage
            if stage == .sleeping || stage == .empty { rest(lane.object) }
        }
    }

    static let missingPermission = """
        The master lists no permission actions/process-check-result for this user. Nothing can \
        be delivered; results stay in the spool. Add the permission to the ApiUser.
        """
}

extension LinkFault {
    /// The uplink's words, which are whole sentences; without any, what the fault means.
    func explained(_ text: String) -> String {
        let meaning =
            switch self {
            case .unreachable: "The master cannot be reached"
            case .refused: "The master's host refuses the connection"
            case .timedOut: "The master did not answer in time"
            case .untrusted: "The certificate shown is not the master's"
            case .tlsFailed: "TLS failed"
            case .protocolViolation: "The master's answer makes no sense"
            case .unauthorized: "The master does not know this certificate's user"
            case .keysUnusable: "Own certificate, key or CA cannot be used"
            case .closed: "The master closed the connection"
            case .unavailable: "The master is not ready"
            }
        return text.isEmpty ? "\(meaning)." : text
    }
}

/// What delivery counted since the process started.
package struct DeliveryCounts: Sendable, Hashable {
    /// Submissions whose bytes were handed to the uplink.
    package var submitted = 0
    /// Results that certainly took effect.
    package var delivered = 0
    /// Submissions that ended without an answer.
    package var ambiguous = 0
    /// Submissions that were repeated after a read showed that no attempt had taken effect.
    package var repeated = 0
    /// Repeats that certainly had no effect, because the master held something newer.
    package var discardedRepeats = 0
    /// Delivered results that were the newest of their object until the master was seen to hold a
    /// newer one of somebody else.
    package var overtaken = 0
    /// Kept results that a master had forgotten and that were queued again.
    package var forgotten = 0
    /// Results that were skipped because newer ones say what the destination wants to know.
    package var compacted = 0
    /// Results that were withheld because nothing of them may leave.
    package var withheld = 0
    /// Results whose times were translated into the master's clock.
    package var translated = 0
    /// How often the uplink process ended.
    package var uplinkRestarts = 0
    /// How often the spool could not commit a batch.
    package var spoolFailures = 0

    /// Nothing counted yet.
    package init() {}
}
