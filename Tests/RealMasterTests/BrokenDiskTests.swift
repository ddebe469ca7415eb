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

    private let walk = WalkingServices(count: 4, interval: 0.5)

    @Test(arguments: Fault.allCases)
    func `a disk that breaks under a running daemon costs no result once it heals`(
        _ fault: Fault
    ) throws {
        let master = try PrivateMaster()
        let (site, disk) = try prepare(.init(master))
        let seen = try site.withDaemon(environment: disk.environment) { daemon in
            try disk.requireLoaded()
            try walk.waitForRuns(4, on: site)
            try disk.refuse(with: fault.errno)
            try waitForAlarm(fault, on: site)
            let accepted = try storedCount(site)
            #expect(accepted >= 8, "something was accepted before")

            let seen = try master.start(holding: daemon)
            let runs = walk.runs(of: walk.names[0], on: site)
            try walk.waitForRuns(runs + 8, on: site)
            #expect(try site.alarms().contains { $0.contains(fault.words) }, "it still is broken")
            #expect(try disk.refusals() > 0)
            #expect(try storedCount(site) == accepted, "the rest is in memory")
            #expect(try walk.own(seen.entries).isEmpty, "nothing leaves whose lease is not stored")

            try disk.heal()
            try waitForRecovery(of: site)
            #expect(try daemon.stop() == .exited(0), "it is the one that met the fault")
            return seen
        }
        try expectAllDelivered(site, master, seen)
    }

    @Test(arguments: Fault.allCases)
    func `what the master took while the disk was broken is settled later, and not sent again`(
        _ fault: Fault
    ) throws {
        let master = try PrivateMaster()
        let proxy = try DelayingProxy(to: master.port)
        let (site, disk) = try prepare(.init(master, port: proxy.port))
        let seen = try site.withDaemon(environment: disk.environment) { daemon in
            try disk.requireLoaded()
            let seen = try master.start(holding: daemon)
            try eventually("results arrive") {
                try site.destination()["delivered"].number ?? 0 >= 8
            }
            proxy.hold(.toClient)
            try eventually("a result of each service is out, and its answer on the way") {
                let leased = try site.ask("SELECT 1 FROM lane WHERE leased IS NOT NULL").count
                return leased >= walk.count && proxy.waitingCount(.toClient) > 0
            }
            try disk.refuse(with: fault.errno)
            try waitForAlarm(fault, on: site)
            proxy.release(.toClient)
            try eventually("the answers cannot be stored") {
                try site.destination()["fault"].string?.contains(fault.words) == true
            }
            try disk.heal()
            try waitForRecovery(of: site)
            let delivered = try site.destination()["delivered"].number ?? .infinity
            try eventually("later results of all services follow", patience: .seconds(60)) {
                let destination = try site.destination()
                return destination["delivered"].number ?? 0 >= delivered + Double(4 * walk.count)
                    && (destination["queued"].number ?? .infinity) <= Double(walk.count)
            }
            let destination = try site.destination()
            #expect(destination["ambiguous"].number == 0)
            #expect(destination["repeated"].number == 0)
            #expect(try daemon.stop() == .exited(0))
            return seen
        }
        try expectAllDelivered(site, master, seen)
    }

    // MARK: Parts

    /// A site with its spool on a disk that can break; nothing is started yet.
    private func prepare(
        _ target: ForwarderSite.Target
    ) throws -> (ForwarderSite, BrokenDisk) {
        // Answers are held back for as long as a slow machine takes to see the alarm.
        let site = try ForwarderSite(
            masters: [target], definitions: walk.definitions,
            masterAttributes: "grace = 1s\nanswer_timeout = 10m")
        try site.plugin("walk", WalkingServices.plugin)
        try site.renderInto(target.master)
        let disk = try BrokenDisk(below: site.folder.makeFolder("disk"))
        try site.configureSpool(#"path = "disk/spool.db""#)
        // For the tests' own look at the tables.
        try FileManager.default.createSymbolicLink(
            atPath: site.folder.path("spool.db"), withDestinationPath: "disk/spool.db")
        return (site, disk)
    }

    private func waitForAlarm(_ fault: Fault, on site: ForwarderSite) throws {
        try eventually("status alarms of the disk") {
            try site.alarms().contains { $0.contains(fault.words) }
        }
    }

    private func waitForRecovery(of site: ForwarderSite) throws {
        try eventually("the alarm ends and everything was delivered") {
            let destination = try site.destination()
            return try site.alarms().isEmpty && destination["fault"] == .null
                && (destination["queued"].number ?? .infinity) <= Double(walk.count)
        }
    }

    private func storedCount(_ site: ForwarderSite) throws -> Int {
        try site.measured().filter { walk.names.contains($0.key) }.values.map(\.count)
            .reduce(0, +)
    }

    /// Expects that every run of each service took effect once and in order.
    private func expectAllDelivered(
        _ site: ForwarderSite, _ master: PrivateMaster, _ seen: ProcessedResults
    ) throws {
        try site.flushAll()
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        for (name, results) in try site.measured() where walk.names.contains(name) {
            let runs = results.map { WalkingServices.run($0.output) }
            let last = results.last?.output ?? ""
            #expect(runs == Array(1..<1 + runs.count), "\(name): a run is missing: \(last)")
        }
        try master.stop()
    }
}
