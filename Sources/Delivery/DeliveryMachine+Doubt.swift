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
        guard failures <= Self.unverifiedLimit else {
            lanes[flight.object]?.unverified = 0
            settle(flight, .rejected(code: 500, text: report.text, at: now.wall))
            return
        }
        var wait = Backoff(first: .seconds(1), longest: .seconds(60))
        for _ in 1..<failures { _ = wait.next(using: &random) }
        note(
            Doubt(
                sequence: flight.sequence, baseStamp: flight.baseStamp,
                attempts: flight.attempt, node: flight.node, lostAt: nil,
                askableAt: now.monotonic + wait.next(using: &random)), of: flight.object)
    }

    /// A result that the master answers with 500 this often in a row is set aside as rejected, so
    /// that it does not hold up its object for ever.
    static let unverifiedLimit = 8

    private mutating func note(_ doubt: Doubt, of object: ObjectName) {
        lanes[object, default: LaneState()].stage = .doubtful
        lanes[object]?.doubt = doubt
        doubtful.insert(object)
        settlements.append(
            Settlement(object: object, sequence: doubt.sequence, kind: .ambiguous))
        counts.ambiguous += 1
    }

    /// Ends the doubt about an object's result by what the master holds.
    mutating func resolve(_ object: ObjectName, held: Timestamp?, at now: Moment) {
        guard let doubt = lanes[object]?.doubt else { return }
        let verdict = StampRule.verdict(
            base: doubt.baseStamp, attempts: doubt.attempts, held: held)
        if verdict == .absent, let until = relayEnd(of: doubt), now.monotonic < until {
            // It may still come from the node that it was sent to.
            lanes[object]?.doubt?.isAsked = false
            lanes[object]?.doubt?.askAgainAt = until
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
            kind = .sendAgain
            lanes[object]?.queued += 1
            counts.repeated += 1
        }
        settlements.append(Settlement(object: object, sequence: doubt.sequence, kind: kind))
        rest(object)
    }

    private static let repeatsUsedUp = """
        No attempt was answered and none took effect, \(StampRule.mostRepeats) times in a row.
        """
}
