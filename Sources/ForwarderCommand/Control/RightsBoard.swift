import Logging
import Monitoring
import Synchronization

/// The rights in force: those of `forwarder.conf`, looked up again while the host's name services
/// cannot say who all of its users and groups are.
///
/// Until then nobody is refused for want of a right that a name without an answer may give: who
/// asks is told to come again, and files in the drop directory wait.
final class RightsBoard: Sendable {
    /// How often is looked up again.
    static let interval = Duration.seconds(5)

    private let rights: Mutex<ControlRights>

    /// These, for good.
    init(_ rights: ControlRights = ControlRights()) { self.rights = Mutex(rights) }

    /// What counts now.
    var current: ControlRights { rights.withLock { $0 } }

    /// Looks up what had no answer until all of it has one.
    func run(
        _ configuration: ForwarderConfiguration, alarms: AlarmBoard, log: Logger,
        by lookUp: NameLookUp = .ofThisHost
    ) async {
        if current.isWhole { return }
        while !Task.isCancelled {
            if let reason = current.complaint, alarms.raise(.names, reason) {
                log.warning("names without an answer", metadata: ["reason": "\(reason)"])
            }
            // A cancelled wait ends the loop.
            guard (try? await Task.sleep(for: Self.interval)) != nil else { return }
            if await renew(configuration, alarms: alarms, by: lookUp) {
                log.notice("all names have an answer")
                return
            }
        }
    }

    /// Looks up once more; true when all names have an answer.
    func renew(
        _ configuration: ForwarderConfiguration, alarms: AlarmBoard, by lookUp: NameLookUp
    ) async -> Bool {
        do throws(ControlFault) {
            let found = try await OwnThread.run { () throws(ControlFault) -> ControlRights in
                try ControlRights(configuration, by: lookUp)
            }
            rights.withLock { $0 = found }
            guard found.isWhole else { return false }
            alarms.clear(.names)
            return true
        } catch {
            // Surely unknown now: with it no daemon starts, and this one keeps what it has.
            _ = alarms.raise(.names, error.description)
            return false
        }
    }
}
