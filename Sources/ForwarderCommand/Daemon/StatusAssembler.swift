import Collector
import Delivery
import Foundation
import Monitoring
import Spool

/// Puts together what `forwarder status` shows.
struct StatusAssembler: Sendable {
    let configuration: ForwarderConfiguration
    let spool: SpoolQueue

    /// The report of a running daemon, or of the spool alone when there is none.
    func report(
        delivery: [DeliveryReport], checks: StatusReport.Checks?, startedAt: Timestamp?,
        alarms: [String]
    ) async throws(SpoolFault) -> StatusReport {
        let status = try await spool.status()
        var destinations: [StatusReport.Destination] = []
        var retired: [String] = []
        for destination in status.destinations
        where !destination.isRetired || destination.holdsResults {
            let report = delivery.first { $0.name == destination.name }
            let parked = try await spool.parked(of: destination.id).map(\.text)
            let node = report?.node ?? Self.firstNode(of: destination.name, configuration)
            var entry = Self.entry(destination, report, node: node, parked: parked)
            entry.ignoredReasons = try await ignored(by: destination)
            if destination.withheldObjects > 0 {
                entry.withheldReasons = try await spool.withheld(from: destination.id).map(\.text)
            }
            destinations.append(entry)
            if let alarm = destination.retirementAlarm { retired.append(alarm) }
        }
        for missing in Self.withoutDaemon(configuration)
        where !status.destinations.contains(where: { $0.name == missing.name }) {
            destinations.append(missing)
        }
        return StatusReport(
            version: Version.text, node: configuration.nodeName,
            daemonPID: startedAt == nil ? nil : getpid(), startedAt: startedAt?.seconds,
            separation: Self.separation(configuration),
            spool: StatusReport.Spool(
                path: configuration.spool.path, liveBytes: status.size.liveBytes,
                fileBytes: status.size.fileBytes, logBytes: status.size.logBytes,
                limitBytes: status.size.limitBytes),
            destinations: destinations, checks: checks,
            alarms: alarms + retired + Self.moved(configuration)
                + destinations.flatMap(Self.alarms))
    }

    /// Why results were ignored, object by object.
    private func ignored(by destination: DestinationStatus) async throws(SpoolFault) -> [String] {
        guard destination.losses.ignored > 0 else { return [] }
        let lanes = try await spool.lanes(of: destination.id)
        return lanes.filter { $0.losses.ignored > 0 }.prefix(Self.namedLimit).map { lane in
            let count = Words.counted(lane.losses.ignored, "result")
            return "\(count) of \(lane.object.fullName): \(lane.ignoredReason ?? "")"
        }
    }

    /// The report of a daemon that works without its spool for now.
    static func withoutSpool(
        _ configuration: ForwarderConfiguration, checks: StatusReport.Checks, startedAt: Timestamp,
        alarms: [String]
    ) -> StatusReport {
        var report = nothingYet(configuration)
        report.daemonPID = getpid()
        report.startedAt = startedAt.seconds
        report.checks = checks
        report.alarms = alarms + moved(configuration)
        return report
    }

    /// What was moved out of the spool's place and waits for an operator.
    private static func moved(_ configuration: ForwarderConfiguration) -> [String] {
        SpoolQueue.movedAside(from: configuration.spool).map(\.description)
    }

    /// The report where no daemon ever ran; looking makes no spool.
    static func nothingYet(_ configuration: ForwarderConfiguration) -> StatusReport {
        StatusReport(
            version: Version.text, node: configuration.nodeName, daemonPID: nil, startedAt: nil,
            separation: separation(configuration),
            spool: StatusReport.Spool(
                path: configuration.spool.path, liveBytes: 0, fileBytes: 0, logBytes: 0,
                limitBytes: configuration.spool.sizeLimit),
            destinations: withoutDaemon(configuration), checks: nil,
            alarms: [
                """
                No daemon listens on \(configuration.controlPath), and there is no spool yet. \
                Start `forwarder daemon`.
                """
            ])
    }

    private static func separation(_ configuration: ForwarderConfiguration) -> String {
        let uplink = configuration.uplink
        let start: UplinkStart = uplink.socketPath == nil ? .byDaemon : .bySomebodyElse
        return separation(
            runningUser: geteuid(), uplinkUser: uplink.user, start: start
        ) { name in
            getpwnam(name)?.pointee.pw_uid
        }
    }

    /// Who starts the uplink.
    enum UplinkStart { case byDaemon, bySomebodyElse }

