package import Monitoring

/// What changes while the daemon works and macros speak of: `$service.state$`, `$icinga.timet$`.
package struct RuntimeFacts: Sendable {
    /// What is known of one object at one moment.
    package struct Object: Sendable, Hashable {
        /// Where its state machine stands; nil before the first result.
        package var checkState: CheckState?
        /// The state machine before the newest result.
        package var lastCheckState: CheckState?
        /// When its state changed last; nil when it never did.
        package var lastStateChange: Timestamp?
        /// The newest state that was hard; nil before the first.
        package var lastHardState: ServiceState?
        /// When the hard state changed last, or a state became hard; nil when none did.
        package var lastHardStateChange: Timestamp?
        /// What ``lastStateChange`` was before the newest result; nil when it was not.
        package var previousStateChange: Timestamp?
        /// When a check last came to each state.
        package var lastSeen: [ServiceState: Timestamp] = [:]
        /// The newest result; nil before the first.
        package var lastResult: CheckResult?
        /// When the newest check had been due; its distance from the start is the latency.
        package var lastScheduledStart: Timestamp?

        /// An object of which this much is known.
        package init(
            checkState: CheckState? = nil,
            lastCheckState: CheckState? = nil,
            lastStateChange: Timestamp? = nil,
            lastResult: CheckResult? = nil,
            lastScheduledStart: Timestamp? = nil
        ) {
            self.checkState = checkState
            self.lastCheckState = lastCheckState
            self.lastStateChange = lastStateChange
            self.lastResult = lastResult
            self.lastScheduledStart = lastScheduledStart
        }
    }

    /// The moment of which all this is said.
    package var now: Timestamp
    /// When the daemon started.
    package var started: Timestamp
    /// What is known of each object.
    package var objects: [ObjectName: Object]

    /// Facts at a moment.
    package init(now: Timestamp, started: Timestamp, objects: [ObjectName: Object] = [:]) {
        self.now = now
        self.started = started
        self.objects = objects
    }
}

/// Where the preparation of checks learns what changes at run time; enters by `init`.
package protocol RuntimeFactsSource {
    /// What is known now of these objects; unknown ones are left out.
    func facts(of objects: [ObjectName]) -> RuntimeFacts
}

extension RuntimeFactsSource {
    /// What is known while one object is checked: its last state is the one that it has, since the
    /// next one is on its way; its last state's type stays that of the result before.
    ///
    /// - Source: tried on Icinga 2.13.6.
    func facts(of objects: [ObjectName], whileChecking checked: ObjectName?) -> RuntimeFacts {
        var facts = facts(of: objects)
        guard let checked, let known = facts.objects[checked], let state = known.checkState else {
            return facts
        }
        let last = known.lastCheckState
        facts.objects[checked]?.lastCheckState = CheckState(
            state: state.state,
            type: last?.type ?? .soft,
            attempt: last?.attempt ?? 1
        )
        return facts
    }
}
