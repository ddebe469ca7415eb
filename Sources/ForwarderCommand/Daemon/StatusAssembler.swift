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
        for destination in status.destinations
        where !destination.isRetired || destination.queued > 0 {
            let report = delivery.first { $0.name == destination.name }
            let parked = try await spool.parked(of: destination.id).map(\.text)
            destinations.append(Self.entry(destination, report, parked: parked))
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
            alarms: alarms + Self.moved(configuration) + destinations.flatMap(Self.alarms))
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
            destinations: [], checks: nil,
            alarms: [
                """
                No daemon listens on \(configuration.controlPath), and there is no spool yet. \
                Start `forwarder daemon`.
                """
            ])
    }

    private static func separation(_ configuration: ForwarderConfiguration) -> String {
        guard geteuid() == 0, let user = configuration.uplink.user, let entry = getpwnam(user)
        else { return "not separated" }
        return entry.pointee.pw_uid == 0 ? "not separated" : "separated"
    }

    private static func entry(
        _ spool: DestinationStatus, _ report: DeliveryReport?, parked: [String]
    ) -> StatusReport.Destination {
        StatusReport.Destination(
            name: spool.name, node: report?.node ?? "",
            link: report?.link ?? (spool.isRetired ? "retired" : "no daemon"),
            fault: report?.fault?.text, faultSince: report?.fault?.since.seconds,
            masterVersion: report?.masterVersion, skewSeconds: report?.skew?.inSeconds,
            warnings: report?.warnings ?? [], queued: spool.queued, unresolved: spool.leased,
            kept: spool.kept, rejected: spool.rejected, parkedObjects: spool.parkedObjects,
            parkedReasons: parked, delivered: report?.counts.delivered ?? 0,
            ambiguous: report?.counts.ambiguous ?? 0, repeated: report?.counts.repeated ?? 0,
            forgotten: report?.counts.forgotten ?? 0,
            translated: report?.counts.translated ?? 0, superseded: spool.losses.superseded,
            ignored: spool.losses.ignored, evicted: spool.losses.evicted,
            evictedKept: spool.losses.evictedKept, refused: spool.losses.refused,
            oldestExecution: spool.oldestExecution?.seconds)
    }

    private static func alarms(_ destination: StatusReport.Destination) -> [String] {
        var alarms: [String] = []
        if let fault = destination.fault { alarms.append("\(destination.name): \(fault)") }
        alarms += destination.warnings.map { "\(destination.name): \($0)" }
        if destination.rejected > 0 {
            alarms.append(
                "\(destination.name): \(destination.rejected) results were rejected for good.")
        }
        if destination.evictedKept > 0 {
            alarms.append(
                """
                \(destination.name): \(destination.evictedKept) delivered results were forgotten \
                for want of room before the master was seen to remember them. Raise size_limit.
                """)
        }
        alarms += destination.parkedReasons.map { "\(destination.name): \($0)" }
        return alarms
    }
}

/// The program's version.
enum Version {
    static let text = "0.1.0"
}
