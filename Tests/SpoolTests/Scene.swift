import Monitoring
import Spool

#if canImport(Glibc)
    import Glibc
#endif

/// A clock that stands still at a time the test can name.
struct FixedTime: TimeSource {
    var wall = Timestamp(microseconds: 1_700_000_000_000_000)
    var monotonic: Duration = .zero
}

/// A spool in a directory of its own that is removed with the scene.
final class Scene {
    let directory: String
    var settings: SpoolSettings
    var spool: SpoolQueue
    var destinations: [DestinationID] = []
    /// Looked at on every kill point.
    let peak: DiskPeak
    /// Where objects stand after what a test accepted of them.
    var standings: [ObjectName: CheckState] = [:]

    init(
        sizeLimit: Int = SpoolSettings.defaultSizeLimit,
        destinations names: [String] = ["icinga"]
    ) async throws {
        directory = try makeDirectory()
        settings = SpoolSettings(path: "\(directory)/spool/queue.db", sizeLimit: sizeLimit)
        let peak = DiskPeak(settings.path)
        self.peak = peak
        spool = try SpoolQueue.open(settings, time: FixedTime()) { _ in peak.look() }
        destinations = try await spool.register(destinations: names)
    }

    deinit {
        // lost on purpose: a spool that a test has closed or broken
        try? spool.close()
        removeTree(directory)
    }

    var destination: DestinationID { destinations[0] }

    func reopen() throws {
        try spool.close()
        let peak = peak
        spool = try SpoolQueue.open(settings, time: FixedTime()) { _ in peak.look() }
    }

    func lane(_ object: ObjectName, at place: Int = 0) async throws -> Lane? {
        try await spool.lanes(of: destinations[place], objects: [object]).first
    }

    /// Leases the heads of these objects, each stamped a millisecond above its lane's last.
    func lease(_ objects: ObjectName..., at place: Int = 0) async throws -> [LeasedResult] {
        try await spool.exchange(
            DeliveryBatch(
                destination: destinations[place],
                leases: objects.map { LeaseRequest(object: $0, node: "icinga1") },
                stamp: stampAboveLast
            )
        ).leased
    }

    func settle(
        _ leased: LeasedResult,
        _ kind: Settlement.Kind,
        at place: Int = 0
    ) async throws -> DeliveryAnswer {
        let settlement = Settlement(
            object: leased.result.object,
            sequence: leased.sequence,
            kind: kind
        )
        return try await spool.exchange(
            DeliveryBatch(destination: destinations[place], settlements: [settlement])
        )
    }

    /// Accepts results of a service or host that was fine and has three attempts, each with what it
    /// changed; `number` is that of the first.
    func append(
        _ object: ObjectName, _ states: [ServiceState], from number: Int = 1,
        outputBytes: Int = 0
    ) async throws {
        let kind: ObjectKind = object.isHost ? .host : .service
        var standing = standings[object] ?? CheckState(state: .ok, type: .hard, attempt: 1)
        var records: [CheckRecord] = []
        for (place, state) in states.enumerated() {
            let significance = standing.apply(state, maxCheckAttempts: 3, kind: kind)
            var record = record(
                object, number + place, significance, outputBytes: outputBytes)
            record.result.state = state
            records.append(record)
        }
        standings[object] = standing
        for first in stride(from: 0, to: records.count, by: SpoolQueue.batchLimit) {
            _ = try await spool.append(Array(records[first...].prefix(SpoolQueue.batchLimit)))
        }
    }

    /// Delivers the head of an object and keeps it.
    @discardableResult
    func deliver(_ object: ObjectName, at time: Timestamp = start) async throws -> LeasedResult? {
        guard let leased = try await lease(object).first else { return nil }
        _ = try await settle(leased, .delivered(at: time))
        return leased
    }
}

@Sendable func stampAboveLast(_ candidate: LeaseCandidate) -> StampDecision {
    let start = candidate.result.executionStart
    guard let last = candidate.lastStamp else { return .lease(baseStamp: start) }
    return .lease(baseStamp: max(start, last + .milliseconds(1)))
}

let start = Timestamp(microseconds: 1_700_000_000_000_000)
let disk = ObjectName(host: "web01", service: "disk")
let load = ObjectName(host: "web01", service: "load")

/// The `number`-th result of an object; results of later numbers ran later.
func record(
    _ object: ObjectName,
    _ number: Int,
    _ significance: Significance = .unchanged,
    outputBytes: Int = 0,
    variables: String = "{}"
) -> CheckRecord {
    let time = start + .seconds(number)
    let output = "number \(number)" + String(repeating: ".", count: outputBytes)
    return CheckRecord(
        result: CheckResult(
            object: object,
            state: .warning,
            exitStatus: 1,
            output: output,
            performanceData: ["a=1;2;3", "b=\(number)"],
            executionStart: time,
            executionEnd: time + .milliseconds(20),
            nextCheck: time + .seconds(60),
            checkInterval: .seconds(60)
        ),
        significance: significance,
        snapshot: ObjectSnapshot(
            name: object.fullName,
            hostGroups: ["linux"],
            serviceVariables: variables,
            commandLine: ["/bin/true", "-w", "10%"]
        ),
        schedule: ScheduleState(object: object, nextCheck: time + .seconds(60))
    )
}

func makeDirectory() throws -> String {
    // memory when there is such a file system: what is tested is not the disk
    let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(base)/spool-tests-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SceneFault.directory(errno: errno) }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

enum SceneFault: Error { case directory(errno: Int32) }

func removeTree(_ path: String) {
    if let directory = opendir(path) {
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { removeTree("\(path)/\(name)") }
        }
        closedir(directory)
    }
    remove(path)
}

/// The fault that `work` throws, nil when it throws none.
func fault(of work: () async throws -> Void) async -> SpoolFault? {
    do {
        try await work()
        return nil
    } catch {
        return error as? SpoolFault
    }
}

extension SpoolQueue {
    /// The results that a master will never take, oldest first.
    func rejected(of destination: String) async throws(SpoolFault) -> [QueueEntry] {
        let filter = QueueFilter(destination: destination, states: [.rejected])
        var page = try await entries(filter)
        var found = page.entries
        while let next = page.next {
            page = try await entries(filter, after: next)
            found += page.entries
        }
        return found.sorted { $0.sequence < $1.sequence }
    }

    /// Drops all that a destination has.
    func dropAll(of destination: String) async throws(SpoolFault) {
        var cursor: QueueCursor?
        repeat {
            cursor = try await drop(QueueFilter(destination: destination), after: cursor).next
        } while cursor != nil
    }
}
