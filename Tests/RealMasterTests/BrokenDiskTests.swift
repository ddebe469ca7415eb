import Foundation
import TestSupport
import Testing

/// A disk that breaks below the spool of a running daemon, and heals.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct BrokenDiskTests {
    /// How a disk breaks.
    enum Fault: CaseIterable {
        case inputOutput
        case readOnly

        var errno: Int32 { self == .inputOutput ? EIO : EROFS }
        /// What the alarm says of it.
        var words: String { self == .inputOutput ? "disk I/O error" : "Read-only file system" }
    }

    @Test(arguments: Fault.allCases)
    func `a disk that breaks under a running daemon costs no result once it heals`(
        _ fault: Fault
    ) throws {
        let walk = WalkingServices(count: 4, interval: 0.5)
        let (master, site) = try walk.prepare()
        let disk = try BrokenDisk(below: site.folder.makeFolder("disk"))
        try site.configureSpool(#"path = "disk/spool.db""#)
        // For the tests' own look at the tables.
        try FileManager.default.createSymbolicLink(
            atPath: site.folder.path("spool.db"), withDestinationPath: "disk/spool.db")
        let seen = try site.withDaemon(environment: disk.environment) { daemon in
            try disk.requireLoaded()
            try walk.waitForRuns(4, on: site)
            try disk.refuse(with: fault.errno)
            try eventually("status alarms of the disk") {
                try site.alarms().contains { $0.contains(fault.words) }
            }
            let accepted = try storedCount(walk, site)
            #expect(accepted >= 8, "something was accepted before")

            let seen = try master.start(holding: daemon)
            let runs = walk.runs(of: walk.names[0], on: site)
            try walk.waitForRuns(runs + 8, on: site)
            #expect(try site.alarms().contains { $0.contains(fault.words) }, "it still is broken")
            #expect(try storedCount(walk, site) == accepted, "the rest is in memory")
            #expect(try walk.own(seen.entries).isEmpty, "nothing leaves whose lease is not stored")

            try disk.heal()
            let refusals = try disk.refusals()
            try eventually("the alarm ends and everything was delivered") {
                let destination = try site.destination()
                return try site.alarms().isEmpty && destination["fault"] == .null
                    && (destination["queued"].number ?? .infinity) <= Double(walk.count)
            }
            #expect(try disk.refusals() == refusals)
            #expect(try daemon.stop() == .exited(0), "it is the one that met the fault")
            return seen
        }
        try site.flushAll()
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        for (name, results) in try site.measured() where walk.names.contains(name) {
            let runs = results.map { WalkingServices.run($0.output) }
            #expect(runs == Array(1..<1 + runs.count), "\(name): no run is missing")
        }
        try master.stop()
    }

    private func storedCount(_ walk: WalkingServices, _ site: ForwarderSite) throws -> Int {
        try site.measured().filter { walk.names.contains($0.key) }.values.map(\.count)
            .reduce(0, +)
    }
}
