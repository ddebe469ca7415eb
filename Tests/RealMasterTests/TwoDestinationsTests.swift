import Foundation
import TestSupport
import Testing

/// Two masters that know nothing of each other, each with its own position.
@Suite(
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct TwoDestinationsTests {
    private let walk = WalkingServices(count: 4, interval: 0.5)

    @Test func `one master that is away does not delay the other, and gets all of it in order`()
        throws
    {
        let (production, backup, site) = try prepare()
        try production.start()
        let (seen, late) = try site.withDaemon { daemon in
            let seen = try ProcessedResults(production)
            try eventually("results for the one that is away gather") {
                Int(try site.destination("backup")["queued"].number ?? 0) >= 8 * walk.count
            }
            try walk.waitForRuns(12, on: site)
            try eventually("nothing gathers for the other one") {
                Int(try site.destination("production")["queued"].number ?? 99) <= walk.count
            }
            let late = try backup.start(holding: daemon)
            try eventually("the late one has caught up") {
                Int(try site.destination("backup")["queued"].number ?? 99) <= walk.count
            }
            #expect(try daemon.stop() == .exited(0))
            return (seen, late)
        }
        try site.flushAll()
        // The first results may have come before the recording: the newest are compared.
        let all = try seen.drain()
        for name in walk.names {
            let wanted = (try site.measured()[name] ?? []).map(\.output)
            let got = all.filter { $0.object == name }.map(\.output)
            #expect(got == wanted.suffix(got.count), "\(name)")
            #expect(got.count > 8, "\(name)")
        }
        try walk.expectExactReplay(of: site, on: backup, seen: late.drain())
        try production.stop()
        try backup.stop()
    }

    @Test func `an object that one master refuses arrives at the other`() throws {
        let (production, backup, site) = try prepare()
        let refused = "walk\(walk.count)"
        try backup.write(
            configuration: Self.refusing(refused, in: site.rendered()), to: "site-\(site.node)")
        let (seen, other) = try site.withDaemon { daemon in
            let seen = try production.start(holding: daemon)
            let other = try backup.start(holding: daemon)
            try eventually("one master refuses \(refused)") {
                try site.destination("backup")["parked_objects"].number == 1
            }
            try eventually("the other one has it") {
                let name = "web1!\(refused)"
                let output = try production.objectState(name)?.lastCheckResult?.output ?? ""
                return output.hasPrefix("run ") && !output.hasPrefix("run 1 ")
            }
            #expect(try site.destination("production")["parked_objects"].number == 0)
            #expect(try daemon.stop() == .exited(0))
            return (seen, other)
        }
        try site.flush()
        try walk.expectExactReplay(of: site, on: production, seen: seen.drain())
        let rest = WalkingServices(count: walk.count - 1, interval: walk.interval)
        let entries = try other.drain()
        try rest.expectExactReplay(of: site, on: backup, seen: entries)
        #expect(!entries.contains { $0.object == "web1!\(refused)" })
        try production.stop()
        try backup.stop()
    }

    private func prepare() throws -> (PrivateMaster, PrivateMaster, ForwarderSite) {
        let authority = try CertificateAuthority()
        let production = try PrivateMaster(authority: authority, name: "production")
        let backup = try PrivateMaster(authority: authority, name: "backup")
        let site = try ForwarderSite(
            masters: [.init(production), .init(backup)], definitions: walk.definitions)
        try site.plugin("walk", WalkingServices.plugin)
        for master in [production, backup] { try site.renderInto(master) }
        return (production, backup, site)
    }

    /// The configuration with passive checks of one service disabled.
    private static func refusing(_ service: String, in text: String) throws -> String {
        let start = try #require(text.range(of: "object Service \"\(service)\""))
        let word = "enable_passive_checks = true"
        let place = try #require(text.range(of: word, range: start.upperBound..<text.endIndex))
        return text.replacingCharacters(in: place, with: "enable_passive_checks = false")
    }
}
