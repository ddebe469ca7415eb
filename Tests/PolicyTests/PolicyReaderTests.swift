import Monitoring
import Policy
import Testing

/// What a policy file may say, and how it says what it may not.
@Suite struct PolicyReaderTests {
    @Test func `a whole role is read with its lines`() throws {
        let rules = try policy(
            """
            ; who may what
            [operations]   ; the people at night
            masters = production, backup    ; names of destinations
            permissions = "icingadb/command/process-check-result, icingadb/command/schedule-check"
            refusals=icingadb/object/show-source
            icingadb/filter/hosts = host.name=web*
            icingadb/filter/services = "(service.name=disk*)|(service.vars.team.name=\\"A\\\\B\\")"
            icingadb/denylist/variables = *password*, team.on-site[0]
            icingadb/denylist/routes = hostgroups
            icingadb/protect/variables = *token*,snmp_community
            forwarder/recheck/minimum-interval = 90s
            forwarder/recheck/limit = 60/1h
            forwarder/output = first-line

            [second\\]]
            masters = backup
            permissions = *
            """)
        let role = try #require(rules.roles.first)
        #expect(role.name == "operations")
        #expect(role.line == 2)
        #expect(role.masters == ["production", "backup"])
        #expect(role.permissions.map(\.text).count == 2)
        #expect(role.refuses(.showSource))
        #expect(role.filters.map(\.directive) == [.filterHosts, .filterServices])
        let values = role.filters[1].expression.conditions.map(\.value.text)
        #expect(values == ["disk*", #""A\B""#])
        #expect(role.denylist.map(\.text) == ["*password*", "team.on-site[0]"])
        #expect(role.deniedRoutes == [.hostGroups])
        #expect(role.protections.map(\.text) == ["*token*", "snmp_community"])
        #expect(role.minimumInterval == .seconds(90))
        #expect(role.limit == RecheckLimit(count: 60, period: .seconds(3600)))
        #expect(role.output == .firstLine)
        #expect(role.lines[.output] == 13)
        #expect(rules.roles[1].name == "second]")
    }

    @Test func `carriage returns, tabs and blank lines are nothing`() throws {
        let rules = try policy("\r\n[a]\r\n\tmasters\t=\tproduction\t\r\npermissions = *\r\n \r\n")
        #expect(rules.roles[0].masters == ["production"])
        #expect(try policy("").roles == [])
        #expect(try policy("; nothing\n").roles == [])
    }

