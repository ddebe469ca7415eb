import Foundation
import TestSupport
import Testing

/// `cluster-zone` and `icinga` of a real forwarder, whose master comes and goes.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct ZoneLinkTests {
    private static func definitions(zone: String) -> String {
        """
        object Host NodeName { check_command = "dummy" }
        object Service "forwarder" {
            host_name = NodeName
            check_interval = 0.5
            retry_interval = 0.5
        }
        template Service "often" {
            host_name = NodeName
            check_interval = 0.3
            retry_interval = 0.3
        }
        object Service "link" {
            import "often"
            check_command = "cluster-zone"
            vars.cluster_zone = "\(zone)"
        }
        object Service "other" {
            import "often"
            check_command = "cluster-zone"
            vars.cluster_zone = "elsewhere"
        }
        object Service "own" { import "often"; check_command = "icinga" }
        """
    }

    /// The newest state and output of a service of the site.
    private static func newest(
        _ service: String, _ site: ForwarderSite
    ) throws
        -> (state: Int, output: String)?
    {
        try site.measured()["web1!\(service)"]?.last.map { ($0.state, $0.output) }
    }

    @Test func `the way to the master is told while it comes, goes and comes back`() throws {
        let master = try PrivateMaster()
        let site = try ForwarderSite(
            master: master, definitions: Self.definitions(zone: master.zoneName))
        try site.renderInto(master)
        try site.withDaemon { daemon in
            try eventually("the way is told as broken") {
                let told = try Self.newest("link", site)
                return told?.state == 2 && told?.output.contains("not connected since") == true
            }
            try master.start()
            try eventually("the way is told as open") {
                try Self.newest("link", site)?.state == 0
            }
            let other = try #require(try Self.newest("other", site))
            #expect(other.state == 3 && other.output.contains("does not exist"))
            let own = try #require(try Self.newest("own", site))
            #expect(own.state == 0 && own.output.contains("checks"))
            try master.stop()
            try eventually("the way is told as broken again") {
                try Self.newest("link", site)?.state == 2
            }
            #expect(try daemon.stop() == .exited(0))
        }
        let texts = Set(try site.measured()["web1!link"]?.map(\.output) ?? [])
        #expect(texts.contains("Zone '\(master.zoneName)' is connected."))
        #expect(!texts.contains { $0.contains("127.0.0.1") }, "nothing but the zone is named")
    }
}
