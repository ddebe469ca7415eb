import Foundation
import Logging

/// Has changed keys taken into use at a reload, by another uplink: one that runs has given up all
/// files.
///
/// Keys that it could not use are refused as a whole, and the running uplink stays. Keys that did
/// not change cost nothing. Where somebody else starts the uplink it looks after its keys itself
/// (`forwarder-uplink --renew`).
struct KeyRenewal: Sendable {
    let configuration: ForwarderConfiguration
    let board: UplinkBoard
    let alarms: AlarmBoard
    /// True once the daemon is to end: a check of keys does not hold that up.
    let isEnding: @Sendable () -> Bool
    let log: Logger

    /// Looks at program and keys, says what is wrong with them, and acts on what changed.
    func reload() async {
        // Before they are judged: what changes meanwhile is seen the next time.
        let files = KeyFiles(configuration.masters)
        let complaints = await inspect()
        guard !isEnding(), let used = board.keysInUse else { return }
        let changed = files.changed(since: used)
        let reasons = complaints.filter { one in one.master.map(changed.contains) ?? true }
        guard !changed.isEmpty, !reasons.isEmpty else {
            alarms.clear(.keys)
            if changed.isEmpty { return }
            let names = changed.sorted().map { configuration.masters[$0].name }
            log.notice("keys changed", metadata: ["masters": "\(names.joined(separator: ", "))"])
            return board.renew()
        }
        let text = """
            The new keys are broken; the running uplink goes on with the old ones. Once it ends \
            nothing is delivered. \(reasons.map(\.text).joined(separator: " "))
            """
        _ = alarms.raise(.keys, text)
        log.error("keys refused", metadata: ["reason": "\(text)"])
    }

    /// Says what keeps the uplink from delivering; it may come right while the daemon runs.
    @discardableResult
    func inspect() async -> [UplinkInspection.Complaint] {
        let complaints = await UplinkInspection(configuration, isUnwanted: isEnding).complaints()
        guard !isEnding() else { return [] }
        for complaint in complaints {
            log.warning("uplink cannot deliver", metadata: ["reason": "\(complaint.text)"])
        }
        return complaints
    }
}
