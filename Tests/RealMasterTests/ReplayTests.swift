import Foundation
import TestSupport
import Testing

/// A backlog of which a master wants the latest only.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct ReplayTests {
    /// Services with the run from which on each is critical and from which on it is fine again.
    private static let services: [(name: String, attempts: Int, broken: Int, mended: Int)] = [
        ("recovered", 3, 5, 12), ("hard", 3, 8, 1000), ("soft", 500, 15, 1000),
        ("never", 3, 1, 1000), ("fine", 3, 1000, 1000),
    ]
    private static let runs = 20
    private static let names = services.map { "web1!\($0.name)" }

    private static let plugin = """
        n=0
        [ -f "HERE/$1.count" ] && read -r n <"HERE/$1.count"
        n=$((n + 1))
        echo "$n" >"HERE/$1.count"
        echo "run $n"
        [ "$n" -ge "$2" ] && [ "$n" -lt "$3" ] && exit 2
        exit 0
        """

    private static var definitions: String {
        let objects = services.map { service in
            """
            object Service "\(service.name)" {
                host_name = NodeName
                check_command = "\(service.name)"
                check_interval = 0.3
                retry_interval = 0.3
                max_check_attempts = \(service.attempts)
            }
            object CheckCommand "\(service.name)" {
                command = [
                    "PLUGINS/plan", "\(service.name)", "\(service.broken)", "\(service.mended)"
                ]
            }
            """
        }
        return "object Host NodeName { check_command = \"dummy\" }\n"
            + objects.joined(separator: "\n")
    }

    @Test func `after an outage latest leaves state, type and attempt as here, with fewer results`()
        throws
    {
        let master = try PrivateMaster()
        let site = try ForwarderSite(
            master: master, definitions: Self.definitions,
            masterAttributes: "grace = 1s\nreplay = \"latest\"")
        try site.plugin("plan", Self.plugin)
        try site.renderInto(master)
        try site.withDaemon { daemon in
            try eventually("every service ran \(Self.runs) times") {
                let measured = try site.measured()
                return Self.names.allSatisfy { (measured[$0] ?? []).count >= Self.runs }
            }
            #expect(try daemon.stop() == .exited(0))
        }
        let waited = try site.measured()
        try master.start()
        let seen = try ProcessedResults(master)
        try site.flushAll()
        #expect(try site.waitingCount() == 0)
        let processed = Dictionary(grouping: try seen.drain(), by: \.object)
        let skipped = try skippedCounts(of: site)
        let standings = try site.standings()
        for name in Self.names {
            let wanted = waited[name] ?? []
            let got = (processed[name] ?? []).map(\.output)
            #expect(try master.objectState(name)?.standing == standings[name], "\(name)")
            #expect(got.count < wanted.count, "\(name)")
            #expect(skipped[name] == wanted.count - got.count, "\(name)")
            #expect(got == wanted.map(\.output).filter(Set(got).contains), "\(name)")
            #expect(got.last == wanted.last?.output, "\(name)")
        }
        #expect(processed["web1!recovered"]?.count == 1)
        #expect(processed["web1!fine"]?.count == 1)
        #expect(processed["web1!hard"]?.map(\.isHard) == [true, false, false, true, true])
        let shown = try site.destination()["compacted"].number
        #expect(shown == Double(skipped.values.reduce(0, +)))
        try master.stop()
    }

    private func skippedCounts(of site: ForwarderSite) throws -> [String: Int] {
        let rows = try site.ask(
            "SELECT name, compacted FROM lane JOIN object ON object.id = lane.object")
        let counts = rows.map { ($0["name"].string ?? "", Int($0["compacted"].number ?? -1)) }
        return Dictionary(counts) { first, _ in first }
    }
}