    static let refused: [(String, Int?, Int?, String)] = [
        ("masters = production", 1, 1, "before the first section"),
        ("[]", 1, 2, "1 to 255 bytes"),
        ("[a", 1, 1, "closing ] is missing"),
        ("[a] b", 1, 5, "Something follows"),
        ("[a]\nmasters = production", 1, nil, "says nothing"),
        ("[a]\npermissions = *", 1, nil, "for no master"),
        ("[a]\nmasters = production\npermissions = *\n[a]", 4, 2, "already in line 1"),
        ("[a]\nmasters = production\npermissions = *\npermissions = *", 4, 1, "in line 3"),
        ("[a]\nmasters production", 2, 1, "name = value"),
        ("# a", 1, 1, "begin with ';'"),
        (role("refusals = \"*"), 3, 12, "closing \" is missing"),
        (role("refusals = \"*\" *"), 3, 16, "Something follows"),
        (role("refusals = a\"b\""), 3, 13, "quote inside"),
        (role("refusals = 'a'"), 3, 12, "single quote"),
        (role("refusals ="), 3, 11, "has no value"),
        (role("refusals = \"\""), 3, 13, "has no value"),
        (role("refusals = ; *"), 3, 12, "has no value"),
        (role("refusals = *,,icingadb/*"), 3, 14, "between two commas"),
        (role("refusals = *,"), 3, 14, "between two commas"),
        (role("refusals = *, *"), 3, 15, "Twice"),
        (role("refusals = icingadb/*/add"), 3, 12, "at the end only"),
        (role("refusals = icingadb/command/downtime/*"), 3, 12, "no meaning on this host"),
        (role("refusals = icingadb/command/comment/add"), 3, 12, "no meaning on this host"),
        (role("refusals = module/icingadb"), 3, 12, "no meaning on this host"),
        (
            role("refusals = icingadb/command/shedule-check"), 3, 12,
            "Did you mean 'icingadb/command/schedule-check'?"
        ),
        (role("parent = b"), 3, 1, "roles do not inherit"),
        (role("unrestricted = 1"), 3, 1, "nobody is"),
        (role("users = a"), 3, 1, "roles are for masters"),
        (role("icingadb/blacklist/variables = a"), 3, 1, "icingadb/denylist/variables"),
        (role("monitoring/filter/objects = a"), 3, 1, "monitoring module"),
        (
            role("icingadb/filter/host = host.name=a"), 3, 1,
            "Did you mean 'icingadb/filter/hosts'?"
        ),
        (role("nonsense = a"), 3, 1, "no directive 'nonsense'."),
        (role("icingadb/denylist/routes = hostgroup"), 3, 28, "Did you mean 'hostgroups'?"),
        (role("icingadb/denylist/routes = contacts"), 3, 28, "do not exist"),
        (role("icingadb/denylist/variables = host.vars.a"), 3, 31, "Did you mean 'a'?"),
        (role("icingadb/protect/variables = a, b[x]"), 3, 33, "number or '*'"),
        (role("forwarder/recheck/minimum-interval = 30"), 3, 38, "Did you mean '30s'?"),
        (role("forwarder/recheck/minimum-interval = 8d"), 3, 38, "not within 0s to 7d"),
        (role("forwarder/recheck/minimum-interval = -1s"), 3, 38, "whole number"),
        (role("forwarder/recheck/minimum-interval = 9999999999999999999d"), 3, 38, "not within"),
        (role("forwarder/recheck/minimum-interval = 2562047788015216h"), 3, 38, "not within"),
        (role("forwarder/recheck/limit = 60"), 3, 27, "such as '60/1h'"),
        (role("forwarder/recheck/limit = 0/1h"), 3, 27, "1 to 1000"),
        (role("forwarder/recheck/limit = 1001/1h"), 3, 27, "1 to 1000"),
        (role("forwarder/recheck/limit = 5/0s"), 3, 27, "not within 1s to 7d"),
        (role("forwarder/recheck/limit = 5/h"), 3, 27, "whole number"),
        (role("forwarder/output = firstline"), 3, 20, "Did you mean 'first-line'?"),
        ("[a]\nmasters = produktion\npermissions = *", 2, 11, "Did you mean 'production'?"),
        ("[a]\nmasters = *\npermissions = *", 2, 11, "without '*'"),
        (role("forwarder/output = full", allowing: "icingadb/object/show-source"), 3, 1, "nothing"),
        (
            role("forwarder/recheck/limit = 5/1h", allowing: "icingadb/object/show-source"), 3, 1,
            "Add icingadb/command/schedule-check"
        ),
        ("[a]\nmasters = production\nicingadb/filter/hosts = host.name=a", 3, 1, "allows nothing"),
        (role("refusals = \u{1}"), 3, 12, "control character"),
        (role("refusals = a\0"), 3, 13, "control character"),
        (role("refusals = " + String(repeating: "x", count: 8192)), 3, nil, "Divide it"),
    ]

    @Test(arguments: refused)
    func `what cannot be meant is refused with its place`(
        text: String, line: Int?, column: Int?, words: String
    ) throws {
        let told = errors(text)
        let first = try #require(
            told.first { $0.message.contains(words) }, "\(told.map(\.description))")
        #expect(first.line == line)
        #expect(first.column == column)
        #expect(told.count == 1, "\(told.map(\.description))")
        if let line {
            let shown = text.split(separator: "\n", omittingEmptySubsequences: false)[line - 1]
            #expect(first.sourceLine == String(shown.prefix(400)))
        }
    }

    @Test func `all errors of a file are told at once, in the order of its lines`() {
        let told = errors(
            "[a]\nmaster = production\npermissions = x\nicingadb/filter/hosts = a\n[b]\n")
        #expect(told.map(\.line) == [2, 3, 4, 5])
        #expect(
            told[0].description == """
                policy.ini:2:1: error: There is no directive 'master'. Did you mean 'masters'?
                  master = production
                  ^
                """)
    }

    @Test func `masters are not looked up where destinations are unknown`() throws {
        let rules = try policy("[a]\nmasters = x\npermissions = *", destinations: nil)
        #expect(rules.roles[0].masters == ["x"])
    }

    @Test func `wrong bytes are errors of their line`() {
        let bytes = Array("[a]\nmasters = ".utf8) + [0xC3, 0x28] + Array("\npermissions = *".utf8)
        let told = errors(bytes: bytes)
        #expect(told.map(\.line) == [2])
        #expect(told.first?.message.contains("not UTF-8") == true)
        #expect(errors(bytes: [0xEF, 0xBB, 0xBF] + Array("[a]".utf8)).count == 1)
    }

    @Test func `file, roles and told errors are bounded`() {
        let large = errors(bytes: [UInt8](repeating: 0x20, count: 1_048_577))
        #expect(large.map(\.line) == [nil])
        let many = (0...300).map { "[\($0)]\nmasters = production\npermissions = *\n" }.joined()
        #expect(errors(many).count == 1)
        #expect(errors(many).first?.message == "More than 256 roles.")
        let wrong = errors(String(repeating: "x\n", count: 5000))
        #expect(wrong.count == 101)
        #expect(wrong.last?.message == "4900 more errors.")
    }
}
