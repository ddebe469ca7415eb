internal import DequeModule
internal import HeapModule
internal import Monitoring
internal import Spool
internal import UplinkMessages

/// One object's line of results, as the machine sees it; what is in it is in the spool.
struct LaneState: Sendable {
    enum Stage: Hashable, Sendable {
        /// Nothing waits.
        case empty
        /// In `ready`, may be leased.
        case ready
        /// Named in the batch that is being committed.
        case leasing
        /// A submission is out.
        case inFlight
        /// The fate of a submission is unknown, see `doubt`.
        case doubtful
        /// Left alone until a time in `sleepers`.
        case sleeping
        /// Waits for what another node of the zone acknowledged before, see `KeptWork`.
        case held
    }

    var stage = Stage.empty
    /// Results that wait, the unresolved one not counted.
    var queued = 0
    /// The unresolved result, if its fate is unknown.
    var doubt: Doubt?
    /// Grows while the object cannot be delivered; 404s are costly for the master.
    var backoff = Backoff(first: .seconds(60), longest: .seconds(3600))
    /// When it wakes; entries of `sleepers` for another time are void.
    var wakesAt: Duration?
    /// Answers in a row that left the effect open.
    var unverified = 0
    /// ``DeliveryMachine/proofCount`` at the first of them.
    var proofsBefore = 0
    /// The node whose answer had it left alone.
    var parkedBy: String?
}

/// A submission that is out.
struct Flight: Sendable {
    var object: ObjectName
    var sequence: Sequence
    var baseStamp: Timestamp
    var attempt: Int
    var node: String
    /// Bytes of its texts.
    var byteCount: Int

    var stamp: Timestamp { StampRule.stamp(base: baseStamp, attempt: attempt) }
}

/// A lane and when it wakes.
struct Sleeper: Sendable, Comparable {
    var until: Duration
    var object: ObjectName

    static func < (a: Sleeper, b: Sleeper) -> Bool { a.until < b.until }
}

extension DeliveryMachine {
    // MARK: Filling

    mutating func load(_ loaded: [Lane], _ unresolved: [UnresolvedLease], at now: Moment) {
        hasLoaded = true
        for lane in loaded {
            if lane.kept > 0 { keptWork.noteKept() }
            guard lane.queued > 0 else { continue }
            lanes[lane.object, default: LaneState()].queued += lane.queued
            if let parked = lane.parked, parked.until > now.wall {
                sleep(lane.object, for: min(parked.until - now.wall, .seconds(3600)), at: now)
            } else {
                makeReady(lane.object)
            }
        }
        for lease in unresolved {
            var lane = lanes[lease.object] ?? LaneState()
            lane.stage = .doubtful
            lane.doubt = Doubt(
                sequence: lease.sequence, baseStamp: lease.baseStamp, attempts: lease.attempts,
                node: lease.node, lostAt: now.monotonic,
                askableAt: now.monotonic + settings.grace(of: lease.node))
            lanes[lease.object] = lane
            doubtful.insert(lease.object)
        }
    }

    mutating func accept(_ grown: [ObjectName: Int]) {
        for (object, count) in grown {
            lanes[object, default: LaneState()].queued += count
            if lanes[object]?.stage == .empty { makeReady(object) }
        }
    }

    /// Puts a lane in line; the forwarder's own health goes first.
    mutating func makeReady(_ object: ObjectName) {
        guard !keptWork.isLagging(object) else {
            lanes[object, default: LaneState()].stage = .held
            return
        }
        lanes[object, default: LaneState()].stage = .ready
        if object == settings.healthObject || urgent.contains(object) {
            ready.prepend(object)
        } else {
            ready.append(object)
        }
    }

    /// Puts a lane in line if anything waits in it.
    mutating func rest(_ object: ObjectName) {
        guard let lane = lanes[object] else { return }
        if lane.queued > 0 {
            makeReady(object)
        } else {
            lanes[object]?.stage = .empty
            urgent.remove(object)
        }
    }

    /// Moves a whole lane to the front; its order stays.
    mutating func hasten(_ object: ObjectName) {
        guard let lane = lanes[object], lane.queued > 0 || lane.stage != .empty else { return }
        urgent.insert(object)
        if lane.stage == .ready { ready.prepend(object) }
    }

    mutating func sleep(_ object: ObjectName, for wait: Duration, at now: Moment) {
        lanes[object, default: LaneState()].stage = .sleeping
        lanes[object]?.wakesAt = now.monotonic + wait
        sleepers.insert(Sleeper(until: now.monotonic + wait, object: object))
    }

    mutating func wakeSleepers(at now: Moment) {
        while let next = sleepers.min, next.until <= now.monotonic {
            sleepers.removeMin()
            guard let lane = lanes[next.object], lane.wakesAt == next.until else { continue }
            if lane.stage == .sleeping { rest(next.object) }
        }
    }

    /// Leaves an object alone for a while and says why.
    private mutating func park(
        _ object: ObjectName, by node: String, reason: String, at now: Moment
    ) {
        var lane = lanes[object] ?? LaneState()
        let wait = lane.backoff.next(using: &random)
        lane.parkedBy = node
        lanes[object] = lane
        parkings.append(Parking(object: object, until: now.wall + wait, reason: reason))
        sleep(object, for: wait, at: now)
    }