    /// Whether the uplink has another user than the daemon: one that the daemon starts can only if
    /// root does, one that comes by itself must be that user to be heard.
    static func separation(
        runningUser: uid_t, uplinkUser: String?, start: UplinkStart = .byDaemon,
        identify: (String) -> uid_t?
    ) -> String {
        guard runningUser == 0 || start == .bySomebodyElse,
            let user = uplinkUser.flatMap(identify), user != runningUser
        else { return "not separated" }
        return "separated"
    }

    /// The configured destinations as far as they are known where nothing runs.
    private static func withoutDaemon(
        _ configuration: ForwarderConfiguration
    ) -> [StatusReport.Destination] {
        configuration.destinations.map { zone, nodes in
            StatusReport.Destination(
                name: zone, node: nodes.first?.name ?? "", link: "no daemon", warnings: [],
                queued: 0, unresolved: 0, kept: 0, rejected: 0, parkedObjects: 0,
                parkedReasons: [], delivered: 0, ambiguous: 0, repeated: 0, forgotten: 0,
                translated: 0, discardedRepeats: 0, overtaken: 0, overtakenObjects: [],
                overtakenObjectCount: 0, superseded: 0, ignored: 0, ignoredReasons: [], dropped: 0,
                evicted: 0, evictedKept: 0, refused: 0, compacted: 0, withheld: 0,
                withheldReasons: [])
        }
    }

    private static func firstNode(
        of destination: String, _ configuration: ForwarderConfiguration
    ) -> String {
        configuration.destinations.first { $0.zone == destination }?.nodes.first?.name ?? ""
    }

    /// Most objects that are named as overtaken or ignored; as many as fit a terminal.
    static let namedLimit = 20

    static func entry(
        _ spool: DestinationStatus, _ report: DeliveryReport?, node: String, parked: [String]
    ) -> StatusReport.Destination {
        StatusReport.Destination(
            name: spool.name, node: node,
            link: report?.link ?? (spool.isRetired ? "retired" : "no daemon"),
            fault: report?.fault?.text, faultSince: report?.fault?.since.seconds,
            nextTry: report?.nextTry?.seconds,
            masterVersion: report?.masterVersion, skewSeconds: report?.skew?.inSeconds,
            warnings: report?.warnings ?? [], queued: spool.queued, unresolved: spool.leased,
            kept: spool.kept, rejected: spool.rejected, parkedObjects: spool.parkedObjects,
            parkedReasons: parked, delivered: report?.counts.delivered ?? 0,
            ambiguous: report?.counts.ambiguous ?? 0, repeated: report?.counts.repeated ?? 0,
            forgotten: report?.counts.forgotten ?? 0,
            translated: report?.counts.translated ?? 0,
            discardedRepeats: report?.counts.discardedRepeats ?? 0,
            overtaken: report?.counts.overtaken ?? 0,
            overtakenObjects: (report?.overtaken ?? []).prefix(namedLimit).map(\.fullName),
            overtakenObjectCount: report?.overtaken.count ?? 0,
            superseded: spool.losses.superseded,
            ignored: spool.losses.ignored, ignoredReasons: [], dropped: spool.losses.dropped,
            evicted: spool.losses.evicted,
            evictedKept: spool.losses.evictedKept, refused: spool.losses.refused,
            compacted: spool.losses.compacted, withheld: spool.losses.withheld, withheldReasons: [],
            oldestExecution: spool.oldestExecution?.seconds)
    }

    static func alarms(_ destination: StatusReport.Destination) -> [String] {
        var alarms: [String] = []
        if let fault = destination.fault { alarms.append("\(destination.name): \(fault)") }
        alarms += destination.warnings.map { "\(destination.name): \($0)" }
        if destination.rejected > 0 {
            let results = Words.counted(destination.rejected, "result")
            alarms.append(
                """
                \(destination.name): \(results) rejected for good. `forwarder queue list --outcome \
                rejected` says why; then `forwarder queue retry` or `forwarder queue drop`.
                """)
        }
        alarms += destination.parkedReasons.map { "\(destination.name): \($0)" }
        return alarms
    }
}

extension DestinationStatus {
    /// True when rows of it take room.
    var holdsResults: Bool { queued + leased + kept + rejected + withheldObjects > 0 }

    /// What is to be said of a destination that is no longer configured; nil when nothing is.
    var retirementAlarm: String? {
        guard isRetired, holdsResults else { return nil }
        return """
            \(name): no Master object has this zone any more, but \(queued + leased) results wait \
            for it and \(kept + rejected + withheldObjects) more are kept. Nobody delivers them, \
            and they are given up first when the spool is full. Put its Master object back to \
            have them delivered.
            """
    }
}

/// The program's version.
enum Version {
    static let text = "0.1.0"
}
