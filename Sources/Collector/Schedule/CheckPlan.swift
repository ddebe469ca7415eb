package import Monitoring

/// What the scheduler has to know about one object; resolved from its definition.
package struct CheckPlan: Sendable, Hashable {
    /// Whose check.
    package var object: ObjectName
    /// Time between checks in a hard state; more than zero.
    ///
    /// Icinga's default is 5 minutes.
    package var checkInterval: Duration
    /// Time between checks while soft; more than zero.
    ///
    /// Icinga's default is 1 minute.
    package var retryInterval: Duration
    /// Attempts until a problem is hard; at least 1.
    ///
    /// Icinga's default is 3.
    package var maxCheckAttempts: Int
    /// False when the definition says `enable_active_checks = false`: never scheduled.
    package var isActive: Bool
    /// True when results of a passive object are expected, one each ``checkInterval``.
    package var expectsResults: Bool
    /// When it is checked; nil for always (`check_period`).
    package var period: TimePeriod?
    /// What has to be well for it to be checked (Dependency).
    package var dependencies: [CheckDependency]

    /// A plan with all its parts.
    package init(
        object: ObjectName,
        checkInterval: Duration = .seconds(300),
        retryInterval: Duration = .seconds(60),
        maxCheckAttempts: Int = 3,
        isActive: Bool = true,
        expectsResults: Bool = false,
        period: TimePeriod? = nil,
        dependencies: [CheckDependency] = []
    ) {
        self.object = object
        self.checkInterval = checkInterval
        self.retryInterval = retryInterval
        self.maxCheckAttempts = maxCheckAttempts
        self.isActive = isActive
        self.expectsResults = expectsResults
        self.period = period
        self.dependencies = dependencies
    }

    /// By what rule a passive object counts as stale; nil for one that never does, and for one that
    /// is checked here.
    package var freshness: FreshnessRule? {
        !isActive && expectsResults ? FreshnessRule(interval: checkInterval) : nil
    }
}

/// Turns an object into what one execution of its check does; asked anew for each execution,
/// because macros and functions may depend on the last result.
package protocol CheckPreparing {
    /// The execution of `object`'s check, with the snapshot that its result will refer to.
    func prepare(_ object: ObjectName) -> PreparedCheck
}

/// One execution, ready to run.
package struct PreparedCheck: Sendable {
    /// What to do.
    package var action: CheckAction
    /// What the object was at this moment.
    package var snapshot: ObjectSnapshot

    /// An execution with its parts.
    package init(action: CheckAction, snapshot: ObjectSnapshot) {
        self.action = action
        self.snapshot = snapshot
    }
}

/// What one execution does.
package enum CheckAction: Sendable {
    /// Run a plugin.
    case plugin(PluginCommand)
    /// Run no process: this is the result (`dummy`, `passive`).
    case immediate(exitStatus: Int32, output: String)
    /// Run no process: this is the result when that time has passed (`sleep`).
    case later(Duration, exitStatus: Int32, output: String)
    /// The forwarder's own health; the daemon supplies text and state.
    case health
    /// Whether results get through to the destination of this name; the daemon knows.
    case link(zone: String)
    /// The command could not be built; becomes an UNKNOWN result with this text.
    case unbuildable(String)
}
