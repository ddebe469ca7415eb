package import Monitoring
internal import CSpawn
internal import Glibc
internal import HeapModule

/// What a plugin is given beside its own timeout.
package struct LauncherSettings: Sendable {
    /// How long output is read after the plugin has ended while somebody holds it open.
    ///
    /// 1 s: a child in the background must not delay the result, a late line of it may be read.
    /// Then the rest of the process group is killed, so that nothing piles up; Icinga waits on.
    package var grace: Duration
    /// Bounds every timeout: a definition's mistake must not keep a place for ever.
    package var longestTimeout: Duration
    /// Soft limit of open files that each plugin gets; nil: this process's.
    package var openFileLimit: Int?
    /// True when a plugin, but not what it starts, is killed once the launcher's thread is gone.
    package var pluginsEndWithThread: Bool

    /// Settings with all their parts.
    package init(
        grace: Duration = .seconds(1),
        longestTimeout: Duration = .seconds(86_400),
        openFileLimit: Int? = nil,
        pluginsEndWithThread: Bool = false
    ) {
        self.grace = grace
        self.longestTimeout = longestTimeout
        self.openFileLimit = openFileLimit
        self.pluginsEndWithThread = pluginsEndWithThread
    }
}

/// Runs plugins: starts them, reads their output, ends them in time, reports each exactly once.
///
/// - Isolation: belongs to one thread, which calls ``turn(until:)`` in a loop. Only ``WakeUp`` may
///   be used from elsewhere, as by ``wakeUpCall``. No call blocks, but `turn`, and but starting a
///   program (clone returns when its exec is done, some 0.3 ms).
/// - Timeouts: at `timeout` SIGTERM to the process group, at 1.1 times that SIGKILL to it; a
///   process
///   that is still there a grace period later is reported as timed out and reaped whenever it ends.
/// - Background children: the result is there when plugin and output have ended, or the plugin and
///   a
///   grace period. A child that closed its output, as daemons do, is let live.
/// - Failures to start (no file, no memory, no descriptors) become results.
/// - User: plugins of another user than this process's are started without waiting for their exec,
///   so that nobody of that user can hold this thread up.
package final class PluginLauncher {
    private let channel: LauncherChannel
    private let time: any TimeSource
    private let environment: PluginEnvironment
    private let user: PluginUser?
    private let settings: LauncherSettings
    private var runs: [RunID: PluginRun] = [:]
    private var lingering: [RunID: PluginRun] = [:]
    private var deadlines = Heap<RunDeadline>()
    private var waiting = WaitingOutputs()
    private var finished: [FinishedPlugin] = []
    private var buffer = [UInt8](repeating: 0, count: PluginLauncher.readSize)
    private var tags = [UInt64](repeating: 0, count: Int(CSPAWN_TAG_LIMIT))
    private var armed: Duration?

    /// What one pipe holds by default.
    private static let readSize = 65_536
    /// Reads of one pipe before the others have their turn: one flood must not starve them.
    private static let readsPerEvent = 4

    /// A launcher that waits on `channel`.
    init(
        channel: LauncherChannel,
        time: any TimeSource,
        environment: PluginEnvironment,
        user: PluginUser? = nil,
        settings: LauncherSettings = LauncherSettings()
    ) {
        self.channel = channel
        self.time = time
        self.environment = environment
        self.user = user
        self.settings = settings
    }

    /// A launcher of its own.
    ///
    /// - Parameter user: whom plugins run as; nil for this process's user.
    package convenience init(
        time: any TimeSource,
        environment: PluginEnvironment,
        user: PluginUser? = nil,
        settings: LauncherSettings = LauncherSettings()
    ) throws(LaunchFault) {
        self.init(
            channel: try LauncherChannel(),
            time: time,
            environment: environment,
            user: user,
            settings: settings
        )
    }

    /// Ends the present wait of ``turn(until:)``, or the next one; may be called from any thread.
    package var wakeUpCall: @Sendable () -> Void {
        let wakeUp = channel.wakeUp
        return { wakeUp.raise() }
    }

    /// Plugins without a result yet.
    package var runningCount: Int { runs.count }

    /// The process of a reported execution that could not be killed and is still there.
    package func lingeringProcess(of id: RunID) -> Int32? { lingering[id]?.process.id }

    /// Starts a plugin; whatever becomes of it, a coming ``turn(until:)`` reports it.
    package func start(_ command: PluginCommand, as id: RunID) {
        precondition(runs[id] == nil && id.number < 1 << 62, "each run has a number of its own")
        let start = time.moment
        do throws(LaunchFault) {
            let run = try launch(command, as: id, at: start)
            runs[id] = run
            schedule(run)
        } catch {
            let ending = PluginEnding.notStarted("\(error)")
            report(id, from: start, PluginOutput(bytes: [], ending: ending), ending: ending)
        }
    }

    /// Reports `output` when `time` has passed, without any process; a check of its own.
    package func wait(_ time: Duration, for output: PluginOutput, as id: RunID) {
        let start = self.time.moment
        let bounded = min(max(.zero, time), settings.longestTimeout)
        waiting.insert(
            .init(id: id, start: start, deadline: start.monotonic + bounded, output: output)
        )
    }

    /// Waits until something happens, at most until `deadline` on the monotonic clock, and returns
    /// the executions that have come to a result since.
    package func turn(until deadline: Duration?) -> [FinishedPlugin] {
        arm([deadline, earliestDeadline(), waiting.earliest].compactMap { $0 }.min())
        let patience = finished.isEmpty ? CSPAWN_WAIT : CSPAWN_ONLY_LOOK
        let count = cspawn_poll_wait(channel.poll.number, patience, &tags)
        precondition(count >= 0, "waiting on a valid descriptor only fails by interruption")
        for index in 0..<Int(count) { handle(tags[index]) }
        passDeadlines()
        defer { finished = [] }
        return finished
    }

    /// Kills everything that runs, without results; for the end of the program.
    package func killAll() {
        for run in runs.values {
            run.process.signalGroup(SIGKILL)
            run.output = nil
            if case .ended = run.phase { run.process.reap() } else { lingering[run.id] = run }
            run.phase = .lingering
        }
        runs = [:]
        deadlines = []
        waiting.removeAll()
        let limit = time.moment.monotonic + settings.grace
        while !lingering.isEmpty && time.moment.monotonic < limit {
            _ = turn(until: limit)
        }
    }
}

