package import Monitoring

/// How a ``CheckRunner`` works.
package struct RunnerSettings: Sendable {
    /// Most checks at a time.
    package var concurrencyLimit: Int
    /// Times around a plugin's end.
    package var launcher: LauncherSettings
    /// What plugins find in their environment.
    package var environment: PluginEnvironment
    /// Whom plugins run as; nil for this process's user.
    package var user: PluginUser?

    /// Settings with all their parts.
    package init(
        concurrencyLimit: Int = CheckScheduler.defaultConcurrencyLimit,
        launcher: LauncherSettings = LauncherSettings(),
        environment: PluginEnvironment,
        user: PluginUser? = nil
    ) {
        self.concurrencyLimit = concurrencyLimit
        self.launcher = launcher
        self.environment = environment
        self.user = user
    }
}

/// What a check that was run beside the schedule came to.
package struct SingleRun: Sendable, Hashable {
    /// Its result.
    package let result: CheckResult
    /// What was run; nil where no process was.
    package let command: PluginCommand?
}

/// Runs a host's checks on schedule and hands out what they came to.
///
/// - Isolation: safe from anywhere. One thread owns scheduler, launcher and preparing; what is
///   called
///   here becomes a message to it.
/// - Results: ``records``, in the order in which checks ended.
/// - Life: ends with ``stop(patience:)``, which must be called; until then the thread runs.
package final class CheckRunner: Sendable {
    /// What checks came to.
    package let records: RecordOutbox
    /// Hears how far what others drop for passive objects was taken.
    package let drops = DropHorizon()
    private let inbox: RunnerInbox

    /// Starts the thread; it checks nothing before ``start(with:states:preparing:)``.
    ///
    /// `health` is called on the thread, for each check of the forwarder itself, and must not
    /// block.
    package init(
        settings: RunnerSettings,
        time: any TimeSource,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        records: RecordOutbox = RecordOutbox(),
        health: @escaping @Sendable () -> HealthReport
    ) throws(LaunchFault) {
        let channel = try LauncherChannel()
        let inbox = RunnerInbox(wakeUp: channel.wakeUp)
        self.inbox = inbox
        self.records = records
        let drops = drops
        try WorkerThread.start {
            let launcher = PluginLauncher(
                channel: channel,
                time: time,
                environment: settings.environment,
                user: settings.user,
                settings: settings.launcher
            )
            let scheduler = CheckScheduler(
                concurrencyLimit: settings.concurrencyLimit,
                random: random
            )
            CheckLoop(
                inbox: inbox,
                records: records,
                drops: drops,
                launcher: launcher,
                scheduler: scheduler,
                time: time,
                health: health
            ).run()
        }
    }

    /// Begins to check these objects, from where `states` says they stood.
    package func start(
        with plans: [CheckPlan],
        passages: CheckPassages = [:],
        states: [ScheduleState],
        preparing: sending any CheckPreparing
    ) {
        // Lost on purpose: a stopped runner starts nothing.
        _ = inbox.post(
            .plans(plans, passages, states: states, preparing: Parcel(preparing)))
    }

    /// Goes on with these objects; see ``CheckScheduler/apply(_:passages:states:at:)``.
    package func reload(
        _ plans: [CheckPlan],
        passages: CheckPassages = [:],
        states: [ScheduleState] = [],
        preparing: sending any CheckPreparing
    ) {
        // Lost on purpose: a stopped runner starts nothing.
        _ = inbox.post(
            .plans(plans, passages, states: states, preparing: Parcel(preparing)))
    }

    /// Does not run these objects from now on, and runs all others; see
    /// ``CheckScheduler/pause(_:at:)``.
    package func pause(_ pauses: [ObjectName: ObjectPause]) {
        // Lost on purpose: a stopped runner runs nothing.
        _ = inbox.post(.pause(pauses))
    }

    /// Makes a check of this object due now.
    package func requestNow(_ object: ObjectName) async -> CheckNowAnswer {
        await withCheckedContinuation { reply in
            if !inbox.post(.request(object, reply)) { reply.resume(returning: .unknownObject) }
        }
    }

    /// Takes a result that somebody else submits for an object that is not checked here.
    ///
    /// The state machine has counted it when this returns; who cannot store it calls
    /// ``takeBack(_:)``.
    package func submit(
        _ object: ObjectName, _ output: PluginOutput, execution: ExecutionSpan? = nil
    ) async -> SubmissionAnswer {
        await withCheckedContinuation { reply in
            if !inbox.post(.submit(object, output, execution, reply)) {
                reply.resume(returning: .stopping)
            }
        }
    }

    /// Takes back a submitted result that could not be stored, the newest first: what comes next is
    /// judged from what is stored.
    package func takeBack(_ counted: CountedResult) {
        // Lost on purpose: a stopped runner knows nothing any more.
        _ = inbox.post(.takeBack(counted))
    }

    /// Where this object stands; nil for one that is not planned, and after the stop.
    package func status(of object: ObjectName) async -> CheckStatus? {
        await withCheckedContinuation { reply in
            if !inbox.post(.standing(object, reply)) { reply.resume(returning: nil) }
        }
    }

    /// Checks this object once, beside the schedule, and returns what it came to without putting it
    /// into ``records``; nil when the runner has no definitions or stops.
    package func runOnce(_ object: ObjectName) async -> SingleRun? {
        await withCheckedContinuation { reply in
            if !inbox.post(.once(object, reply)) { reply.resume(returning: nil) }
        }
    }

    /// Where each object stands, ordered by name; none after the stop.
    package func statuses() async -> [CheckStatus] {
        await withCheckedContinuation { reply in
            if !inbox.post(.status(reply)) { reply.resume(returning: []) }
        }
    }

    /// Ends all checks within `patience`, and returns where each schedule stands.
    ///
    /// Nothing more starts; what still runs when the patience is over is killed and leaves no
    /// result, but runs first at the next start. ``records`` closes. A second call returns nothing.
    package func stop(patience: Duration) async -> [ScheduleState] {
        await withCheckedContinuation { reply in
            if !inbox.post(.stop(patience: patience, reply)) { reply.resume(returning: []) }
        }
    }
}
