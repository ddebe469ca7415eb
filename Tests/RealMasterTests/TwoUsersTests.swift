import Foundation
import TestSupport
import Testing

/// Daemon and uplink as two users, started apart, as the two systemd units do it.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence)),
    .enabled(if: geteuid() == 0, "only root can be two users")
)
struct TwoUsersTests {
    private static let user = "nobody"

    /// The site with a socket for an uplink of another user, who alone can read the key.
    private func prepare(_ site: ForwarderSite) throws {
        let path = site.configurationPath
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let separate = """
            program = "uplink", socket = "uplink.sock", user = "\(Self.user)"
            """
        let changed = text.replacing(#"program = "uplink""#, with: separate)
        #expect(changed != text)
        try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
        let place = site.folder.path
        try Command.require("chmod", ["0711", place, "\(place)/pki"])
        try Command.require("chmod", ["0644", "\(place)/pki/client.crt", "\(place)/pki/ca.crt"])
        try Command.require("chown", [Self.user, "\(place)/pki/client.key"])
    }

    private func startUplink(_ site: ForwarderSite, _ master: PrivateMaster) throws -> ChildProcess
    {
        let pki = site.folder.path("pki")
        return try ChildProcess(
            "setpriv",
            [
                "--reuid=\(Self.user)", "--regid=nogroup", "--clear-groups",
                try BuiltProducts.uplink, "--connect", site.folder.path("uplink.sock"),
                "--identity", master.nodeName, "\(pki)/client.crt", "\(pki)/client.key",
                "\(pki)/ca.crt",
            ]
        )
    }

    @Test func `results reach the master through an uplink of another user, and through the next`()
        throws
    {
        let walk = WalkingServices(count: 5, interval: 1)
        let (master, site) = try walk.prepare()
        try prepare(site)
        try master.start()
        try site.withDaemon { daemon in
            try eventually("it is said that no uplink came") {
                try site.destination()["fault"].string?.contains("No forwarder-uplink") == true
            }
            let first = try startUplink(site, master)
            try eventually("results are delivered") {
                try (site.destination()["delivered"].number ?? 0) > 3
            }
            let status = try site.status()
            #expect(status["separation"].string == "separated")
            #expect(status["sandbox"]["enforced"].elements.count > 3)
            #expect(try daemon.uplinkPid() == nil, "the daemon started none of its own")
            first.signal(SIGKILL)
            _ = try first.wait()
            try eventually("its end is noticed") {
                try site.destination()["fault"].string?.isEmpty == false
            }
            let before = try site.destination()["delivered"].number ?? 0
            let second = try startUplink(site, master)
            try eventually("results are delivered again") {
                try (site.destination()["delivered"].number ?? 0) > before
            }
            #expect(try daemon.stop() == .exited(0))
            #expect(try second.wait() == .exited(0), "\(second.errorText)")
        }
        try master.stop()
    }
}
