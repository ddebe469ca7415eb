import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// What patterns of nsca-ng let through besides what they seem to say.
@Suite struct NSCAReachTests {
    private static func reach(
        _ subject: NSCAServerConfiguration.Subject, _ text: String
    ) -> NSCAReach {
        NSCAReach(
            NSCAServerConfiguration.Pattern(
                subject: subject, text: text, place: ImportPlace(path: "nsca-ng.cfg", line: 1)))
    }

    @Test func `names are names, with or without dots`() {
        #expect(Self.reach(.hosts, "web1").target == NSCAReach.Target(host: "web1", service: nil))
        #expect(Self.reach(.hosts, "web1").remarks.isEmpty)
        let dotted = Self.reach(.hosts, "web1.example.com")
        #expect(dotted.target?.host == "web1.example.com" && dotted.remarks.count == 1)
        #expect(Self.reach(.hosts, #"web1\.example"#).target?.host == "web1.example")
        #expect(Self.reach(.hosts, #"web1\.example"#).remarks.isEmpty)
        #expect(
            Self.reach(.services, "disk@web1").target
                == NSCAReach.Target(host: "web1", service: "disk"))
        #expect(
            Self.reach(.services, "disk").target == NSCAReach.Target(host: nil, service: "disk"))
        #expect(
            Self.reach(.services, "a@b@web1").target
                == NSCAReach.Target(host: "web1", service: "a@b"))
    }

    @Test(arguments: ["web.*", "(web|db)1", "web[12]", "web?", "^web", "web$", "w{2}", ".*"])
    func `patterns name no object`(text: String) {
        #expect(Self.reach(.hosts, text).target == nil)
    }

    private static let alternations: [(NSCAServerConfiguration.Subject, String)] = [
        (.hosts, "web|db"), (.services, "disk|load@web1"),
        (.services, "disk@web1|web2"), (.commands, "SHUTDOWN|RESTART"),
    ]

    @Test(arguments: alternations)
    func `an alternation without parentheses is explained`(
        subject: NSCAServerConfiguration.Subject, text: String
    ) {
        let remark = Self.reach(subject, text).remarks.first ?? ""
        #expect(remark.hasPrefix("No parentheses around '|'"), "\(remark)")
    }

    @Test func `what it really let through is said`() {
        let remark = Self.reach(.hosts, "web|x|db").remarks.first ?? ""
        #expect(remark.contains("begins with 'PROCESS_HOST_CHECK_RESULT;web'"))
        #expect(remark.contains("every command with 'x' in it"))
        #expect(remark.contains("ends in 'db;.+'"))
    }

    private static let crossings: [(NSCAServerConfiguration.Subject, String, Int)] = [
        (.hosts, ".*foo", 1), (.hosts, "[^a]+foo", 1),
        (.hosts, "(a.)*foo", 1), (.hosts, ".*", 0), (.hosts, ".+", 0), (.hosts, "[^;]+foo", 0),
        (.hosts, "[a-z]+foo", 0), (.hosts, "foo.bar[0-9]*", 0), (.hosts, "(web|db)[0-9]+", 0),
        (.services, "disk@.*", 1), (.services, "disk.*", 1), (.services, ".*@web1", 0),
        (.services, ".*", 0), (.services, ".*@web.*", 1), (.services, "disk@[^;]+", 0),
        (.services, "a.*@b.*", 2), (.services, ".*@.*", 0),
    ]

    @Test(arguments: crossings)
    func `what crosses the semicolons is explained, and only that`(
        subject: NSCAServerConfiguration.Subject, text: String, count: Int
    ) {
        let remarks = Self.reach(subject, text).remarks
        #expect(remarks.count { $0.contains("also matches semicolons") } == count, "\(remarks)")
    }

    @Test func `the explanation is true of the real comparison`() throws {
        // as nsca-ng puts it together
        func matches(_ pattern: String, _ command: String) throws -> Bool {
            try Command.run("grep", ["-Eq", "^\(pattern)$"], input: .init(command.utf8)).isSuccess
        }
        let trap = "PROCESS_HOST_CHECK_RESULT;web|db;.+"
        #expect(try matches(trap, "PROCESS_HOST_CHECK_RESULT;webserver-of-another;2;x"))
        #expect(try matches(trap, "SHUTDOWN_PROGRAM;xdb;anything"))
        #expect(
            try matches(
                "PROCESS_HOST_CHECK_RESULT;.*foo;.+", "PROCESS_HOST_CHECK_RESULT;victim;2;foo;x"))
        #expect(
            try matches(
                "PROCESS_SERVICE_CHECK_RESULT;.*;disk;.+;.+",
                "PROCESS_SERVICE_CHECK_RESULT;victim;other;2;x;disk;a;b"))
        #expect(
            try !matches(
                "PROCESS_HOST_CHECK_RESULT;[^;]+foo;.+", "PROCESS_HOST_CHECK_RESULT;victim;2;foo;x")
        )
    }
}
