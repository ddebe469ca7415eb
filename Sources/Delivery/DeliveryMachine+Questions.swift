internal import DequeModule
internal import Monitoring
internal import Spool
internal import UplinkMessages

/// A read-back and what its answer is for.
struct Question: Sendable {
    enum Purpose: Sendable {
        /// Did a submission whose fate is unknown take effect?
        case doubt
        /// Does the master still hold what it acknowledged?
        case kept
        /// What is stored of the forwarder's own health, before the clock is known?
        case storedStamp
        /// When did the master process this sample?
        case clock(Calibration.Sample)
        /// Has the preferred node caught up, so that it can be used again?
        case home
    }

    var purpose: Purpose
    var objects: [ObjectName]
    /// Whom to ask; the node in use when nil.
    var node: NodeID?
}

/// Learning the master's clock from the forwarder's own health.
struct Calibration: Sendable {
    /// A processed submission whose time of processing brackets the master's clock.
    struct Sample: Sendable {
        var stamp: Timestamp
        var sentAt: Duration
        var answeredAt: Duration
    }

    enum Stage: Hashable, Sendable {
        /// Nothing is known: the stored stamp is asked for first.
        case needed
        case asking
        /// One result may go, stamped just above `storedStamp`.
        case submitting
        /// The master does not know the health object: this host's clock is used.
        case impossible
    }

    /// The node whose clock it is.
    var node: NodeID?
    var stage = Stage.needed
    var storedStamp: Timestamp?
    var sample: Sample?
    var healthWantedAt: Duration?
    /// Nodes that take no results of own health.
    var refusedBy: Set<NodeID> = []
    /// Results of own health in a row from which the clock could not be told.
    var failures = 0
    /// True when the newest result of own health on the master carries an old stamp.
    var wantsFresh = false

    var maySubmit: Bool { stage == .submitting && sample == nil }

    mutating func restart() {
        stage = .needed
        sample = nil
    }
}

extension DeliveryMachine {
    /// How long to wait before another result of own health is asked for.
    private static let healthPatience = Duration.seconds(10)

    // MARK: Asking

    /// Asks about results whose fence and grace are over.
    ///
    /// While questions wait, more objects gather for the next one.
    mutating func askAboutDoubtful(at now: Moment) {
        guard waitingQuestions.isEmpty else { return }
        let askable = doubtful.filter { object in
            askTime(of: object).map { now.monotonic >= $0 } ?? false
        }
        guard !askable.isEmpty else { return }
        guard link.canReadBack else {
            for object in askable { resolveUnread(object, at: now) }
            return
        }
        for object in askable { lanes[object]?.doubt?.isAsked = true }
        enqueue(askable.sorted(), for: .doubt)
    }

    /// When an unresolved result may be asked about at the node in use; nil while it may not.
    ///
    /// The node that it was sent to is asked once nothing of it can arrive any more. Another one is
    /// asked at once, because what it holds is certain; what it does not hold may still come.
    func askTime(of object: ObjectName) -> Duration? {
        guard let doubt = lanes[object]?.doubt, !doubt.isAsked, let fencedAt = link.fencedAt,
            !keptWork.isLagging(object)
        else { return nil }
        let again = doubt.askAgainAt ?? .zero
        guard doubt.node == link.node.name else { return again }
        guard doubt.lostAt.map({ $0 <= fencedAt }) ?? true else { return nil }
        return max(doubt.askableAt, again)
    }

    mutating func enqueue(_ objects: [ObjectName], for purpose: Question.Purpose) {
        for start in stride(from: 0, to: objects.count, by: Wire.objectLimit) {
            let end = min(start + Wire.objectLimit, objects.count)
            waitingQuestions.append(
                Question(purpose: purpose, objects: Array(objects[start..<end])))
        }
    }

    mutating func ask(at now: Moment, _ actions: inout [DeliveryAction]) {
        while questions.count < DeliverySettings.questionLimit,
            let question = waitingQuestions.popFirst()
        {
            let id = nextID()
            questions[id] = question
            let node = question.node ?? link.node.id
            actions.append(.send(.readBack(id: id, node: node, objects: question.objects)))
        }
    }

    /// The connection is gone: what was asked is asked again on the next one.
    mutating func dropQuestions() {
        questions.removeAll()
        waitingQuestions.removeAll()
        for object in doubtful { lanes[object]?.doubt?.isAsked = false }
        if calibration.stage == .asking { calibration.stage = .needed }
        homecoming.abandon()
        keptWork.abandon()
        watch.drop()
    }

    // MARK: Answers

    mutating func readBackAnswered(_ id: UInt64, _ answer: ReadBackAnswer, at now: Moment) {
        guard let question = questions.removeValue(forKey: id) else { return }
        if case .home = question.purpose { return homeAnswered(answer, at: now) }
        switch answer {
        case .readings(let readings):
            link.told()
            let asked = Set(question.objects)
            var held: [ObjectName: ObjectReading] = [:]
            for reading in readings where asked.contains(reading.object) {
                held[reading.object] = reading
            }
            for object in question.objects {
                conclude(question.purpose, object, held[object], at: now)
            }
        case .objectUnknown where question.objects.count > 1:
            let half = question.objects.count / 2
            for part in [question.objects[..<half], question.objects[half...]] {
                waitingQuestions.prepend(
                    Question(purpose: question.purpose, objects: Array(part)))
            }
        case .objectUnknown:
            for object in question.objects { unknown(question.purpose, object, at: now) }
        case .permissionMissing:
            linkFailed(Self.missingQueryPermission, at: now)
        case .failed(let fault, let text):
            if link.isConnected { linkFailed(fault.explained(text), at: now) }
        }
    }

