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
    @Test func `results reach the master through an uplink of another user, and through the next`()
        throws
    {
        let walk = WalkingServices(count: 5, interval: 1)
        let (master, site) = try walk.prepare()
        let users = try TwoUsers(of: site, for: master)
        try master.start()
        try site.withDaemon { daemon in
            try eventually("it is said that no uplink came") {
                try site.destination()["fault"].string?.contains("No forwarder-uplink") == true
            }
            let first = try users.startUplink()
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
            let second = try users.startUplink()
            try eventually("results are delivered again") {
                try (site.destination()["delivered"].number ?? 0) > before
            }
            #expect(try daemon.stop() == .exited(0))
            #expect(try second.wait() == .exited(0), "\(second.errorText)")
        }
        try master.stop()
    }
}
