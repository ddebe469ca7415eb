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
        let begin = Date().timeIntervalSince1970
        try site.withDaemon { daemon in
            try eventually("the host is UP") { try Self.checkNow(master).state == 0 }
            // The first one is dated back as long as the master's clock is unknown.
            let health = try eventually("a health result has its own time") {
                let start = try Self.lastHealth(master)
                return start > begin ? start : nil
            }
            #expect(try Self.checkNow(master).state == 0)
            try daemon.kill()
            // The first check after the kill also gives time to what was still on its way.
            var up = try Self.checkNow(master)
            let last = try Self.lastHealth(master)
            #expect(last >= health)
            #expect(up.state == 0)
            // Three intervals and half a minute after the last sign.
            let down = try eventually("the host is DOWN") {
                let object = try Self.checkNow(master)
                if object.state == 1 { return object }
                up = object
                return nil
            }
            let silences = [up, down].map { ($0.lastCheckResult?.executionStart ?? 0) - last }
            #expect(silences[0] < 40 && silences[1] > 31.4, "\(silences)")
            #expect(try Self.checkNow(master).state == 1)
            #expect(try Self.lastHealth(master) == last)
        }
        try site.withDaemon { _ in
            try eventually("the host is UP again") { try Self.checkNow(master).state == 0 }
            #expect(try Self.checkNow(master).isHard)
        }
    }

    /// When the newest health result that the master holds was measured.
    private static func lastHealth(_ master: PrivateMaster) throws -> Double {
        let object = try #require(try master.objectState("web1!forwarder"))
        return try #require(object.lastCheckResult).executionStart
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
