/// What a plugin says about its object; raw values are plugin exit statuses.
///
/// - Source: Monitoring Plugins Development Guidelines, "Plugin Return Codes".
package enum ServiceState: Int, Sendable, Codable, CaseIterable {
    case ok = 0
    case warning = 1
    case critical = 2
    case unknown = 3

    /// The state for a plugin's exit status: 0, 1 and 2 as they are, everything else unknown.
    package init(exitStatus: Int32) {
        self = ServiceState(rawValue: Int(exitStatus)) ?? .unknown
    }

    /// `OK`, `WARNING`, `CRITICAL` or `UNKNOWN`.
    package var name: String {
        switch self {
        case .ok: "OK"
        case .warning: "WARNING"
        case .critical: "CRITICAL"
        case .unknown: "UNKNOWN"
        }
    }

    /// The state of a host whose check ended this way: OK and WARNING mean UP.
    ///
    /// - Source: Icinga 2 `Host::CalculateState`.
    package var asHostState: HostState {
        switch self {
        case .ok, .warning: .up
        case .critical, .unknown: .down
        }
    }
}

/// Whether a host is reachable; raw values are what the API takes as a host's `exit_status`.
package enum HostState: Int, Sendable, Codable {
    case up = 0
    case down = 1

    /// `UP` or `DOWN`.
    package var name: String { self == .up ? "UP" : "DOWN" }
}

/// Whether a problem has been seen often enough to count.
package enum StateType: Int, Sendable, Codable {
    case soft = 0
    case hard = 1

    /// `SOFT` or `HARD`.
    package var name: String { self == .soft ? "SOFT" : "HARD" }
}

/// What the state machine of one object says after its newest result, as the master computes it.
///
/// - Source: Icinga 2 `Checkable::ProcessCheckResult`; Icinga 2 documentation, "Hard and Soft States".
package struct CheckState: Sendable, Hashable, Codable {
    /// What the newest result said.
    package private(set) var state: ServiceState
    /// Soft while a problem is being confirmed.
    package private(set) var type: StateType
    /// Which attempt the newest result was; 1 for OK and after a problem became hard.
    package private(set) var attempt: Int

    /// An object with this history.
    package init(state: ServiceState, type: StateType, attempt: Int) {
        self.state = state
        self.type = type
        self.attempt = attempt
    }

    /// Takes a new result into account and says what it changed.
    ///
    /// A first result of an object is applied to nil, see ``first(_:maxCheckAttempts:kind:)``.
    package mutating func apply(
        _ new: ServiceState,
        maxCheckAttempts: Int,
        kind: ObjectKind
    ) -> Significance {
        let old = self
        let isProblem = kind.isProblem(new)
        let wasProblem = kind.isProblem(old.state)
        state = new
        if !isProblem {
            type = .hard
            attempt = 1
        } else if !wasProblem {
            begin(maxCheckAttempts: maxCheckAttempts)
        } else if old.type == .soft {
            attempt = old.attempt + 1
            if attempt >= maxCheckAttempts {
                type = .hard
                attempt = 1
            }
        }
        if !kind.isSame(old.state, new) || old.type != type { return .change }
        return old.attempt != attempt ? .attempt : .unchanged
    }

    /// The state after an object's very first result.
    ///
    /// Before it the master holds every object as unknown, soft, first attempt. So a problem that
    /// comes first counts as the second attempt, and is hard at once where two attempts are enough.
    ///
    /// - Source: results submitted for new objects of a running Icinga 2.13.6; upstream issue 10971.
    package static func first(
        _ state: ServiceState,
        maxCheckAttempts: Int,
        kind: ObjectKind
    ) -> CheckState {
        var result = CheckState(state: .unknown, type: .soft, attempt: 1)
        _ = result.apply(state, maxCheckAttempts: maxCheckAttempts, kind: kind)
        return result
    }

    private mutating func begin(maxCheckAttempts: Int) {
        type = maxCheckAttempts <= 1 ? .hard : .soft
        attempt = 1
    }
}

/// Hosts and services draw the line between fine and problem differently.
package enum ObjectKind: Sendable {
    case host
    case service

    /// True when `state` is a problem of such an object.
    package func isProblem(_ state: ServiceState) -> Bool {
        switch self {
        case .host: state.asHostState == .down
        case .service: state != .ok
        }
    }

    /// True when both states are the same to such an object.
    package func isSame(_ a: ServiceState, _ b: ServiceState) -> Bool {
        switch self {
        case .host: a.asHostState == b.asHostState
        case .service: a == b
        }
    }
}

/// What a result changed; the spool gives up the less significant ones first.
package enum Significance: Int, Sendable, Codable {
    /// Same state, same attempt as before.
    case unchanged = 0
    /// Same soft state, but it advances the attempt counter.
    case attempt = 1
    /// Another state, or soft became hard.
    case change = 2
}
