import Foundation
import TestSupport
import Testing

/// The own host on the master, with a real forwarder behind it.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct OwnHostTests {
    private static let definitions = """
        object Host NodeName { check_command = "dummy" }
        object Service "forwarder" {
            host_name = NodeName
            check_interval = 0.5
            retry_interval = 0.5
        }
        """

    @Test
    func `the own host is DOWN while the forwarder is silent, UP when it is back, whoever asks`()
        throws
    {
        let master = try PrivateMaster()
        let site = try ForwarderSite(master: master, definitions: Self.definitions)
        try site.renderInto(master)
        try master.start()
        #expect(try Self.checkNow(master).state == 1)
        try site.withDaemon { daemon in
            try eventually("the host is UP") { try Self.checkNow(master).state == 0 }
            let health = try #require(try master.objectState("web1!forwarder")).lastCheckResult
            #expect(try Self.checkNow(master).state == 0)
            try daemon.kill()
            let last = try #require(try master.objectState("web1!forwarder")?.lastCheckResult)
            #expect(last.executionStart >= (health?.executionStart ?? .infinity))
            #expect(try Self.checkNow(master).state == 0)
            // Three intervals and half a minute after the last sign.
            let down = try eventually("the host is DOWN") {
                let object = try Self.checkNow(master)
                return object.state == 1 ? object : nil
            }
            let silence = (down.lastCheckResult?.executionStart ?? 0) - last.executionStart
            #expect(silence > 31.4 && silence < 40, "\(silence)")
            #expect(try Self.checkNow(master).state == 1)
            #expect(
                try master.objectState("web1!forwarder")?.lastCheckResult?.executionStart
                    == last.executionStart)
        }
        try site.withDaemon { _ in
            try eventually("the host is UP again") { try Self.checkNow(master).state == 0 }
            #expect(try Self.checkNow(master).isHard)
        }
    }

    /// "Check now" of Icinga DB Web on the own host, and what the master makes of it.
    static func checkNow(_ master: PrivateMaster) throws -> MasterObject {
        let before = try master.objectState("web1")?.lastCheckResult?.executionStart ?? 0
        let asked = try master.post(
            "/v1/actions/reschedule-check",
            [
                "host": "web1", "force": true,
                "next_check": .number(Date().timeIntervalSince1970.rounded(.down)),
            ]
        )
        try #require(asked.status == 200)
        return try eventually("the master checked the own host") {
            guard let object = try master.objectState("web1"),
                let result = object.lastCheckResult, result.executionStart > before
            else { return nil }
            return object
        }
    }
}