    /// What one node does not take another one may.
    mutating func wakeParkedElsewhere() {
        for (object, lane) in lanes {
            guard lane.stage == .sleeping, let node = lane.parkedBy, node != link.node.name
            else { continue }
            lanes[object]?.parkedBy = nil
            rest(object)
        }
    }

    // MARK: Outcomes

    mutating func outcome(_ report: OutcomeReport, at now: Moment) {
        guard let flight = flights.removeValue(forKey: report.id) else { return }
        flightBytes -= flight.byteCount
        let object = flight.object
        // What a node says that is no longer in use says nothing about the one that is.
        let isHere = flight.node == link.node.name
        if !isHere { flightsElsewhere -= 1 }
        if isHere, report.outcome.provesLink { proved(at: now) }
        settleOutcome(of: flight, report, at: now)
        if isHere { judgeLink(by: report, of: object, at: now) }
    }

    private mutating func proved(at now: Moment) {
        link.proved()
        proofCount += 1
        unverifiedInRow = 0
        if !link.isAway { homecoming.proved(at: now.monotonic) }
    }

    private mutating func judgeLink(
        by report: OutcomeReport, of object: ObjectName, at now: Moment
    ) {
        switch report.outcome {
        case .permissionMissing, .unauthorized, .unavailable: linkFailed(report.text, at: now)
        case .notSent, .lost:
            if link.isConnected { linkFailed(report.text, at: now) }
        case .effectUnverified where unverifiedInRow >= Self.unverifiedLimit:
            unverifiedInRow = 0
            linkFailed(Self.cannotProcess(report.text), at: now)
        default:
            guard object == settings.healthObject else { return }
            // Once the clock is known, only a node that no longer knows the object is at fault.
            let isRefused =
                clock.isKnown
                ? report.outcome == .objectUnknown : report.outcome.refusesHealth
            if isRefused { healthRefused(at: now) }
        }
    }

    private mutating func settleOutcome(
        of flight: Flight, _ report: OutcomeReport, at now: Moment
    ) {
        let object = flight.object
        switch report.outcome {
        case .processed: processed(flight, report, at: now)
        case .ignored: settle(flight, .ignored(reason: report.text))
        case .discardedAsOlder: older(flight, at: now)
        case .rejected:
            settle(flight, .rejected(code: 400, text: report.text, at: now.wall))
        case .passiveChecksDisabled, .objectUnknown:
            takeBack(flight)
            park(object, by: flight.node, reason: Self.reason(for: report), at: now)
        case .permissionMissing, .unauthorized, .unavailable, .notSent:
            takeBack(flight)
            rest(object)
        case .effectUnverified:
            if flight.node == link.node.name { unverifiedInRow += 1 }
            unverified(flight, report, at: now)
        case .lost: lost(flight, at: now)
        }
    }

    private mutating func processed(_ flight: Flight, _ report: OutcomeReport, at now: Moment) {
        lanes[flight.object]?.backoff.reset()
        watch.processed(flight.object)
        lanes[flight.object]?.unverified = 0
        if isVoid(flight, sentAt: now.monotonic(of: report.sentAt)) {
            settle(flight, .superseded)
        } else if needsLook(flight) {
            look(at: flight, answer: .processed, at: now)
        } else {
            settle(flight, deliveredKind(at: now))
            counts.delivered += 1
        }
        guard flight.node == link.node.name else { return }
        if flight.object == settings.healthObject {
            if link.isAway { homecoming.marker = flight.stamp }
            calibration.sample = Calibration.Sample(
                stamp: flight.stamp, sentAt: now.monotonic(of: report.sentAt),
                answeredAt: now.monotonic(of: report.answeredAt))
        }
    }

    /// Results whose effect a read can prove later are kept until one does.
    func deliveredKind(at now: Moment) -> Settlement.Kind {
        link.canReadBack ? .delivered(at: now.wall) : .deliveredUnconfirmed
    }

    mutating func settle(_ flight: Flight, _ kind: Settlement.Kind) {
        settlements.append(
            Settlement(object: flight.object, sequence: flight.sequence, kind: kind))
        rest(flight.object)
    }

    /// Certainly not processed: waits again, and the attempt does not count.
    private mutating func takeBack(_ flight: Flight) {
        settlements.append(
            Settlement(object: flight.object, sequence: flight.sequence, kind: .notProcessed))
        lanes[flight.object]?.queued += 1
    }

    private static func reason(for report: OutcomeReport) -> String {
        guard report.outcome == .objectUnknown else {
            return "Passive checks are disabled on the master. Enable them, or check there."
        }
        return """
            The master does not know the object, or the ApiUser may not touch it. Load the \
            configuration that `forwarder render` prints.
            """
    }
}

extension SubmissionOutcome {
    /// True when own health will not show the master's clock.
    fileprivate var refusesHealth: Bool {
        switch self {
        case .ignored, .rejected, .passiveChecksDisabled, .objectUnknown, .effectUnverified: true
        case .processed, .discardedAsOlder, .permissionMissing, .unauthorized, .unavailable,
            .lost, .notSent:
            false
        }
    }

    /// True when the answer shows that connection, certificate and user are well.
    fileprivate var provesLink: Bool {
        switch self {
        case .processed, .ignored, .discardedAsOlder, .rejected, .passiveChecksDisabled,
            .objectUnknown:
            true
        case .permissionMissing, .unauthorized, .unavailable, .effectUnverified, .lost, .notSent:
            false
        }
    }
}
