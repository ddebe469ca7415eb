import Delivery
import Foundation
import Logging
import Monitoring
import Policy
import Synchronization

/// Keeps the policy that the daemon goes by, and what `status` tells of it.
final class PolicyKeeper: Sendable {
    /// What everybody asks who hands something out.
    let inForce: PolicyInForce
    private let source: PolicySource
    private let alarms: AlarmBoard
    private let time: any TimeSource
    private let log: Logger
    private let standing: Mutex<StatusReport.Policy>

    /// Reads the policy that the daemon begins with.
    ///
    /// - Throws: what an operator has to mend before the daemon can start.
    init(
        _ source: PolicySource, alarms: AlarmBoard, time: any TimeSource, log: Logger
    ) throws(PolicyFileFault) {
        let reading = try source.read()
        self.source = source
        self.alarms = alarms
        self.time = time
        self.log = log
        inForce = PolicyInForce(reading.rules)
        standing = Mutex(StatusReport.Policy(reading, path: source.path, at: time.wall))
        note(reading)
    }

    /// What `status` tells.
    var report: StatusReport.Policy { standing.withLock { $0 } }

    /// Reads the file again; a broken one leaves the old policy in force.
    func reload() {
        do throws(PolicyFileFault) {
            let reading = try source.read()
            inForce.replace(with: reading.rules)
            if reading.isPresent { alarms.clear(.policy) } else { note(reading) }
            standing.withLock {
                $0 = StatusReport.Policy(reading, path: source.path, at: time.wall)
            }
            log.notice("policy reloaded", metadata: ["roles": "\(reading.rules.roles.count)"])
        } catch {
            _ = alarms.raise(
                .policy,
                """
                The new policy is broken; the old one stays in force. Run `forwarder policy \
                check`, mend it and reload.
                """)
            log.error("policy refused", metadata: ["reason": "\(error)"])
        }
    }

    /// Looks for what seems to be a mistake in the policy, given the objects that it is about.
    func examine(_ found: (objects: [PolicyObject], faults: [PolicyFault])) {
        let warnings =
            inForce.rules.warnings(objects: found.objects, destinations: source.destinations)
            .map(\.description) + found.faults.map(\.description)
        standing.withLock { $0.warnings = warnings }
        for warning in warnings {
            log.warning("policy", metadata: ["reason": "\(warning)"])
        }
    }

    private func note(_ reading: PolicySource.Reading) {
        guard !reading.isPresent else { return }
        _ = alarms.raise(.policy, source.absence)
        log.warning("no policy", metadata: ["path": "\(source.path)"])
    }
}

extension StatusReport.Policy {
    fileprivate init(_ reading: PolicySource.Reading, path: String, at time: Timestamp) {
        self.init(
            path: path, isPresent: reading.isPresent, roles: reading.rules.roles.map(\.name),
            readAt: time.seconds, warnings: [])
    }
}