// MARK: - Start and end

extension PluginLauncher {
    private func launch(
        _ command: PluginCommand,
        as id: RunID,
        at start: Moment
    ) throws(LaunchFault) -> PluginRun {
        var ends: [Int32] = [-1, -1]
        let status = cspawn_pipe(&ends)
        guard status == 0 else { throw .system(call: "pipe2", code: -status) }
        let (reading, writing) = (Descriptor(ends[0]), Descriptor(ends[1]))
        let process = try ProcessStart(
            candidates: environment.candidates(for: command.argumentVector.first ?? []),
            arguments: command.argumentVector,
            environment: try environment.adding(command.environment),
            descriptors: [channel.null, writing, writing],
            openFileLimit: settings.openFileLimit,
            user: user,
            endsWithStarter: settings.pluginsEndWithThread
        ).start()
        let timeout = min(max(command.timeout, .milliseconds(1)), settings.longestTimeout)
        let run = PluginRun(
            id: id,
            process: process,
            output: reading,
            start: start,
            timeout: timeout
        )
        try watch(run, output: reading)
        return run
    }

    private func watch(_ run: PluginRun, output: Descriptor) throws(LaunchFault) {
        let poll = channel.poll.number
        var status = cspawn_poll_add(poll, output.number, run.id.outputTag)
        if status == 0 {
            status = cspawn_poll_add(poll, run.process.pidfd.number, run.id.processTag)
        }
        guard status == 0 else {
            run.process.signalGroup(SIGKILL)
            lingering[run.id] = run
            throw .system(call: "epoll_ctl", code: -status)
        }
    }

    private func finish(_ run: PluginRun, _ ending: PluginEnding) {
        if run.isTimedOut { run.process.signalGroup(SIGKILL) }
        run.process.reap()
        report(run, run.isTimedOut ? .timedOut : ending)
    }

    /// Reports what cannot be killed, and reaps it later.
    private func giveUp(_ run: PluginRun) {
        run.phase = .lingering
        run.deadline = nil
        lingering[run.id] = run
        report(run, .timedOut)
    }

    private func report(_ run: PluginRun, _ ending: PluginEnding) {
        run.output = nil
        runs[run.id] = nil
        let output = PluginOutput(
            bytes: run.head,
            discardedByteCount: run.discardedByteCount,
            ending: ending
        )
        report(run.id, from: run.start, output, run.head, ending: ending)
    }

    private func report(
        _ id: RunID, from start: Moment, _ output: PluginOutput, _ printed: [UInt8] = [],
        ending: PluginEnding? = nil
    ) {
        let end = start.wall + (time.moment.monotonic - start.monotonic)
        finished.append(
            FinishedPlugin(
                id: id, output: output, printed: printed, ending: ending, start: start.wall,
                end: end))
    }
}

