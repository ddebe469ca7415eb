import Collector
import Monitoring
import Synchronization

/// The newest result of each object, for macros such as `$service.state$`.
///
/// Bounded by the number of objects and the bound on one result.
final class ResultLedger: RuntimeFactsSource, Sendable {
    private let started: Timestamp
    private let time: any TimeSource
    private let objects = Mutex<[ObjectName: RuntimeFacts.Object]>([:])

    init(time: any TimeSource) {
        self.time = time
        started = time.wall
    }

    /// Takes note of a finished check.
    func note(_ record: CheckRecord) {
        objects.withLock { objects in
            var facts = objects[record.result.object] ?? RuntimeFacts.Object()
            facts.lastCheckState = facts.checkState
            facts.checkState = record.schedule?.checkState ?? facts.checkState
            if facts.lastCheckState?.state != facts.checkState?.state {
                facts.lastStateChange = record.result.executionEnd
            }
            facts.lastScheduledStart = facts.lastResult?.nextCheck
            facts.lastResult = record.result
            objects[record.result.object] = facts
        }
    }

    func facts(of names: [ObjectName]) -> RuntimeFacts {
        let known = objects.withLock { objects in
            Dictionary(
                names.compactMap { name in objects[name].map { (name, $0) } },
                uniquingKeysWith: { first, _ in first })
        }
        return RuntimeFacts(now: time.wall, started: started, objects: known)
    }
}
