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

    /// What it names, as text.
    private static func names(
        _ subject: NSCAServerConfiguration.Subject, _ text: String
    ) -> [String] {
        reach(subject, text).targets.map { target in
            [target.host ?? "*", target.service].compactMap { $0 }.joined(separator: "!")
        }
    }

    @Test func `names are names, with or without dots`() {
        #expect(Self.names(.hosts, "web1") == ["web1"])
        #expect(Self.reach(.hosts, "web1").remarks.isEmpty)
        let dotted = Self.reach(.hosts, "web1.example.com")
        #expect(dotted.targets.map(\.host) == ["web1.example.com"] && dotted.remarks.count == 1)
        #expect(Self.names(.hosts, #"web1\.example"#) == ["web1.example"])
        #expect(Self.reach(.hosts, #"web1\.example"#).remarks.isEmpty)
        #expect(Self.names(.services, "disk@web1") == ["web1!disk"])
        #expect(Self.names(.services, "disk") == ["*!disk"])
        #expect(Self.names(.services, "a@b@web1") == ["web1!a@b"])
    }

    private static let unnamed = [
        "web.*", "^web", "web$", ".*", "web+", "[^a]b", "[[:digit:]]", "w{2,}", "web|db", "a;b",
        "[a-é]", "[a-Z]", "(a", "a)", "[a", "a\\", "w{100}", "[0-9][0-9][0-9]",
        String(repeating: "(", count: 2000), String(repeating: "a", count: 5000),
    ]

    @Test(arguments: unnamed)
    func `patterns that cannot be listed name no object`(text: String) {
        #expect(Self.names(.hosts, text) == [])
        #expect(Self.names(.services, "x@\(text)") == [])
    }

    @Test(
        arguments: [
            ("(web|db)1", ["web1", "db1"]), ("web[12]", ["web1", "web2"]), ("web?", ["web", "we"]),
            ("w{2}", ["ww"]), ("a{1,2}b", ["ab", "aab"]), ("(web1)", ["web1"]),
            ("web[.]x", ["web.x"]),
            ("[0-2a]", ["0", "1", "2", "a"]),
            ("(a|(b|c)d)(1|2)", ["a1", "a2", "bd1", "bd2", "cd1", "cd2"]),
            (#"a\|b\(c\)"#, ["a|b(c)"]), ("[]a]", ["]", "a"]), ("[a-]", ["a", "-"]),
            (#"disk\d"#, ["diskd"]),
            ("(a|a)", ["a"]), ("(web|)1", ["web1", "1"]),
        ] as [(String, [String])])
    func `what a pattern matches is listed as grep finds it`(text: String, names: [String]) throws {
        #expect(Self.names(.hosts, text) == names)
        let more = names + names.map { $0 + "x" } + ["", "web3", "diskx", "disk5", "b", "ad"]
        let found = try Command.run(
            "grep", ["-Ex", "-e", text], input: Data(more.joined(separator: "\n").utf8))
        #expect(
            Set(found.outputText.split(separator: "\n").map(String.init)) == Set(names),
            "\(found.outputText)")
    }

    @Test func `a service of several hosts is one of each`() {
        #expect(Self.names(.services, "(disk|load)@web[12]").count == 4)
        #expect(Self.names(.services, "[0-9]@[0-9]") == [], "a hundred are too many")
    }

    @Test func `what is no letter behind its backslash is told, and names nothing`() {
        for text in [#"disk\w"#, #"disk\b"#, #"(a)\1"#, #"\<disk"#] {
            let reach = Self.reach(.services, text + "@web1")
            #expect(reach.targets == [] && reach.remarks.count == 1, "\(reach.remarks)")
            #expect(reach.remarks.first?.contains("cannot be translated") == true)
        }
        #expect(Self.reach(.hosts, #"\W+a"#).remarks.contains { $0.contains("semicolons") })
    }

    @Test func `what stands for a place let nothing through, and that is told`() {
        for text in ["^web9$", "^web9", "web9$"] {
            let remarks = Self.reach(.hosts, text).remarks
            #expect(remarks.count == 1 && remarks[0].contains("match nothing"), "\(remarks)")
            #expect(Self.reach(.services, "disk@" + text).remarks == remarks)
        }
        #expect(!Self.reach(.commands, "^PROCESS_.*$").remarks.joined().contains("match nothing"))
        // there the first of them begins a command of its own
        #expect(!Self.reach(.hosts, "a|^PROCESS").remarks.joined().contains("match nothing"))
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
                "PROCESS_HOST_CHECK_RESULT;^web9$;.+", "PROCESS_HOST_CHECK_RESULT;web9;0;x"))
        #expect(
            try !matches(
                "PROCESS_HOST_CHECK_RESULT;[^;]+foo;.+", "PROCESS_HOST_CHECK_RESULT;victim;2;foo;x")
        )
    }
}
