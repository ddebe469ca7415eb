import Foundation
import TestSupport
import Testing

/// New certificates and keys while everything runs.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct NewKeysTests {
    private static let walk = WalkingServices(count: 10, interval: 0.4)
    /// Whom the new certificate names: so the master says which one it sees.
    private static let successor = "web1-renewed"

    /// The way to the master takes long: so something is always out.
    private static let roundTrip = Duration.milliseconds(300)

    /// A master that takes results from both identities, and a site that has the first.
    private func prepare() throws -> (PrivateMaster, ForwarderSite, DelayingProxy) {
        let master = try PrivateMaster()
        let proxy = try DelayingProxy(to: master.port)
        proxy.setRoundTrip(Self.roundTrip)
        let site = try ForwarderSite(
            masters: [.init(master, port: proxy.port)], definitions: Self.walk.definitions,
            masterAttributes: "grace = 1s")
        try site.plugin("walk", WalkingServices.plugin)
        try site.renderInto(master)
        try master.write(
            configuration: """
                object ApiUser "\(Self.successor)" {
                    client_cn = "\(Self.successor)"
                    permissions = [ "*" ]
                }
                """, to: "successor")
        return (master, site, proxy)
    }

    /// Moves new files into the places of the old ones.
    private func install(
        _ identity: CertificateAuthority.Identity, at site: ForwarderSite
    ) throws {
        for (source, target) in [
            (identity.certificate, "pki/client.crt"), (identity.key, "pki/client.key"),
        ] {
            let text = try String(contentsOfFile: source, encoding: .utf8)
            let new = try site.folder.write(text, to: "pki/new")
            let old = site.folder.path(target)
            for tool in ["chown", "chmod"] {
                try Command.require(tool, ["--reference=\(old)", new])
            }
            try #require(rename(new, old) == 0)
        }
    }

    private func delivered(_ site: ForwarderSite) throws -> Double {
        try site.destination()["delivered"].number ?? 0
    }

    private func expectMore(_ count: Double, of site: ForwarderSite) throws {
        let before = try delivered(site)
        try eventually("\(count) more results are delivered") {
            try delivered(site) > before + count
        }
    }

    private func isSeen(_ name: String, by master: PrivateMaster) -> Bool {
        master.log.contains("identity '\(name)'")
    }

    @Test func `a reload takes new keys into use, and nothing is lost, doubled or in doubt by it`()
        throws
    {
        let (master, site, proxy) = try prepare()
        defer { withExtendedLifetime(proxy) {} }
        try master.start()
        let seen = try ProcessedResults(master)
        try site.withDaemon { daemon in
            try expectMore(20, of: site)
            #expect(isSeen(site.node, by: master) && !isSeen(Self.successor, by: master))
            let first = try #require(try daemon.uplinkPid())
            try install(try master.authority.issue(Self.successor), at: site)
            daemon.reload()
            try eventually("the master sees the new certificate") {
                isSeen(Self.successor, by: master)
            }
            try expectMore(20, of: site)
            #expect(try daemon.uplinkPid() != first)
            let destination = try site.destination()
            #expect(destination["ambiguous"].number == 0, "\(destination)")
            #expect(destination["repeated"].number == 0, "\(destination)")
            #expect(try daemon.stop() == .exited(0))
            #expect(daemon.log.contains("uplink is started anew for its keys"))
        }
        try site.flushAll()
        try Self.walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }

    @Test func `a reload without new keys keeps the connections`() throws {
        let (master, site, proxy) = try prepare()
        defer { withExtendedLifetime(proxy) {} }
        try master.start()
        try site.withDaemon { daemon in
            try expectMore(5, of: site)
            let first = try #require(try daemon.uplinkPid())
            for count in 1...3 {
                daemon.reload()
                try eventually("it has reloaded") {
                    daemon.log.split(separator: "\n").count {
                        $0.contains("definitions reloaded")
                    } == count
                }
                try expectMore(5, of: site)
            }
            #expect(try daemon.uplinkPid() == first)
            #expect(!daemon.log.contains("keys changed"))
            #expect(try daemon.stop() == .exited(0))
        }
        try master.stop()
    }

    @Test func `broken new keys are refused with an alarm, and the old ones serve until mended`()
        throws
    {
        let (master, site, proxy) = try prepare()
        defer { withExtendedLifetime(proxy) {} }
        try master.start()
        func alarms() throws -> [String] {
            try site.status()["alarms"].elements.compactMap(\.string).filter {
                $0.contains("The new keys are broken")
            }
        }
        try site.withDaemon { daemon in
            try expectMore(5, of: site)
            let first = try #require(try daemon.uplinkPid())
            // The key of another certificate: each file alone is well.
            let stranger = try master.authority.issue("stranger")
            let key = try String(contentsOfFile: stranger.key, encoding: .utf8)
            try site.folder.write(key, to: "pki/client.key")
            daemon.reload()
            try eventually("status says so") { try alarms().count == 1 }
            let alarm = try #require(try alarms().first)
            #expect(alarm.contains("Master '\(master.nodeName)'"), "\(alarm)")
            #expect(alarm.contains(site.folder.path("pki/client")), "\(alarm)")
            #expect(daemon.log.contains("keys refused"))
            try expectMore(10, of: site)
            #expect(try daemon.uplinkPid() == first)
            try install(try master.authority.issue(Self.successor), at: site)
            daemon.reload()
            try eventually("the mended ones are used") { isSeen(Self.successor, by: master) }
            try expectMore(10, of: site)
            #expect(try alarms() == [])
            #expect(try daemon.uplinkPid() != first)
            #expect(try daemon.stop() == .exited(0))
        }
        try master.stop()
    }

    // MARK: - An uplink that somebody else starts

    @Test(.enabled(if: geteuid() == 0, "only root can be two users"))
    func `an uplink of its own unit is replaced where its keys changed, and in order`() throws {
        let (master, site, proxy) = try prepare()
        defer { withExtendedLifetime(proxy) {} }
        let users = try TwoUsers(of: site, for: master)
        try master.start()
        let seen = try ProcessedResults(master)
        try site.withDaemon { daemon in
            let first = try users.startUplink()
            try expectMore(10, of: site)
            let unchanged = try users.renew(first)
            #expect(unchanged.isSuccess && unchanged.errorText.isEmpty, "\(unchanged.errorText)")
            let key = site.folder.path("pki/client.key")
            let good = try String(contentsOfFile: key, encoding: .utf8)
            try Data("?".utf8).write(to: URL(fileURLWithPath: key))
            let broken = try users.renew(first)
            #expect(broken.ending == .exited(1))
            #expect(broken.errorText.contains("new keys refused"), "\(broken.errorText)")
            #expect(broken.errorText.contains("pki/client.key"), "\(broken.errorText)")
            try Data(good.utf8).write(to: URL(fileURLWithPath: key))
            try expectMore(10, of: site)
            #expect(first.poll() == nil, "it still serves")
            try install(try master.authority.issue(Self.successor), at: site)
            let renewed = try users.renew(first)
            #expect(renewed.isSuccess && renewed.errorText.isEmpty, "\(renewed.errorText)")
            #expect(try first.wait() == .exited(0), "\(first.errorText)")
            let second = try users.startUplink()
            try eventually("the master sees the new certificate") {
                isSeen(Self.successor, by: master)
            }
            try expectMore(10, of: site)
            let destination = try site.destination()
            #expect(destination["ambiguous"].number == 0, "\(destination)")
            #expect(try daemon.stop() == .exited(0))
            #expect(try second.wait() == .exited(0), "\(second.errorText)")
        }
        try site.flushAll()
        try Self.walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }
}
