import Monitoring
import Spool

#if canImport(Glibc)
    import Glibc
#endif

/// One measurement of the spool, printed as lines of a name and a number.
@main struct SpoolBench {
    static let usage = """
        usage: SpoolBench append FILE BATCH COUNT   durable results a second, in batches
               SpoolBench drain FILE COUNT          leasing and settling COUNT results
               SpoolBench fill FILE COUNT           makes a spool with COUNT queued results
               SpoolBench open FILE                 opening it as a daemon does, status, memory
        """

    static func main() async throws {
        let words = CommandLine.arguments.dropFirst().map { $0 }
        switch (words.first, words.count) {
        case ("append", 4): try await append(words[1], batch: number(words[2]), number(words[3]))
        case ("drain", 3): try await drain(words[1], number(words[2]))
        case ("fill", 3): try await fill(words[1], number(words[2]))
        case ("open", 2): try await open(words[1])
        default:
            print(usage)
            exit(64)
        }
    }

    static func number(_ word: String) -> Int { Int(word) ?? 0 }

    static func spool(_ path: String) throws -> SpoolQueue {
        try SpoolQueue.open(SpoolSettings(path: path, sizeLimit: 2 << 30), time: SystemTime())
    }

    static func append(_ path: String, batch: Int, _ count: Int) async throws {
        let spool = try spool(path)
        _ = try await spool.register(destinations: ["master"])
        // objects and snapshots are known in a daemon that runs
        for first in stride(from: 0, to: objectCount, by: 100) {
            _ = try await spool.append((first..<first + 100).map(record))
        }
        let before = Usage()
        for first in stride(from: objectCount, to: objectCount + count, by: batch) {
            let records = (first..<first + batch).map(record)
            _ = try await spool.append(records)
        }
        let used = Usage() - before
        print("results_per_second \(rounded(Double(count) / used.wall))")
        print("cpu_us_per_result \(rounded(used.cpu * 1e6 / Double(count)))")
        try spool.close()
    }

    /// As delivery does it: a window of results is out, each commit settles and leases half of it.
    static func drain(_ path: String, _ count: Int) async throws {
        let spool = try spool(path)
        let destination = try await spool.register(destinations: ["master"])[0]
        for first in stride(from: 0, to: count, by: 200) {
            _ = try await spool.append((first..<min(first + 200, count)).map(record))
        }
        var out: [LeasedResult] = []
        var done = 0
        var next = 0
        let before = Usage()
        while done < count {
            let settled = out.prefix(128)
            out.removeFirst(settled.count)
            done += settled.count
            let leases = (0..<128).map { offset in
                LeaseRequest(object: object(next + offset), node: "master")
            }
            next += 128
            let answer = try await spool.exchange(
                DeliveryBatch(
                    destination: destination,
                    settlements: settled.map {
                        Settlement(
                            object: $0.result.object, sequence: $0.sequence,
                            kind: .delivered(at: SystemTime().wall))
                    },
                    leases: leases,
                    stamp: { .lease(baseStamp: $0.result.executionStart) }))
            out += answer.leased
        }
        let used = Usage() - before
        print("results_per_second \(rounded(Double(count) / used.wall))")
        print("cpu_us_per_result \(rounded(used.cpu * 1e6 / Double(count)))")
        try spool.close()
    }

    static func fill(_ path: String, _ count: Int) async throws {
        let spool = try spool(path)
        _ = try await spool.register(destinations: ["master"])
        for first in stride(from: 0, to: count, by: 250) {
            _ = try await spool.append((first..<min(first + 250, count)).map(record))
        }
        try spool.close()
    }

    static func open(_ path: String) async throws {
        let idle = residentKiB()
        let before = Usage()
        let spool = try spool(path)
        let destination = try await spool.register(destinations: ["master"])[0]
        let lanes = try await spool.lanes(of: destination)
        let leased = try await spool.leasedRows(of: destination)
        let used = Usage() - before
        let grown = residentKiB() - idle
        let again = Usage()
        let status = try await spool.status()
        let asked = Usage() - again
        guard lanes.reduce(0, { $0 + $1.queued }) == status.destinations[0].queued, leased.isEmpty
        else {
            print("lanes and status disagree")
            exit(1)
        }
        print("queued \(status.destinations[0].queued)")
        print("file_mb \(rounded(Double(status.size.fileBytes) / 1e6))")
        print("start_ms \(rounded(used.wall * 1000))")
        print("start_memory_kib \(grown)")
        print("status_ms \(rounded(asked.wall * 1000))")
        try spool.close()
    }
}

let objectCount = 1000

func object(_ number: Int) -> ObjectName {
    ObjectName(host: "web1", service: "s\(number % objectCount)")
}

/// Results of all objects in turns, the size of a small plugin's.
func record(_ number: Int) -> CheckRecord {
    let object = object(number)
    let start = Timestamp(microseconds: 1_700_000_000_000_000) + .milliseconds(number)
    return CheckRecord(
        result: CheckResult(
            object: object, state: .ok, exitStatus: 0,
            output: "OK - load average: 0.1, 0.2",
            performanceData: ["load1=0.100;5.000;10.000;0;"],
            executionStart: start, executionEnd: start + .milliseconds(20),
            nextCheck: start + .seconds(60), checkInterval: .seconds(60)),
        significance: .unchanged,
        snapshot: ObjectSnapshot(
            name: object.fullName, commandLine: ["/usr/lib/nagios/plugins/check_load"]),
        schedule: ScheduleState(object: object, nextCheck: start + .seconds(60)))
}

/// Seconds that passed, and seconds of all threads on a processor.
struct Usage {
    var wall = seconds(CLOCK_MONOTONIC)
    var cpu = seconds(CLOCK_PROCESS_CPUTIME_ID)

    static func - (later: Usage, earlier: Usage) -> Usage {
        Usage(wall: later.wall - earlier.wall, cpu: later.cpu - earlier.cpu)
    }
}

func seconds(_ clock: clockid_t) -> Double {
    var now = timespec()
    clock_gettime(clock, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }

func residentKiB() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 128)
    guard fgets(&buffer, 128, file) != nil else { return 0 }
    let text = buffer.withUnsafeBufferPointer { bytes in
        String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    let words = text.split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * 4 : 0
}
