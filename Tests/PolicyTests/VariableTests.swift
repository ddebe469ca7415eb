import Monitoring
import Policy
import Testing

/// What destinations see of custom variables.
@Suite struct VariableTests {
    private let json = """
        {"db":{"Password":"hunter2","port":5432,"hosts":["a","b"]},"api_token":"t0ken",\
        "os":"Linux","list":[{"key":"k1","id":1},{"key":"k2","id":2}],"empty":{}}
        """

    private func shown(_ lines: String) throws -> String? {
        try policy(role(lines)).definition(of: object("web1", host: json), for: "production")?
            .hostVariables
    }

    @Test func `without rules everything is shown as it is`() throws {
        #expect(try shown("") == json)
    }

    @Test(arguments: [
        ("*password*", #"{"db":{"port":5432,"hosts":["a","b"]},"api"#),
        ("db", #"{"api_token":"t0ken","os""#), ("db.*", #"{"db":{},"api_token""#),
        ("db.hosts[0]", #""hosts":["b"]}"#), ("list[*].key", #"[{"id":1},{"id":2}]"#),
        ("OS", #""api_token":"t0ken","list""#), ("*", "{}"), ("db.hosts[*]", #""hosts":[]}"#),
    ])
    func `what is denied is not there, nor anything below it`(
        pattern: String, part: String
    ) throws {
        let text = try #require(try shown("icingadb/denylist/variables = \(pattern)"))
        #expect(text.contains(part), "\(text)")
    }

    @Test(arguments: [
        ("*password*", #""Password":"***","port":5432"#),
        ("db", #"{"db":{"Password":"***","port":"***","hosts":["***","***"]}"#),
        ("list[1]", #"[{"key":"k1","id":1},{"key":"***","id":"***"}]"#),
        ("db.hosts[*]", #""hosts":["***","***"]"#), ("empty", #""empty":{}"#),
    ])
    func `what is protected keeps its names and loses its values`(
        pattern: String, part: String
    ) throws {
        let text = try #require(try shown("icingadb/protect/variables = \(pattern)"))
        #expect(text.contains(part), "\(text)")
    }

    @Test func `a variable without a name is no way around a rule`() throws {
        let web = try object("web1", host: #"{"":"hunter2","a":{"":{"":"x"}}}"#)
        let denied = try policy(role("icingadb/denylist/variables = *"))
        #expect(denied.definition(of: web, for: "production")?.hostVariables == "{}")
        let masked = try policy(role("icingadb/protect/variables = *"))
        #expect(
            masked.definition(of: web, for: "production")?.hostVariables
                == #"{"":"***","a":{"":{"":"***"}}}"#)
        let below = try policy(role("icingadb/denylist/variables = a.*"))
        #expect(
            below.definition(of: web, for: "production")?.hostVariables == #"{"":"hunter2","a":{}}"#
        )
    }

    @Test func `rules of every role that names the master count, and hiding beats masking`() throws
    {
        let rules = try policy(
            role("icingadb/protect/variables = *")
                + "[b]\nmasters = production\nicingadb/denylist/variables = db\n"
                + "[c]\nmasters = backup\npermissions = *")
        let web = try object("web1", host: json)
        let text = rules.definition(of: web, for: "production")?.hostVariables
        #expect(
            text == """
                {"api_token":"***","os":"***","list":[{"key":"***","id":"***"},\
                {"key":"***","id":"***"}],"empty":{}}
                """)
        #expect(rules.definition(of: web, for: "backup")?.hostVariables == json)
    }

    @Test func `an inventory tells what its master may know`() throws {
        let web = try object(
            "web1!disk", hostGroups: ["linux"], serviceGroups: ["storage"], host: json)
        let results = try policy(role("", allowing: "icingadb/command/process-check-result"))
        let told = try #require(results.definition(of: web, for: "production"))
        #expect(told.hostGroups == ["linux"])
        #expect(told.serviceGroups == ["storage"])
        #expect(told.hostVariables == nil, "no role shows the source")
        #expect(results.definition(of: web, for: "backup") == nil)
        let routes = try policy(role("icingadb/denylist/routes = hostgroups"))
        #expect(routes.definition(of: web, for: "production")?.hostGroups == nil)
        #expect(routes.definition(of: web, for: "production")?.serviceGroups == ["storage"])
    }

    @Test func `texts in variables survive being read and written`() throws {
        let told = #"{"a":"\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00\u0001\ud800"}"#
        let again = try object("a", host: told).hostTree.json
        #expect(again == "{\"a\":\"\\\"\\\\/\\u0008\\u000c\\n\\r\\téé😀\\u0001\u{FFFD}\"}")
    }
}
