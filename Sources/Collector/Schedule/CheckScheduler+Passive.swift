package import Monitoring

/// Objects that are not checked here: what others submit for them, and when they are stale.
extension CheckScheduler {
    /// True for a planned object whose results are submitted.
    func isPassive(_ object: ObjectName) -> Bool { entries[object]?.plan.isActive == false }

    /// True for every object of the definitions, whether it is checked here or not.
    package func isPlanned(_ object: ObjectName) -> Bool { entries[object] != nil }

    /// True while a check of it runs, or is wanted now.
    package func isRunning(_ object: ObjectName) -> Bool {
        guard let entry = entries[object] else { return false }
        return entry.ticket != nil || entry.isForced
    }

    /// A submitted result that was counted.
    package struct Submission: Sendable {
        /// What is to be recorded.
        package let scheduled: ScheduledResult
        /// Where the object stands with it.
        package let state: CheckState
        /// For ``CheckScheduler/takeBack(_:at:)``.
        package let counted: CountedResult
    }

    /// Takes a result that somebody submits; nil for an object that is checked here, whose checks
    /// alone say how it is.
    ///
    /// - Parameter execution: when a plugin ran for it, as far as that can be true; nil: now.
    package mutating func submit(
        _ object: ObjectName, _ output: PluginOutput, execution: ExecutionSpan? = nil,
        at now: Moment
    ) -> Submission? {
        guard var entry = entries[object], !entry.plan.isActive else { return nil }
        let before = entry
        let span =
            execution?.believed(after: entry.newestStart, at: now.wall)
            ?? ExecutionSpan(start: now.wall, end: now.wall)
        let significance = entry.take(
            output: output, start: span.start, end: span.end, count: nextCount())
        if entry.isTimed, !entry.isForced {
            timetable.planNext(&entry, after: .check, at: now)
        }
        put(entry)
        noteReach(behind: object, from: before.checkState, at: now)
        guard let state = entry.checkState else { return nil }
        let result = CheckResult(
            object: object,
            state: output.state,
            exitStatus: output.exitStatus,
            output: output.text,
            performanceData: output.performanceData,
            executionStart: span.start,
            executionEnd: span.end,
            nextCheck: entry.nextCheck(at: now),
            checkInterval: entry.interval
        )
        let scheduled = ScheduledResult(
            result: result, significance: significance, schedule: entry.schedule(at: now))
        return Submission(
            scheduled: scheduled, state: state,
            counted: CountedResult(before: before, count: entry.count))
    }

    /// Takes back a result that could not be stored: the object stands where it stood before, and
    /// has a moment at least before it is stale.
    ///
    /// Of several that could not be stored the last one comes first. Where another result was
    /// counted since, the object's state is forgotten: its next result counts as a change.
    package mutating func takeBack(_ counted: CountedResult, at now: Moment) {
        let object = counted.before.plan.object
        guard var entry = entries[object] else { return }
        let state = entry.checkState
        if entry.count == counted.count {
            entry.takeBack(to: counted.before)
            // who hands it over once more needs a moment for it
            let soonest = now.monotonic + FreshnessRule.shortestTolerance
            if entry.plan.freshness != nil, entry.due != nil, !entry.isForced {
                let base = counted.before.wanted ?? soonest
                timetable.awaitResult(&entry, until: max(base, soonest), now)
            }
        } else {
            entry.checkState = nil
        }
        put(entry)
        noteReach(behind: object, from: state, at: now)
    }

    // MARK: - What keeps results from coming

    /// After the host slept: what became stale meanwhile has its whole time.
    mutating func wake(at now: Moment) {
        for object in Array(entries.keys) {
            guard var entry = entries[object], entry.plan.freshness != nil else { continue }
            timetable.wake(&entry, at: now)
            put(entry)
        }
    }

    /// Takes note of what a passive object depends on.
    mutating func noteReach(of object: ObjectName, at now: Moment) {
        guard var entry = entries[object], entry.plan.freshness != nil,
            !entry.plan.dependencies.isEmpty || entry.suppressor != nil
        else { return }
        if timetable.noteReach(&entry, among: entries, at: now) {
            put(entry)
        } else {
            entries[object] = entry
        }
    }

    /// What depends on an object and sees a difference to what it was before.
    private func dependents(of object: ObjectName, from before: CheckState?) -> [ObjectName] {
        let after = entries[object]?.checkState
        guard before != after else { return [] }
        return behind(object).filter { child in
            timetable.dependencies(of: child, among: entries).contains {
                $0.parent == object && $0.holds(before) != $0.holds(after)
            }
        }
    }

    /// Has everything behind an object hear when that is well again, or no longer.
    ///
    /// Takes some microseconds for each object behind it, and only when something sees a
    /// difference.
    mutating func noteReach(behind object: ObjectName, from before: CheckState?, at now: Moment) {
        var open = dependents(of: object, from: before)
        var seen = Set(open)
        while let next = open.popLast() {
            noteReach(of: next, at: now)
            for child in behind(next) where seen.insert(child).inserted { open.append(child) }
        }
    }
}
