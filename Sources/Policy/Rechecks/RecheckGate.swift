package import Monitoring

/// A recheck that a master asks for.
package struct RecheckRequest: Sendable, Hashable {
    /// The destination that asks.
    package var destination: String
    /// Of what.
    package var object: ObjectName
    /// The `next_check` that was set, in seconds of the master's clock.
    ///
    /// With the others it makes the request's identity.
    package var value: Int64

    /// A request with all its parts.
    package init(destination: String, object: ObjectName, value: Int64) {
        self.destination = destination
        self.object = object
        self.value = value
    }
}

/// Why a request is not honoured.
package enum RecheckRefusal: Sendable, Hashable {
    /// The policy does not allow it.
    case policy([PolicyReason])
    /// It was honoured before, or cannot be told from one that was.
    case alreadyHonoured
    /// The object had one a short while ago.
    case tooSoon(after: Duration, PolicyReason)
    /// The role allowed as many as it does.
    case limitReached(after: Duration, PolicyReason)

    /// How long until the same request could be honoured; nil when it never will be.
    package var wait: Duration? {
        switch self {
        case .policy, .alreadyHonoured: nil
        case .tooSoon(let wait, _), .limitReached(let wait, _): wait
        }
    }
}

extension RecheckRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .policy(let reasons): reasons.map(\.description).joined(separator: "; ")
        case .alreadyHonoured:
            "this request was honoured already, or cannot be told from one that was"
        case .tooSoon(let wait, let reason):
            "the object's last recheck was too short ago, wait \(Self.seconds(wait)) s (\(reason))"
        case .limitReached(let wait, let reason):
            "the role's limit is reached, wait \(Self.seconds(wait)) s (\(reason))"
        }
    }

    /// Whole seconds, rounded up.
    private static func seconds(_ span: Duration) -> Int64 {
        let (seconds, rest) = span.components
        return seconds + (rest > 0 ? 1 : 0)
    }
}

/// What became of a request, and what must be stored before the check is run.
package enum RecheckAnswer: Sendable, Hashable {
    /// Run it, once the change is durable.
    case honoured(by: [PolicyReason], change: RecheckChange)
    /// Do not.
    case refused(RecheckRefusal)
}

/// The parts of a ``RecheckState`` that an honoured request changed.
package struct RecheckChange: Sendable, Hashable {
    /// The windows that it counts in.
    package var windows: [RecheckState.WindowKey: RecheckWindow]
    /// The object's entry.
    package var honoured: HonouredRequests
    /// Entries that were forgotten to make room.
    package var forgottenKeys: [RecheckState.HonouredKey]
    /// What is held against forgotten objects now, by destination.
    package var forgotten: [String: Int64]
}

/// Decides whether requests for rechecks are honoured.
///
/// Each at most once, an object after its rest, and within the limit of every role that allows it.
/// Times are this host's wall clock, because they must outlive a restart. A clock that is set back
/// counts as one that stood still; one that is set forward lets rests and periods end early.
package struct RecheckGate: Sendable {
    /// What must survive.
    package private(set) var state: RecheckState

    /// A gate that goes on from here.
    package init(_ state: RecheckState = RecheckState()) { self.state = state }

    /// Forgets what belongs to roles and objects that there are no more; after a reload.
    package mutating func keep(roles: [PolicyRole], objects: Set<ObjectName>) {
        state.keep(roles: roles)
        state.keep(objects: objects)
    }

    /// Takes note that a destination is heard from; true when nothing was known of it.
    ///
    /// Then no request up to this time of its master's clock is honoured: what honoured it before
    /// may be lost.
    package mutating func begin(_ destination: String, at time: Timestamp) -> Bool {
        guard state.forgotten[destination] == nil else { return false }
        state.forgotten[destination] = time.microseconds / 1_000_000
        return true
    }

    /// Judges a request that is due, and counts it when it is honoured.
    ///
    /// A refusal is not remembered: while the request stands it can be judged again, and is
    /// honoured once its wait is over.
    package mutating func judge(
        _ request: RecheckRequest,
        by policy: RecheckDecision,
        at now: Timestamp
    ) -> RecheckAnswer {
        guard policy.decision.isAllowed, !policy.allowances.isEmpty else {
            return .refused(.policy(policy.decision.reasons))
        }
        let key = RecheckState.HonouredKey(
            destination: request.destination,
            object: request.object
        )
        settle(key, policy.allowances, at: now)
        let entry = state.honoured[key]
        let floor = entry == nil ? state.forgotten[request.destination] : nil
        if entry?.covers(request.value) == true || floor.map({ request.value <= $0 }) == true {
            return .refused(.alreadyHonoured)
        }
        if let refusal = refusal(policy.allowances, last: entry?.last, of: key, at: now) {
            return .refused(refusal)
        }
        let change = count(request, key, policy.allowances, at: now)
        return .honoured(by: policy.decision.reasons, change: change)
    }

    // MARK: Parts

    private mutating func settle(
        _ key: RecheckState.HonouredKey,
        _ allowances: [RecheckAllowance],
        at now: Timestamp
    ) {
        if let last = state.honoured[key]?.last, last > now { state.honoured[key]?.last = now }
        for allowance in allowances {
            let window = RecheckState.WindowKey(
                role: allowance.role,
                destination: key.destination
            )
            state.windows[window]?.settle(at: now)
        }
    }

    /// The refusal with the longest wait; nil when there is room everywhere.
    private func refusal(
        _ allowances: [RecheckAllowance],
        last: Timestamp?,
        of key: RecheckState.HonouredKey,
        at now: Timestamp
    ) -> RecheckRefusal? {
        var longest: RecheckRefusal?
        func consider(_ refusal: RecheckRefusal) {
            if refusal.wait ?? .zero > longest?.wait ?? .zero { longest = refusal }
        }
        for allowance in allowances {
            if let last, now - last < allowance.minimumInterval {
                let wait = allowance.minimumInterval - (now - last)
                consider(.tooSoon(after: wait, allowance.intervalReason))
            }
            let window = RecheckState.WindowKey(role: allowance.role, destination: key.destination)
            if let wait = state.windows[window]?.wait(at: now, limit: allowance.limit) {
                consider(.limitReached(after: wait, allowance.limitReason))
            }
        }
        return longest
    }

    private mutating func count(
        _ request: RecheckRequest,
        _ key: RecheckState.HonouredKey,
        _ allowances: [RecheckAllowance],
        at now: Timestamp
    ) -> RecheckChange {
        var windows: [RecheckState.WindowKey: RecheckWindow] = [:]
        for allowance in allowances {
            let place = RecheckState.WindowKey(role: allowance.role, destination: key.destination)
            var window = state.windows[place] ?? RecheckWindow()
            window.add(now)
            state.windows[place] = window
            windows[place] = window
        }
        let forgottenKeys = state.honoured[key] == nil ? state.makeRoom() : []
        var entry = state.honoured[key] ?? HonouredRequests(last: now)
        if entry.recent.isEmpty, let floor = state.forgotten[key.destination] {
            entry.floor = floor
        }
        entry.add(request.value, at: now)
        state.honoured[key] = entry
        return RecheckChange(
            windows: windows,
            honoured: entry,
            forgottenKeys: forgottenKeys,
            forgotten: state.forgotten
        )
    }
}
