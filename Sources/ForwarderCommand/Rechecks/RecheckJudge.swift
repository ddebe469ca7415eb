import Collector
import Monitoring
import Policy

/// Decides what becomes of rechecks that masters ask for; performs nothing.
///
/// - A request that was answered for good is not looked at again: it stands on the master, and is
///   told in every round, until a result is taken there.
/// - Then the policy's word, then what makes the check needless, then ``RecheckGate``.
/// - Bounded by the objects of this host, times the destinations.
struct RecheckJudge: Sendable {
    /// What is done about a request.
    enum Verdict: Sendable, Hashable {
        /// It was answered like this before.
        case known
        /// It is not run.
        case answered(RecheckOutcome)
        /// It is run as soon as the change is durable and ``honoured(_:_:)`` was told.
        case honour(by: [PolicyReason], change: RecheckChange)
    }

    /// The newest request of one destination for one object, and what became of it.
    private struct Answer: Sendable {
        var value: Int64
        var kind: RecheckOutcome.Kind
        var isFinal: Bool
    }

    /// A regular check that begins this soon is the answer to a request.
    static let imminence = Duration.seconds(1)

    private(set) var gate = RecheckGate()
    private var rules = PolicyRules.none
    private var objects: [ObjectName: PolicyObject] = [:]
    /// False until it is known which objects there are: until then none is gone.
    private var hasObjects = false
    private var answers: [RecheckState.HonouredKey: Answer] = [:]
    /// What the gate becomes once the request under judgement is stored.
    private var pending: RecheckGate?

    /// Goes on from what was stored.
    mutating func restore(_ state: RecheckState) {
        gate = RecheckGate(state)
        forget()
    }

    /// Judges by these rules from now on, of these objects where they are given.
    ///
    /// What was denied may be allowed now, so all that stands is judged anew.
    mutating func adopt(_ rules: PolicyRules, _ newer: [PolicyObject]?) {
        self.rules = rules
        if let newer {
            hasObjects = true
            objects = Dictionary(newer.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        }
        answers = answers.filter { $0.value.kind == .honoured || $0.value.kind == .satisfied }
        forget()
    }

    /// Forgets what is about roles and objects that there are no more.
    private mutating func forget() {
        guard hasObjects else { return }
        answers = answers.filter { objects[$0.key.object] != nil }
        gate.keep(roles: rules.roles, objects: Set(objects.keys))
    }

    /// What is looked at on a destination's masters: all that it gets results of, if there is
    /// anything that it may ask for; what it may not is looked at so that the refusal is told.
    func watched(by destination: String) -> Set<ObjectName> {
        var watched: Set<ObjectName> = []
        var isAnyAllowed = false
        for object in objects.values where !rules.isNeverRechecked(object) {
            guard rules.submission(of: object, to: destination).isAllowed else { continue }
            watched.insert(object.name)
            isAnyAllowed =
                isAnyAllowed || rules.recheck(of: object, by: destination).decision.isAllowed
        }
        return isAnyAllowed ? watched : []
    }

    /// Judges a request that is due.
    ///
    /// - Parameters:
    ///   - standing: where the object's check stands; nil when it is not planned.
    ///   - lead: how far the clock of who asks is ahead of this host's.
    mutating func judge(
        _ request: RecheckRequest, _ standing: CheckStatus?, lead: Duration, at now: Timestamp
    ) -> Verdict {
        pending = nil
        let key = Self.key(of: request)
        guard !isAnswered(request) else { return .known }
        guard let object = objects[request.object], let standing else {
            return answer(key, request, .unknownObject)
        }
        let allowed = rules.recheck(of: object, by: request.destination)
        guard allowed.decision.isAllowed else {
            return answer(key, request, .refused(.policy(allowed.decision.reasons)))
        }
        if let needless = Self.needless(request, standing, lead: lead, at: now) {
            return answer(key, request, needless)
        }
        var gate = gate
        switch gate.judge(request, by: allowed, at: now) {
        case .refused(let refusal):
            // What a clock that was set back moved stays moved, or the wait would never end.
            self.gate = gate
            return answer(key, request, .refused(refusal))
        case .honoured(let reasons, let change):
            pending = gate
            return .honour(by: reasons, change: change)
        }
    }

    /// The whole state, with what the request under judgement changes.
    var stateWithPending: RecheckState { (pending ?? gate).state }

    /// Takes note that a destination's masters are looked at; true for the first time ever.
    ///
    /// What stands there by then may have been honoured by a process whose spool is gone: it
    /// cannot be told, so it counts as honoured.
    mutating func begin(_ destination: String, lead: Duration, at now: Timestamp) -> Bool {
        gate.begin(destination, at: now + lead)
    }

    /// The lines of the roles that allow a request; nil when none does.
    func allowance(of request: RecheckRequest) -> String? {
        guard let object = objects[request.object] else { return nil }
        let decision = rules.recheck(of: object, by: request.destination).decision
        guard decision.isAllowed else { return nil }
        return decision.reasons.map(\.description).joined(separator: "; ")
    }

    /// The request that was judged last is durable, and run.
    mutating func honoured(_ request: RecheckRequest, by reasons: [PolicyReason]) {
        guard let pending else { return }
        gate = pending
        self.pending = nil
        _ = answer(Self.key(of: request), request, .honoured(by: reasons))
    }

    /// The request that was judged last could not be made durable; it is judged again.
    mutating func notStored(_ request: RecheckRequest, _ reason: String) -> Verdict {
        pending = nil
        return answer(Self.key(of: request), request, .notStored(reason: reason))
    }

    /// True when the request was answered for good.
    func isAnswered(_ request: RecheckRequest) -> Bool {
        guard let last = answers[Self.key(of: request)] else { return false }
        return last.value == request.value && last.isFinal
    }

    private static func key(of request: RecheckRequest) -> RecheckState.HonouredKey {
        RecheckState.HonouredKey(destination: request.destination, object: request.object)
    }

    private mutating func answer(
        _ key: RecheckState.HonouredKey, _ request: RecheckRequest, _ outcome: RecheckOutcome
    ) -> Verdict {
        let last = answers[key]
        answers[key] = Answer(
            value: request.value, kind: outcome.kind, isFinal: outcome.isFinal)
        let isTold = last?.value == request.value && last?.kind == outcome.kind
        return isTold ? .known : .answered(outcome)
    }

    /// What makes a check of its own needless; nil when nothing does.
    private static func needless(
        _ request: RecheckRequest, _ standing: CheckStatus, lead: Duration, at now: Timestamp
    ) -> RecheckOutcome? {
        if let pause = standing.pause { return .paused(pause) }
        if standing.isRunning { return .running }
        // The request was cut to a whole second: it may have come anywhere within it.
        let asked = Timestamp(microseconds: request.value &* 1_000_000) + .seconds(1)
        // One that began in the future did so before this host's clock was set back.
        if let start = standing.schedule.lastStart, start <= now, start + lead >= asked {
            return .checkedSince
        }
        if let period = standing.closedPeriod { return .outsidePeriod(period) }
        let isImminent = standing.schedule.nextCheck - now <= imminence
        // one that may be left out is no answer
        let isSure = standing.isActive && standing.suppressor == nil
        return isSure && isImminent ? .imminent : nil
    }
}
