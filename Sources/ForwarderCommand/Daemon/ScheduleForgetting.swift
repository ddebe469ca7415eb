import Logging
import Monitoring
import Spool
import Synchronization

/// Forgets in the spool the schedules of objects that are no longer defined; what fails is alarmed
/// and tried again.
final class ScheduleForgetting: Sendable {
    private let alarms: AlarmBoard
    private let log: Logger
    private let forget: @Sendable (Set<ObjectName>) async throws(SpoolFault) -> Int?
    /// What is defined now, while the spool holds more; nil when it does not.
    private let pending = Mutex<Set<ObjectName>?>(nil)

    /// - Parameter forget: forgets all schedules but these, and says how many; nil while there is
    ///   no spool.
    init(
        alarms: AlarmBoard, log: Logger,
        forget: @escaping @Sendable (Set<ObjectName>) async throws(SpoolFault) -> Int?
    ) {
        self.alarms = alarms
        self.log = log
        self.forget = forget
    }

    /// Forgets all but these objects, now or later.
    func keep(only objects: Set<ObjectName>) async {
        pending.withLock { $0 = objects }
        await tryAgain()
    }

    /// Does what could not be done before.
    func tryAgain() async {
        guard let objects = pending.withLock({ $0 }) else { return }
        do throws(SpoolFault) {
            guard let count = try await forget(objects) else { return }
            // Newer definitions may have come meanwhile; they have their own turn.
            pending.withLock { if $0 == objects { $0 = nil } }
            alarms.clear(.forgetting)
            if count > 0 { log.info("schedules forgotten", metadata: ["objects": "\(count)"]) }
        } catch {
            let text = """
                Schedules of objects that are no longer defined stay in the spool and are tried \
                again: \(error) The definitions that were loaded last are in force.
                """
            if alarms.raise(.forgetting, text) {
                log.warning("schedules not forgotten", metadata: ["reason": "\(error)"])
            }
        }
    }
}
