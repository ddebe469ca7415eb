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
                objects[state.object] = RuntimeFacts.Object(
                    checkState: state.checkState,
                    lastCheckState: state.checkState,
                    lastStateChange: state.lastEnd
                )
            }
        }
    }

    /// Takes in a finished check, with the state machine that it left and when it had been due.
    package func note(_ result: CheckResult, state: CheckState, due: Timestamp? = nil) {
        objects.withLock { objects in
            var object = objects[result.object] ?? RuntimeFacts.Object()
            if object.checkState?.state != state.state {
                object.lastStateChange = result.executionEnd
            }
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
