import Collector
import Delivery
import Monitoring
import Synchronization

/// What the forwarder says of itself when its own health is checked: fixed words, no names, no
/// addresses, because it goes to every master whatever the policy.
final class HealthFacts: Sendable {
    private let alarms: AlarmBoard
    private let objectCount = Mutex(0)
    private let links: Mutex<[String: HealthReport.Link]?>

    /// - Parameter destinations: those that results are delivered to; nil where nothing delivers.
    init(alarms: AlarmBoard, destinations: [String]? = nil) {
        self.alarms = alarms
        let untried = destinations?.map { ($0, HealthReport.Link.untried) }
        links = Mutex(untried.map { Dictionary($0) { first, _ in first } })
    }

    /// Takes note of whether results get through to a destination.
    func note(_ standing: LinkStanding) {
        links.withLock { $0?[standing.destination] = HealthReport.Link(standing.state) }
    }

    /// How many objects are checked from now on.
    func setObjectCount(_ count: Int) { objectCount.withLock { $0 = count } }

    /// The report of this moment, with what was announced and not yet stored; never blocks.
    var report: HealthReport {
        let count = objectCount.withLock { $0 }
        let links = links.withLock { $0 }
        let standing = alarms.texts.count
        var faults = alarms.untoldNews.map(\.rawValue)
        if standing > 0 { faults.append("has \(Words.counted(standing, "alarm"))") }
        guard !faults.isEmpty else {
            return HealthReport(
                state: .ok, text: "forwarder \(Version.text) checks \(count) objects",
                links: links)
        }
        return HealthReport(
            state: .warning,
            text: """
                forwarder \(Version.text) \(faults.joined(separator: ", ")), see forwarder status
                """,
            links: links)
    }

    /// A record of own health for a spool that no schedule fills, as `flush` without a daemon does.
    func record(of object: ObjectName, at now: Timestamp) -> CheckRecord {
        let report = report
        return CheckRecord(
            result: CheckResult(
                object: object, state: report.state,
                exitStatus: Int32(report.state.rawValue), output: report.text,
                executionStart: now, executionEnd: now, checkInterval: .seconds(60)),
            significance: .change, snapshot: ObjectSnapshot(name: object.fullName))
    }
}

extension HealthReport.Link {
    fileprivate init(_ state: LinkStanding.State) {
        self =
            switch state {
            case .connected: .connected
            case .broken(let since): .broken(since: since)
            case .untried: .untried
            }
    }
}
