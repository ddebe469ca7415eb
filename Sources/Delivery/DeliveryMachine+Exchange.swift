internal import DequeModule
internal import Monitoring
internal import Spool
internal import UplinkMessages

/// What a transaction is about to change.
struct Committing: Sendable {
    var settlements: [Settlement]
    var parkings: [Parking]
    /// The lanes it leases from, with what waited in each when it was asked for.
    var leasing: [ObjectName: Int]
}

extension DeliveryMachine {
    /// Settles what is known and leases what may go, in one transaction whose cost they share.
    mutating func exchange(at now: Moment, _ actions: inout [DeliveryAction]) {
        if let at = spoolRetryAt {
            guard now.monotonic >= at else { return }
            spoolRetryAt = nil
        }
        guard committing == nil, hasRoomForBatch else { return }
        let objects = leasable()
        guard !objects.isEmpty || !settlements.isEmpty || !parkings.isEmpty else { return }
        var leasing: [ObjectName: Int] = [:]
        for object in objects {
            lanes[object]?.stage = .leasing
            leasing[object] = lanes[object]?.queued ?? 0
        }
        let node = link.node.name
        actions.append(
            .exchange(
                DeliveryBatch(
                    destination: destination, settlements: settlements, parkings: parkings,
                    leases: objects.map { LeaseRequest(object: $0, node: node) },
                    leaseByteLimit: DeliverySettings.flightByteLimit - flightBytes,
                    replay: settings.replay.rule(at: now.wall), stamp: stampRule(at: now))))
        committing = Committing(
            settlements: settlements, parkings: parkings, leasing: leasing)
        settlements = []
        parkings = []
    }

    /// Whether a commit is worth its cost: while there is no room for a whole batch of leases, more
    /// outcomes will come to share it, and the master has enough to do meanwhile.
    ///
    /// A settlement that waits here and is lost in a crash is one more to read back.
    private var hasRoomForBatch: Bool {
        let window = link.node.window
        return window - flightsHere >= min(window - window / 2, DeliverySettings.leaseBatch)
    }

    /// Submissions that are out to the node in use.
    private var flightsHere: Int { flights.count - flightsElsewhere }

    /// The next lanes in line, as many as the window has room for.
    private mutating func leasable() -> [ObjectName] {
        guard link.phase == .open, homecoming.stage != .draining, !isWindingDown else { return [] }
        guard clock.isKnown else {
            let health = settings.healthObject
            guard calibration.maySubmit, lanes[health]?.stage == .ready else { return [] }
            lanes[health]?.stage = .leasing
            return [health]
        }
        guard flightBytes < DeliverySettings.flightByteLimit else { return [] }
        var objects: [ObjectName] = []
        let room = min(link.node.window - flightsHere, DeliverySettings.leaseBatch)
        while objects.count < room, let object = ready.popFirst() {
            guard lanes[object]?.stage == .ready else { continue }
            lanes[object]?.stage = .leasing
            objects.append(object)
        }
        return objects
    }

    private func stampRule(at now: Moment) -> @Sendable (LeaseCandidate) -> StampDecision {
        let translation = clock.translation(time: now)
        guard let passed = clock.certainlyPassed(at: now.monotonic),
            let ahead = clock.certainlyAhead(at: now.monotonic)
        else {
            let above = calibration.storedStamp.map { $0 + StampRule.smallestGap }
            return { candidate in
                let last = candidate.lastStamp.map { $0 + StampRule.smallestGap }
                let start = candidate.result.executionStart
                let wanted = above ?? start - Self.largestForeseenLead
                return .lease(baseStamp: max(wanted, last ?? wanted))
            }
        }
        return { candidate in
            let decision = StampRule.decide(
                start: candidate.result.executionStart, last: candidate.lastStamp,
                translation: translation, passed: passed, ahead: ahead)
            switch decision {
            case .stamp(let stamp): return .lease(baseStamp: stamp)
            case .hold: return .leaveQueued
            }
        }
    }

    /// How far this host's clock may be ahead of a master that never held a result of it: the one
    /// result that goes before the master's clock is known is dated back by this.
    ///
    /// A day: room for wrong time zones. With a larger lead that result, and it alone, is dated in
    /// the master's future until the next one replaces it.
    private static let largestForeseenLead = Duration.seconds(86_400)

    /// How long a result waits whose stamp the master's clock has not reached.
    private static let holdStep = Duration.milliseconds(20)

    /// How long the master's clock takes to reach the stamp after `last`, and a step at least.
    private func hold(after last: Timestamp?, at now: Moment) -> Duration {
        guard let last, let passed = clock.certainlyPassed(at: now.monotonic) else {
            return Self.holdStep
        }
        return min(max(last + StampRule.smallestGap - passed, Self.holdStep), StampRule.longestHold)
    }