// MARK: - Events

extension PluginLauncher {
    private func handle(_ tag: UInt64) {
        switch tag {
        case LauncherChannel.wakeUpTag: channel.wakeUp.clear()
        // The deadlines are looked at after every wait. Disarming also makes it unreadable.
        case LauncherChannel.timerTag: arm(nil)
        default:
            let id = RunID(number: tag >> 2)
            if tag == id.processTag {
                processEnded(id)
            } else if let run = runs[id], isDrained(run), case .ended(let ending) = run.phase {
                finish(run, ending)
            }
        }
    }

    private func processEnded(_ id: RunID) {
        // One that lingers is reaped where the deadlines are passed.
        guard let run = runs[id], let ending = run.process.peek() else { return }
        _ = cspawn_poll_remove(channel.poll.number, run.process.pidfd.number)
        guard !isDrained(run) else { return finish(run, ending) }
        run.phase = .ended(ending)
        run.deadline = time.moment.monotonic + settings.grace
        schedule(run)
    }

    /// Reads what is there; true when there will be no more.
    private func isDrained(_ run: PluginRun) -> Bool {
        guard let output = run.output else { return true }
        for _ in 0..<Self.readsPerEvent {
            let count = buffer.withUnsafeMutableBytes { bytes in
                let count = read(output.number, bytes.baseAddress, bytes.count)
                if count > 0 { run.take(UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
                return count
            }
            if count < 0 && (errno == EAGAIN || errno == EINTR) { return false }
            guard count > 0 else {
                run.output = nil
                return true
            }
        }
        return false
    }
}

// MARK: - Deadlines

extension PluginLauncher {
    private func passDeadlines() {
        let now = time.moment.monotonic
        lingering = lingering.filter { $0.value.process.peek() == nil || !$0.value.process.reap() }
        while let deadline = earliestDeadline(), deadline <= now {
            guard let run = runs[deadlines.removeMin().id] else { continue }
            pass(run, at: now)
        }
        while let one = waiting.next(at: now) { report(one.id, from: one.start, one.output) }
    }

    private func pass(_ run: PluginRun, at now: Duration) {
        switch run.phase {
        case .running:
            run.isTimedOut = true
            run.process.signalGroup(SIGTERM)
            run.phase = .terminating
            run.deadline = run.start.monotonic + run.timeout * 11 / 10
        case .terminating:
            run.process.signalGroup(SIGKILL)
            run.phase = .killed
            run.deadline = now + settings.grace
        case .killed: return giveUp(run)
        case .ended(let ending):
            _ = isDrained(run)
            run.process.signalGroup(SIGKILL)
            return finish(run, ending)
        case .lingering: return
        }
        schedule(run)
    }

    private func schedule(_ run: PluginRun) {
        guard let deadline = run.deadline else { return }
        deadlines.insert(RunDeadline(time: deadline, id: run.id))
        // Most plugins end long before their timeout; what they leave here is cleared now and then.
        guard deadlines.count > 4 * runs.count + 64 else { return }
        deadlines = Heap(deadlines.unordered.filter(isCurrent))
    }

    private func earliestDeadline() -> Duration? {
        while let first = deadlines.min, !isCurrent(first) { deadlines.removeMin() }
        return deadlines.min?.time
    }

    private func isCurrent(_ one: RunDeadline) -> Bool { runs[one.id]?.deadline == one.time }

    private func arm(_ deadline: Duration?) {
        guard deadline != armed else { return }
        armed = deadline
        let (seconds, attoseconds) = deadline?.components ?? (-1, 0)
        // Rounded up, or the wait would end just before what it waits for.
        let nanoseconds = min(attoseconds / 1_000_000_000 + 1, 999_999_999)
        let status = cspawn_timer_arm(
            channel.timer.number,
            deadline == nil ? -1 : max(0, seconds),
            max(0, nanoseconds)
        )
        precondition(status == 0, "arming a valid timer cannot fail")
    }
}

/// When a run is to be looked at; out of date when the run has another deadline by then.
private struct RunDeadline: Comparable {
    let time: Duration
    let id: RunID

    static func < (a: RunDeadline, b: RunDeadline) -> Bool { (a.time, a.id) < (b.time, b.id) }
}

extension RunID {
    fileprivate var outputTag: UInt64 { number << 2 | 2 }
    fileprivate var processTag: UInt64 { number << 2 | 3 }
}
