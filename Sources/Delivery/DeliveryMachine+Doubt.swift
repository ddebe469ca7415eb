internal import Monitoring
internal import Spool
internal import UplinkMessages

/// An unresolved result.
struct Doubt: Sendable {
    var sequence: Sequence
    var baseStamp: Timestamp
    var attempts: Int
    var node: String
    /// When it was lost; bytes of it may arrive for a while.
    ///
    /// Nil when its answer came.
    var lostAt: Duration?
    /// When it may be asked about.
    var askableAt: Duration
    /// When it may be asked about once more, after an answer that decided nothing.
    var askAgainAt: Duration?
    var isAsked = false
    /// True once the node that it was sent to answered on a connection younger than the loss.
    var isFenced = false
    /// What was said of the newest attempt, a repeat; nil when nothing was.
    var answer: RepeatAnswer?

    /// The stamp of the newest attempt.
    var newestStamp: Timestamp { StampRule.stamp(base: baseStamp, attempt: attempts) }
}

extension DeliveryMachine {
    /// Notes that nobody knows whether a submission arrived.
    mutating func lost(_ flight: Flight, at now: Moment) {
        note(
            Doubt(
                sequence: flight.sequence, baseStamp: flight.baseStamp,
                attempts: flight.attempt, node: flight.node, lostAt: now.monotonic,
                askableAt: now.monotonic + settings.grace(of: flight.node)),
            of: flight.object)
    }

    /// The answer came but says nothing: nothing more of it can arrive, so it is only read back.
    mutating func unverified(
        _ flight: Flight, _ report: OutcomeReport, at now: Moment
    ) {
        let failures = (lanes[flight.object]?.unverified ?? 0) + 1
        lanes[flight.object]?.unverified = failures
        if failures == 1 { lanes[flight.object]?.proofsBefore = proofCount }
        // The master is at fault, not this result, when no other gets through either.
        let proofs = proofCount - (lanes[flight.object]?.proofsBefore ?? 0)
        guard failures <= Self.unverifiedLimit || proofs < Self.unverifiedLimit else {
            lanes[flight.object]?.unverified = 0
            settle(flight, .rejected(code: 500, text: report.text, at: now.wall))
            return
        }
        var wait = Backoff(first: .seconds(1), longest: .seconds(60))
        for _ in 1..<min(failures, Self.unverifiedLimit) { _ = wait.next(using: &random) }
        note(
            Doubt(
                sequence: flight.sequence, baseStamp: flight.baseStamp,
                attempts: flight.attempt, node: flight.node, lostAt: nil,
                askableAt: now.monotonic + wait.next(using: &random)), of: flight.object)
    }

    /// A result that the master answers with 500 more often than this in a row, while at least as
    /// many others got through, is set aside as rejected, so that it does not hold up its object
    /// for ever; when none gets through, so many answers in a row stop the master.
    static let unverifiedLimit = 8

    static func cannotProcess(_ answer: String) -> String {
        """
        The master answers results, but not that it took any (\(answer)). They stay in the spool \
        and are tried again.
        """
    }

    private mutating func note(_ doubt: Doubt, of object: ObjectName) {
        lanes[object, default: LaneState()].stage = .doubtful
        lanes[object]?.doubt = doubt
        doubtful.insert(object)
        settlements.append(
            Settlement(object: object, sequence: doubt.sequence, kind: .ambiguous))
        counts.ambiguous += 1
    }

    /// What is lost on a connection is asked about a grace after the first fence behind it: a node
    /// that stood still reads then what its host held for it.
    mutating func noteFence(at fence: Duration) {
        let grace = settings.grace(of: link.node.name)
        for object in doubtful {
            guard let doubt = lanes[object]?.doubt, doubt.node == link.node.name,
                let lostAt = doubt.lostAt, lostAt <= fence, !doubt.isFenced
            else { continue }
            lanes[object]?.doubt?.isFenced = true
            lanes[object]?.doubt?.askableAt = max(doubt.askableAt, fence + grace)
        }
    }