    /// The batch is durable: what it leased goes out now.
    mutating func exchanged(
        _ answer: DeliveryAnswer, at now: Moment, _ actions: inout [DeliveryAction]
    ) {
        guard var done = committing else { return }
        committing = nil
        spoolFault = nil
        for (object, count) in answer.compacted {
            lanes[object]?.queued -= count
            counts.compacted += count
        }
        for (object, count) in answer.withheld {
            lanes[object]?.queued -= count
            // what was asked for and is withheld is gone as well
            if let asked = done.leasing[object] { done.leasing[object] = max(0, asked - count) }
            counts.withheld += count
        }
        for lease in answer.leased {
            let object = lease.result.object
            guard done.leasing.removeValue(forKey: object) != nil else { continue }
            lanes[object]?.queued -= 1
            send(lease, at: now, &actions)
        }
        let left = Dictionary(
            answer.lanes.lazy.filter { $0.queued > 0 }.map { ($0.object, $0) }
        ) { first, _ in first }
        for (object, asked) in done.leasing {
            if let lane = left[object] {
                sleep(object, for: hold(after: lane.lastStamp, at: now), at: now)
            } else {
                lanes[object]?.queued -= asked
                rest(object)
            }
        }
        let settled = done.settlements.map(\.object) + answer.withheld.keys
        forgetEmptyLanes(answer.lanes, settled: settled)
    }

    /// The batch is not durable: all of it is still to be done.
    mutating func exchangeFailed(_ text: String, at now: Moment) {
        guard let failed = committing else { return }
        committing = nil
        settlements = failed.settlements + settlements
        parkings = failed.parkings + parkings
        for object in failed.leasing.keys.sorted() { rest(object) }
        spoolRetryAt = now.monotonic + Self.spoolRetryWait
        counts.spoolFailures += 1
        spoolFault = DeliveryLink.Fault(
            text: text, nodeName: link.node.name, since: spoolFault?.since ?? now.wall)
    }

    /// How long to wait after the spool could not commit.
    private static let spoolRetryWait = Duration.seconds(1)

    private mutating func send(
        _ lease: LeasedResult, at now: Moment, _ actions: inout [DeliveryAction]
    ) {
        let object = lease.result.object
        let flight = Flight(
            object: object, sequence: lease.sequence, baseStamp: lease.baseStamp,
            attempt: lease.attempt, node: lease.node, byteCount: lease.textByteCount)
        // Another node may have taken over while the lease was committed.
        guard link.phase == .open, lease.node == link.node.name,
            lease.attempt <= StampRule.mostRepeats + 1
        else {
            settlements.append(
                Settlement(object: object, sequence: lease.sequence, kind: .notProcessed))
            lanes[object]?.queued += 1
            rest(object)
            return
        }
        let id = nextID()
        flights[id] = flight
        flightBytes += flight.byteCount
        lanes[object]?.stage = .inFlight
        counts.submitted += 1
        if abs((lease.baseStamp - lease.result.executionStart).wholeMicroseconds)
            > MasterClock.toleratedSkew.wholeMicroseconds
        {
            counts.translated += 1
        }
        let submission = submission(lease, flight, id: id, at: now)
        watch.sent(object, ttlSeconds: submission.ttlSeconds)
        actions.append(.send(.submit(submission)))
    }

    private func submission(
        _ lease: LeasedResult, _ flight: Flight, id: UInt64, at now: Moment
    ) -> Submission {
        let result = lease.result
        let took = max(.zero, result.executionEnd - result.executionStart)
        let status =
            result.object.isHost ? result.state.asHostState.rawValue : result.state.rawValue
        return Submission(
            id: id, node: link.node.id, object: result.object,
            exitStatus: UInt8(truncatingIfNeeded: status), output: result.output,
            performanceData: result.performanceData, executionStart: flight.stamp,
            executionEnd: flight.stamp + took,
            ttlSeconds: Self.timeToLive(of: result, at: now.wall),
            checkSource: settings.checkSource, command: lease.command)
    }

    /// How long the master may wait for the object's next result: until it is planned, a whole
    /// interval more, and at least a minute, because a reload of the master shuffles every next
    /// check that is less than a minute away.
    static func timeToLive(of result: CheckResult, at wall: Timestamp) -> UInt32 {
        let planned = result.nextCheck.map { max(.zero, $0 - wall) } ?? .zero
        let slack = max(.seconds(60), result.checkInterval) + .seconds(60)
        let seconds = min((planned + slack).inSeconds, 31_536_000)
        return UInt32(seconds.rounded(.up))
    }

    /// A lane in which nothing is left is not kept in memory.
    private mutating func forgetEmptyLanes(_ after: [Lane], settled: [ObjectName]) {
        for object in settled {
            if let lane = lanes[object], lane.stage == .empty, lane.queued <= 0,
                lane.doubt == nil, lane.backoff.failureCount == 0
            {
                lanes[object] = nil
            }
        }
        if after.contains(where: { $0.kept > 0 }) { keptWork.noteKept() }
    }
}
