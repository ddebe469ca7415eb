package import Monitoring
internal import Synchronization

/// What the newest checks left behind, for the macros of the next ones.
///
/// - Isolation: safe from any thread; a reader sees whole results.
package final class RuntimeBoard: RuntimeFactsSource, Sendable {
    private let time: any TimeSource
    private let started: Timestamp
    /// Only objects that were checked, so never more than there are definitions.
    private let objects: Mutex<[ObjectName: RuntimeFacts.Object]>

    /// A board that begins with the states that a restart found.
    package init(time: any TimeSource, states: [ScheduleState] = []) {
        self.time = time
        started = time.wall
        objects = Mutex([:])
        restore(states)
    }

    /// Takes over the states that a restart found; what was noted since stays.
    package func restore(_ states: [ScheduleState]) {
        objects.withLock { objects in
            for state in states where objects[state.object] == nil {
                objects[state.object] = Self.restored(state)
            }
        }
    }

    /// What a schedule tells of an object: of its last output the first line, and no performance
    /// data.
    private static func restored(_ schedule: ScheduleState) -> RuntimeFacts.Object {
        var object = RuntimeFacts.Object(
            checkState: schedule.checkState,
            lastCheckState: schedule.checkState,
            lastStateChange: schedule.lastEnd
        )
        guard let state = schedule.checkState else { return object }
        // a problem that is still soft began when all was well
        object.lastHardState = state.type == .hard ? state.state : .ok
        guard let start = schedule.lastStart, let end = schedule.lastEnd, start <= end else {
            return object
        }
        object.lastSeen[state.state] = end
        object.lastResult = CheckResult(
            object: schedule.object,
            state: state.state,
            exitStatus: Int32(state.state.rawValue),
            output: schedule.lastOutput,
            executionStart: start,
            executionEnd: end,
            nextCheck: schedule.nextCheck
        )
        return object
    }

    /// Takes in a finished check, with the state machine that it left and when it had been due.
    package func note(_ result: CheckResult, state: CheckState, due: Timestamp? = nil) {
        objects.withLock { objects in
            var object = objects[result.object] ?? RuntimeFacts.Object()
            let kind: ObjectKind = result.object.isHost ? .host : .service
            // before the first result the state is unknown, so that is no change
            let old = object.checkState
            let isChange = !kind.isSame(old?.state ?? .unknown, state.state)
            object.previousStateChange = object.lastStateChange
            if isChange { object.lastStateChange = result.executionEnd }
            if state.type == .hard, isChange || (old?.type ?? .soft) == .soft {
                object.lastHardStateChange = result.executionEnd
                object.lastHardState = state.state
            }
            object.lastSeen[state.state] = result.executionEnd
            object.lastCheckState = object.checkState
            object.checkState = state
            object.lastResult = result
            object.lastScheduledStart = due
            objects[result.object] = object
        }
    }

    /// Forgets objects that are no longer defined.
    package func keep(only defined: Set<ObjectName>) {
        objects.withLock { $0 = $0.filter { defined.contains($0.key) } }
    }

    package func facts(of names: [ObjectName]) -> RuntimeFacts {
        let known = objects.withLock { objects in
            names.reduce(into: [:]) { $0[$1] = objects[$1] }
        }
        return RuntimeFacts(now: time.wall, started: started, objects: known)
    }
}