    /// Own health never waits for what another node may still do.
    ///
    /// On a new node nothing else goes before it. A newer one makes up for the one that was out,
    /// which is then older wherever it arrives.
    mutating func leaveHealthBehind() {
        let health = settings.healthObject
        for (id, flight) in flights where flight.object == health {
            flights[id] = nil
            flightBytes -= flight.byteCount
            settle(flight, .replaced)
        }
        countFlightsElsewhere()
        guard let doubt = lanes[health]?.doubt else { return }
        lanes[health]?.doubt = nil
        doubtful.remove(health)
        settlements.append(
            Settlement(object: health, sequence: doubt.sequence, kind: .replaced))
        rest(health)
    }

    /// Until when the node in use may learn of a result from the node that it was sent to; nil when
    /// that is this one.
    func relayEnd(of doubt: Doubt) -> Duration? {
        guard doubt.node != link.node.name else { return nil }
        guard settings.nodes.contains(where: { $0.name == doubt.node }) else {
            return doubt.askableAt + settings.relayDelay
        }
        return fates.holds(doubt.node, lostAt: doubt.askableAt, settings)
    }

    /// Ends the doubt about an object's result by what the master holds.
    mutating func resolve(_ object: ObjectName, held: Timestamp?, at now: Moment) {
        guard let doubt = lanes[object]?.doubt else { return }
        guard let verdict = verdict(on: doubt, of: object, held: held, at: now) else {
            // Whether what it holds lies in its future shows once its clock is known.
            lanes[object]?.doubt?.isAsked = false
            lanes[object]?.doubt?.askAgainAt = now.monotonic + Self.clockPatience
            return
        }
        if verdict == .absent, let until = relayEnd(of: doubt), now.monotonic < until {
            // It may still come from the node that it was sent to.
            lanes[object]?.doubt?.isAsked = false
            lanes[object]?.doubt?.askAgainAt =
                fates.mayStandStill(doubt.node)
                ? min(until, now.monotonic + NodeFates.lookInterval) : until
            return
        }
        lanes[object]?.doubt = nil
        doubtful.remove(object)
        let kind: Settlement.Kind
        switch verdict {
        case .delivered:
            kind = deliveredKind(at: now)
            counts.delivered += 1
            if doubt.answer == .processed, held != doubt.newestStamp {
                counts.discardedRepeats += 1
            }
        case .superseded:
            kind = .superseded
            noteHeld(held, of: object)
        case .absent where doubt.attempts > StampRule.mostRepeats:
            kind = .rejected(code: 0, text: Self.repeatsUsedUp, at: now.wall)
        case .absent:
            // What was answered cannot arrive any more: that attempt is taken back.
            kind = doubt.lostAt == nil && doubt.answer == nil ? .notProcessed : .sendAgain
            lanes[object]?.queued += 1
            counts.repeated += 1
        }
        settlements.append(Settlement(object: object, sequence: doubt.sequence, kind: kind))
        rest(object)
    }

    /// What a read says about a doubt; nil when nobody can tell before the master's clock is known.
    ///
    /// A stamp above all attempts is a newer result, unless it lies in the master's future: then
    /// its clock was set back, it takes any result, and would hold this one had it arrived.
    private func verdict(
        on doubt: Doubt, of object: ObjectName, held: Timestamp?, at now: Moment
    ) -> StampRule.Verdict? {
        let verdict = StampRule.verdict(
            base: doubt.baseStamp, attempts: doubt.attempts, held: held)
        guard verdict == .superseded, let held else { return verdict }
        guard let ahead = clock.certainlyAhead(at: now.monotonic) else {
            // Own health makes the clock known, so it cannot wait for that.
            return object == settings.healthObject ? verdict : nil
        }
        return held > ahead ? .absent : verdict
    }

    /// When a doubt is asked about again that waits for the master's clock.
    private static let clockPatience = Duration.seconds(1)

    private static let repeatsUsedUp = """
        No attempt was answered and none took effect, \(StampRule.mostRepeats) times in a row.
        """
}
