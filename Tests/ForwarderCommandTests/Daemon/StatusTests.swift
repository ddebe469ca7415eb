import Collector
import Foundation
import Logging
import Monitoring
import Synchronization
import TestSupport
import Testing
import UplinkMessages

@testable import Delivery
@testable import ForwarderCommand
@testable import Spool

/// What `status` makes of the spool and the configuration.
@Suite struct StatusTests {
    private static func destination(
        isRetired: Bool = false, queued: Int = 0, losses: LossCounts = LossCounts()
    ) -> DestinationStatus {
        DestinationStatus(
            id: DestinationID(rawValue: 1), name: "zone1", isRetired: isRetired, queued: queued,
            leased: 0, kept: 0, rejected: 0, withheldObjects: 0, parkedObjects: 0, losses: losses,
            oldestExecution: nil)
    }

    private static func entry(_ status: DestinationStatus) -> StatusReport.Destination {
        StatusAssembler.entry(status, nil, node: "m1", parked: [])
    }

    @Test func `separated means another user than root's own`() {
        func text(_ running: uid_t, _ user: String?) -> String {
            StatusAssembler.separation(runningUser: running, uplinkUser: user) { name in
                ["toor": 0, "uplink": 998][name]
            }
        }
        #expect(text(0, "uplink") == "separated")
        #expect(text(0, "toor") == "not separated", "another name for root")
        #expect(text(0, "nobody-there") == "not separated")
        #expect(text(0, nil) == "not separated")
        #expect(text(1000, "uplink") == "not separated", "only root can become somebody else")
        func listening(_ running: uid_t, _ user: String?) -> String {
            StatusAssembler.separation(
                runningUser: running, uplinkUser: user, start: .bySomebodyElse
            ) { _ in 998 }
        }
        #expect(listening(1000, "uplink") == "separated")
        #expect(listening(998, "uplink") == "not separated")
    }

