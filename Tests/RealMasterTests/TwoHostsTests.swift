import Foundation
import TestSupport
import Testing

/// One forwarder that monitors another host besides its own.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct TwoHostsTests {
    private static let definitions = """
        object CheckCommand "says" { command = [ "PLUGINS/says", "$says_state$" ] }
        template Service "often" {
            check_command = "says"
            check_interval = 1s
            retry_interval = 1s
            max_check_attempts = 2
        }
        object Host NodeName { check_command = "says" }
        object Host "printer" {
            check_command = "says"
            check_interval = 1s
            retry_interval = 1s
            max_check_attempts = 1
            vars.says_state = 1
        }
        object Host "router" {
            check_command = "says"
            check_interval = 1s
            retry_interval = 1s
            max_check_attempts = 1
            vars.says_state = 2
        }
        object Service "load" {
            import "often"
            host_name = NodeName
            vars.says_state = 1
        }
        object Service "paper" {
            import "often"
            host_name = "printer"
            vars.says_state = 2
        }
        object Service "uptime" {
            import "often"
            host_name = "router"
            vars.says_state = 3
        }
        """

    @Test func `results of both arrive, a host's WARNING is UP and CRITICAL is DOWN`()
        async throws
    {
        let master = try PrivateMaster()
        let site = try ForwarderSite(
            master: master,
            otherHosts: ["printer", "router"],
            definitions: Self.definitions
        )
        try site.plugin("says", #"echo "state $1"; exit $1"#)
        try site.renderInto(master)
        try master.start()
        try site.withDaemon { daemon in
            let expected = [
                ("printer", 0), ("router", 1), ("web1!load", 1), ("printer!paper", 2),
                ("router!uptime", 3),
            ]
            for (name, state) in expected {
                try eventually("\(name) is hard \(state)") {
                    let object = try #require(try master.objectState(name), "\(name)")
                    return object.isHard && object.state == state
                        && object.lastCheckResult?.isActive == false
                }
            }
            try eventually("the forwarder's own health arrived") {
                try master.objectState("web1!forwarder")?.lastCheckResult != nil
            }
            let destination = try site.destination()
            #expect(destination["rejected"].number == 0)
            #expect(destination["parked_objects"].number == 0)
            #expect(destination["refused"].number == 0)
            #expect(destination["ambiguous"].number == 0)
            #expect(try daemon.stop() == .exited(0))
        }
    }
}
