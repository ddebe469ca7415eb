/// What one execution of one object's check came to.
package struct CheckResult: Sendable, Hashable {
    /// Whose check it was.
    package var object: ObjectName
    /// What the plugin said.
    package var state: ServiceState
    /// The plugin's exit status; 128 when it did not exit by itself, as Icinga records it.
    package var exitStatus: Int32
    /// First line and long output: valid UTF-8, no NUL, bounded by ``outputByteLimit``.
    package var output: String
    /// Performance data, one `label=value…` a piece; the same promises as `output`.
    package var performanceData: [String]
    /// When the plugin was started, by this host's clock.
    package var executionStart: Timestamp
    /// When it ended or was given up, by this host's clock.
    package var executionEnd: Timestamp
    /// When the next result of this object is planned, by this host's clock; nil when none is.
    package var nextCheck: Timestamp?
    /// How often this object is checked in its present state.
    package var checkInterval: Duration

    /// Most bytes kept of output and performance data together; the rest is cut and said so.
    ///
    /// 64 KiB: the master refuses bodies over 1 MiB, and escaping can make six bytes of one.
    package static let outputByteLimit = 65_536

    /// A result with all its parts.
    package init(
        object: ObjectName, state: ServiceState, exitStatus: Int32, output: String,
        performanceData: [String] = [], executionStart: Timestamp, executionEnd: Timestamp,
        nextCheck: Timestamp? = nil, checkInterval: Duration = .seconds(300)
    ) {
        self.object = object
        self.state = state
        self.exitStatus = exitStatus
        self.output = output
        self.performanceData = performanceData
        self.executionStart = executionStart
        self.executionEnd = executionEnd
        self.nextCheck = nextCheck
        self.checkInterval = checkInterval
    }
}

/// Where an object's schedule stands; kept across restarts so that one neither repeats nor skips
/// a burst of checks.
package struct ScheduleState: Sendable, Hashable {
    /// Whose schedule.
    package var object: ObjectName
    /// The state machine after the newest result; nil before the first.
    package var checkState: CheckState?
    /// When the newest check started, by this host's clock.
    package var lastStart: Timestamp?
    /// When the newest check ended; earlier than `lastStart` when it was interrupted.
    package var lastEnd: Timestamp?
    /// When the next check is due.
    package var nextCheck: Timestamp
    /// First line of the newest output, for `status` and `list`.
    package var lastOutput: String
    /// True when the newest result says that nobody submits results of it any more.
    package var isStale: Bool

    /// A schedule with all its parts.
    package init(
        object: ObjectName, checkState: CheckState? = nil, lastStart: Timestamp? = nil,
        lastEnd: Timestamp? = nil, nextCheck: Timestamp, lastOutput: String = "",
        isStale: Bool = false
    ) {
        self.object = object
        self.checkState = checkState
        self.lastStart = lastStart
        self.lastEnd = lastEnd
        self.nextCheck = nextCheck
        self.lastOutput = lastOutput
        self.isStale = isStale
    }
}

/// One finished check on its way into the spool: result, meaning, origin and schedule together, so
/// that they are stored in one transaction.
package struct CheckRecord: Sendable, Hashable {
    /// What the check came to.
    package var result: CheckResult
    /// What it changed.
    package var significance: Significance
    /// What was checked.
    package var snapshot: ObjectSnapshot
    /// Where its schedule stands now; nil for results that no schedule of ours produced.
    package var schedule: ScheduleState?

    /// A record with all its parts.
    package init(
        result: CheckResult, significance: Significance, snapshot: ObjectSnapshot,
        schedule: ScheduleState? = nil
    ) {
        self.result = result
        self.significance = significance
        self.snapshot = snapshot
        self.schedule = schedule
    }
}

extension CheckResult {
    /// Bytes of output and performance data together.
    package var textByteCount: Int {
        performanceData.reduce(output.utf8.count) { $0 + $1.utf8.count }
    }
}