    @Test func `of passive objects it says how many are stale, and which one is next`() {
        func object(_ name: String, staleAt: Int64?, isStale: Bool = false) -> CheckStatus {
            let time = Timestamp(microseconds: (staleAt ?? 0) * 1_000_000)
            return CheckStatus(
                schedule: ScheduleState(
                    object: ObjectName(host: "web1", service: name), nextCheck: time),
                isRunning: false, isActive: false, expectsResults: staleAt != nil,
                staleAt: staleAt == nil ? nil : time, isStale: isStale)
        }
        let passive = StatusReport.Passive([
            object("late", staleAt: 50, isStale: true), object("b", staleAt: 200),
            object("a", staleAt: 100), object("trap", staleAt: nil),
        ])
        #expect(passive.expected == 3 && passive.staleCount == 1 && passive.stale == ["web1!late"])
        #expect(passive.next == "web1!a" && passive.nextAt == 100)
        let spool = StatusReport.Spool(
            path: "p", liveBytes: 0, fileBytes: 0, logBytes: 0, limitBytes: 0)
        var report = StatusReport(
            version: "1", node: "n", separation: "separated", spool: spool, destinations: [],
            alarms: [])
        #expect(!StatusText(report: report).text.contains("passive"))
        report.passive = passive
        let text = StatusText(report: report).text
        #expect(
            text.contains(
                "  passive   results of 3 objects expected, 1 stale, next web1!a at 1970-01-01 "))
        #expect(text.contains("\n    stale    web1!late\n"))
    }

    @Test func `what the uplink's sandbox lacks is shown with its reason`() throws {
        let board = UplinkBoard()
        func text() -> String {
            let spool = StatusReport.Spool(
                path: "p", liveBytes: 0, fileBytes: 0, logBytes: 0, limitBytes: 0)
            return StatusText(
                report: StatusReport(
                    version: "1", node: "n", separation: "separated", sandbox: board.report,
                    spool: spool, destinations: [], alarms: [])
            ).text
        }
        #expect(text().contains("uplink    separated\n"))
        board.begin(SandboxReport(missing: [:]))
        #expect(text().contains("uplink    separated, sandbox complete\n"))
        board.begin(
            SandboxReport(missing: [
                .ports: UInt16(ENOSYS), .files: UInt16(EPERM), .scopes: UInt16(EOPNOTSUPP),
            ]))
        let words = """
            sandbox without files (Operation not permitted), ports (this kernel has none), \
            scopes (this kernel has none)
            """
        #expect(text().contains(words), "\(text())")
        let json = try JSONEncoder().encode(try #require(board.report))
        let object = try JSONSerialization.jsonObject(with: json) as? [String: Any]
        #expect((object?["enforced"] as? [String])?.contains("system_calls") == true)
        #expect((object?["missing"] as? [[String: String]])?.first?["name"] == "files")
        board.end()
        #expect(board.report == nil)
    }

    @Test func `delivered results that were given up before proof are shown`() throws {
        var losses = LossCounts()
        losses.evictedKept = 3
        let entry = Self.entry(Self.destination(losses: losses))
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(entry))
        #expect((json as? [String: Any])?["evicted_kept"] as? Int == 3)
        #expect(StatusAssembler.alarms(entry) == [], "a count since ever is no alarm")
    }

    @Test func `rejected results are alarmed with what to do about them`() throws {
        var status = Self.destination()
        status.rejected = 2
        let alarm = try #require(StatusAssembler.alarms(Self.entry(status)).first)
        #expect(alarm.contains("2 results rejected"), "\(alarm)")
        #expect(alarm.contains("queue list --outcome rejected"), "\(alarm)")
    }

    @Test func `what a master does not take is shown with cause and count`() throws {
        var losses = LossCounts()
        losses.ignored = 3
        losses.dropped = 4
        var machine = DeliveryMachine(
            settings: DeliverySettings(
                name: "zone1", number: 1,
                nodes: [DeliverySettings.Node(id: NodeID(index: 0), name: "m1")],
                healthObject: ObjectName(host: "h", service: "forwarder"), checkSource: "h"),
            destination: DestinationID(rawValue: 1), seed: 1)
        let now = Moment(wall: Timestamp(microseconds: 1_700_000_000_000_000), monotonic: .zero)
        _ = machine.handle(.uplinkStarted, at: now)
        var report = machine.report(at: now)
        report.fault = DeliveryLink.Fault(
            text: "The user is unknown. Add it.", nodeName: "m1", since: now.wall)
        report.nextTry = now.wall + .seconds(60)
        report.counts.discardedRepeats = 5
        report.counts.overtaken = 6
        report.overtaken = (0..<25).map { ObjectName(host: "h", service: "s\($0)") }
        var entry = StatusAssembler.entry(
            Self.destination(losses: losses), report, node: "m1", parked: [])
        entry.ignoredReasons = ["3 results of h!s: a dependency"]
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(entry))
        let fields = try #require(json as? [String: Any])
        #expect(fields["discarded_repeats"] as? Int == 5)
        #expect(fields["overtaken"] as? Int == 6)
        #expect((fields["overtaken_objects"] as? [String])?.count == 20)
        #expect(fields["overtaken_object_count"] as? Int == 25)
        #expect(fields["dropped"] as? Int == 4)
        #expect(fields["next_try"] as? Double == 1_700_000_060)
        var whole = StatusAssembler.nothingYet(
            try ConfigurationFixture.load(ConfigurationFixture.master("m1", "")))
        whole.destinations = [entry]
        let text = StatusText(report: whole).text
        for words in [
            "5 repeats discarded", "6 overtaken", "4 dropped", "and 5 more", "h!s: a dependency",
            "stopped   since \(Output.time(1_700_000_000)), next try \(Output.time(1_700_000_060))",
            "The user is unknown. Add it.",
        ] {
            #expect(text.contains(words), "\(text)")
        }
    }

    @Test func `skipped results are counted and no alarm`() throws {
        var losses = LossCounts()
        losses.compacted = 12
        let entry = Self.entry(Self.destination(losses: losses))
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(entry))
        #expect((json as? [String: Any])?["compacted"] as? Int == 12)
        #expect(StatusAssembler.alarms(entry) == [])
        let text = StatusText(
            report: StatusReport(
                version: "1", node: "n", separation: "separated",
                spool: StatusReport.Spool(
                    path: "p", liveBytes: 0, fileBytes: 0, logBytes: 0, limitBytes: 0),
                destinations: [entry], alarms: [])
        ).text
        #expect(text.contains("12 skipped by replay"), "\(text)")
    }

    @Test func `withheld results are counted with their reasons and no alarm`() async throws {
        let folder = try TemporaryDirectory("status")
        let configuration = try ConfigurationFixture.load(ConfigurationFixture.master("m1", ""))
        let spool = try SpoolQueue.open(
            SpoolSettings(path: folder.path("spool.db")), time: SystemTime())
        let destination = try await spool.register(destinations: ["m1"])[0]
        let objects = (1...4).map { ObjectName(host: "h", service: "s\($0)") }
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        _ = try await spool.append(
            objects.map { object in
                CheckRecord(
                    result: CheckResult(
                        object: object, state: .ok, exitStatus: 0, output: "fine",
                        executionStart: time, executionEnd: time),
                    significance: .unchanged, snapshot: ObjectSnapshot(name: object.fullName))
            })
        var batch = DeliveryBatch(
            destination: destination,
            leases: objects.map { LeaseRequest(object: $0, node: "m1") })
        batch.release = { result, _, _ in
            .withheld(reason: "denied (\(result.object.service == "s1" ? "a" : "b"))", at: time)
        }
        _ = try await spool.exchange(batch)
        let report = try await StatusAssembler(configuration: configuration, spool: spool).report(
            delivery: [], checks: nil, startedAt: nil, alarms: [])
        try spool.close()
        let entry = try #require(report.destinations.first)
        #expect(entry.withheld == 4 && entry.queued == 0 && entry.rejected == 0)
        #expect(
            entry.withheldReasons == [
                "3 objects (h!s2, h!s3, h!s4): denied (b)", "1 object (h!s1): denied (a)",
            ])
        #expect(report.alarms == [])
        let text = StatusText(report: report).text
        #expect(text.contains("4 withheld by policy"), "\(text)")
        #expect(text.contains("withheld  3 objects"), "\(text)")
    }

    @Test func `a destination that is not configured any more is alarmed while results wait`() {
        let alarm = Self.destination(isRetired: true, queued: 12).retirementAlarm ?? ""
        #expect(alarm.contains("zone1") && alarm.contains("12 results"), "\(alarm)")
        #expect(alarm.contains("Put its Master object back"), "\(alarm)")
        #expect(Self.destination(isRetired: true).retirementAlarm == nil)
        #expect(Self.destination(queued: 12).retirementAlarm == nil)
    }

    @Test func `without a daemon and a spool the configured destinations are shown`() throws {
        let configuration = try ConfigurationFixture.load(
            ConfigurationFixture.master("m1", #"zone = "z""#)
                + ConfigurationFixture.master("m2", host: "192.0.2.2"))
        let report = StatusAssembler.nothingYet(configuration)
        #expect(report.destinations.map(\.name) == ["z", "m2"])
        #expect(report.destinations.map(\.node) == ["m1", "m2"])
        #expect(report.destinations.allSatisfy { $0.link == "no daemon" })
    }

    @Test func `flush tells what it gave up for its own record`() {
        var outcome = FlushOutcome(delivered: 5, left: [])
        #expect(FlushCommand.text(outcome) == "5 results delivered, nothing left.\n")
        outcome.evicted = 2
        #expect(FlushCommand.text(outcome).contains("2 given up because the spool is full"))
    }
}