    private mutating func homeAnswered(_ answer: ReadBackAnswer, at now: Moment) {
        switch answer {
        case .readings(let readings): homeRead(readings.first, at: now)
        case .objectUnknown: homecoming.abandon(Self.healthUnknown)
        case .permissionMissing: homecoming.abandon(Self.missingQueryPermission)
        case .failed(let fault, let text): homecoming.abandon(fault.explained(text))
        }
    }

    private static let healthUnknown = """
        The node takes no results of this host's service forwarder. Load the configuration that \
        `forwarder render` prints there too.
        """

    private static let missingQueryPermission = """
        The master lists objects/query for this user but refuses it. Results are not sent, since \
        none could be verified. Correct the ApiUser's permissions.
        """

    /// One object was answered; nil when the master told nothing about it.
    private mutating func conclude(
        _ purpose: Question.Purpose, _ object: ObjectName, _ reading: ObjectReading?,
        at now: Moment
    ) {
        switch purpose {
        case .doubt: resolve(object, held: reading?.executionStart, at: now)
        case .kept: keptRead(object, held: reading?.executionStart, at: now)
        case .home: break
        case .storedStamp:
            // Above a stamp that no clock shows there may be none; in a master's future any result
            // wins, so there need not be one.
            calibration.storedStamp = reading?.executionStart.flatMap {
                MasterClock.isPlausible($0) ? $0 : nil
            }
            calibration.stage = .submitting
        case .clock(let sample):
            if let reading, reading.executionStart == sample.stamp,
                let lastCheck = reading.lastCheck
            {
                observe(lastCheck, sample)
            } else if !clock.isKnown {
                calibrationFailed()
            }
        }
    }

    private mutating func observe(_ lastCheck: Timestamp, _ sample: Calibration.Sample) {
        let wasKnown = clock.isKnown
        // What was measured across a step of a clock of ours brackets nothing.
        let isWhole = ages.partedAt.map { sample.sentAt > $0 } ?? true
        guard isWhole,
            clock.observe(
                lastCheck: lastCheck, sentAt: sample.sentAt, answeredAt: sample.answeredAt)
        else {
            if !wasKnown { calibrationFailed() }
            return
        }
        calibration.failures = 0
        calibration.refusedBy.remove(link.node.id)
        calibration.wantsFresh = !wasKnown
        // The one that made the clock known went under an old stamp: a fresh one follows, or the
        // master would take this host to be silent.
        if !wasKnown { calibration.healthWantedAt = nil }
    }

    /// The master does not know the object, or hides it.
    private mutating func unknown(
        _ purpose: Question.Purpose, _ object: ObjectName, at now: Moment
    ) {
        switch purpose {
        case .doubt:
            // It holds nothing of it. Sent again, the result is refused and set aside; stamped
            // lower, it harms nothing should the object be there after all.
            resolveUnread(object, at: now)
        case .kept: keptUnknown(object, at: now)
        case .storedStamp, .clock: healthRefused(at: now)
        case .home: break
        }
    }

    /// Leaves a node that takes no own health, because it was not told of this host, for the next.
    ///
    /// Where no node was, the clock stays unknown and delivery goes on.
    mutating func healthRefused(at now: Moment) {
        calibration.refusedBy.insert(link.node.id)
        if calibration.refusedBy.count < settings.nodes.count {
            linkFailed(Self.healthUnknown, at: now)
        } else if !clock.isKnown {
            calibration.stage = .impossible
        }
    }

    /// A result of own health was taken, and a read shows no time of it.
    ///
    /// Nobody can tell the clock from that. Tried again some times, then delivery goes on without,
    /// and says so.
    private mutating func calibrationFailed() {
        calibration.failures += 1
        calibration.restart()
        if calibration.failures >= Self.calibrationLimit { calibration.stage = .impossible }
    }

    /// How often the master's clock is looked for on a connection before it counts as unknowable.
    private static let calibrationLimit = 5

    // MARK: The master's clock

    mutating func calibrate(at now: Moment, _ actions: inout [DeliveryAction]) {
        guard link.phase == .open else { return }
        guard link.canReadBack, calibration.stage != .impossible else {
            clock.assumeEqual(time: now)
            return
        }
        if let sample = calibration.sample {
            calibration.sample = nil
            enqueue([settings.healthObject], for: .clock(sample))
            return
        }
        guard !clock.isKnown else {
            if calibration.wantsFresh {
                calibration.wantsFresh = false
                wantHealth(at: now, &actions)
            }
            return
        }
        switch calibration.stage {
        case .needed:
            calibration.stage = .asking
            enqueue([settings.healthObject], for: .storedStamp)
        case .submitting: wantHealth(at: now, &actions)
        case .asking, .impossible: break
        }
    }

    /// When another result of own health may be asked for; nil while none is needed.
    var healthDueAt: Duration? {
        guard link.phase == .open, !clock.isKnown, calibration.stage == .submitting else {
            return nil
        }
        return calibration.healthWantedAt.map { $0 + Self.healthPatience }
    }

    private mutating func wantHealth(at now: Moment, _ actions: inout [DeliveryAction]) {
        let stage = lanes[settings.healthObject]?.stage ?? .empty
        guard stage == .empty else { return }
        if let asked = calibration.healthWantedAt,
            now.monotonic - asked < Self.healthPatience
        {
            return
        }
        calibration.healthWantedAt = now.monotonic
        actions.append(.wantHealth)
    }
}