/// Schedules that the spool could not forget.
@Suite struct ScheduleForgettingTests {
    /// A spool that is full as long as it is told to be.
    private final class Disk: Sendable {
        let isFull = Mutex(true)
        let asked = Mutex<[Set<ObjectName>]>([])

        func forget(_ objects: Set<ObjectName>) throws(SpoolFault) -> Int {
            asked.withLock { $0.append(objects) }
            if isFull.withLock({ $0 }) { throw .diskFull(path: "/spool") }
            return 1
        }
    }

    private let old = ObjectName(host: "web1", service: "old")
    private let new = ObjectName(host: "web1", service: "new")

    @Test func `a full disk is alarmed as one, and it is tried again with the newest definitions`()
        async
    {
        let (disk, alarms) = (Disk(), AlarmBoard())
        let forgetting = ScheduleForgetting(
            alarms: alarms, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { (objects) async throws(SpoolFault) in try disk.forget(objects) }
        await forgetting.keep(only: [old])
        await forgetting.keep(only: [new])
        let alarm = alarms.texts.joined()
        #expect(alarm.contains("/spool is full") && alarm.contains("in force"), "\(alarm)")
        #expect(!alarm.contains("broken"), "\(alarm)")
        disk.isFull.withLock { $0 = false }
        await forgetting.tryAgain()
        #expect(alarms.texts == [])
        await forgetting.tryAgain()
        #expect(disk.asked.withLock { $0 } == [[old], [new], [new]])
    }

    @Test func `a reload while there is no spool is remembered for the next one`() async {
        let (disk, alarms) = (Disk(), AlarmBoard())
        disk.isFull.withLock { $0 = false }
        let hasSpool = Mutex(false)
        let forgetting = ScheduleForgetting(
            alarms: alarms, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { (objects) async throws(SpoolFault) in
            guard hasSpool.withLock({ $0 }) else { return nil }
            return try disk.forget(objects)
        }
        await forgetting.keep(only: [old])
        await forgetting.keep(only: [new])
        await forgetting.tryAgain()
        #expect(alarms.texts == [], "that there is no spool is said elsewhere")
        hasSpool.withLock { $0 = true }
        await forgetting.tryAgain()
        await forgetting.tryAgain()
        #expect(disk.asked.withLock { $0 } == [[new]])
    }
}
