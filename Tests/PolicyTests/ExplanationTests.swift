import Monitoring
import Policy
import Testing

/// What `policy explain` and `policy check` tell.
@Suite struct ExplanationTests {
    @Test func `an explanation names every line that counts, and no value`() throws {
        let rules = try policy(
            """
            [operations]
            masters = production
            permissions = icingadb/command/*
            icingadb/denylist/variables = *password*
            icingadb/denylist/routes = hostgroups
            icingadb/protect/variables = pin
            forwarder/output = first-line
            """)
        let disk = try object(
            "web1!disk", host: #"{"db":{"password":"hunter2"}}"#, service: #"{"pin":42}"#)
        let text = rules.explain(disk, for: "production").description
        #expect(
            text == """
                web1!disk at production
                  results: allowed (role 'operations', line 3: permissions)
                  output: first-line (role 'operations', line 7: forwarder/output)
                  recheck: allowed (role 'operations', line 3: permissions)
                    rest of 30s (role 'operations', line 1, without \
                forwarder/recheck/minimum-interval)
                    at most 60/3600s (role 'operations', line 1, without forwarder/recheck/limit)
                  source: denied (no role allows icingadb/object/show-source)
                  hostgroups: left out (role 'operations', line 5: icingadb/denylist/routes)
                  host.vars.db.password: hidden by '*password*' \
                (role 'operations', line 4: icingadb/denylist/variables)
                  service.vars.pin: masked by 'pin', too short to be masked in output \
                (role 'operations', line 6: icingadb/protect/variables)
                """)
        #expect(!text.contains("hunter2"))
    }

    @Test func `names cannot steer a terminal`() throws {
        let rules = try policy("[a\u{9B}b]\nmasters = production\npermissions = *")
        let text = rules.explain(try object("web\u{9B}1"), for: "production").description
        #expect(!text.contains("\u{9B}"))
    }

    private func warnings(
        _ text: String, destinations: [String] = ["production"]
    ) throws -> [String] {
        let objects = [
            try object("web1", hostGroups: ["linux"], host: #"{"os":"Linux","pin":"1"}"#),
            try object("web1!disk", hostGroups: ["linux"], host: #"{"os":"Linux","pin":"1"}"#),
        ]
        return try policy(text).warnings(objects: objects, destinations: destinations)
            .map { "\($0.line ?? 0) \($0.message)" }
    }

    @Test func `a policy that fits its objects has no warnings`() throws {
        let text = role(
            """
            icingadb/filter/hosts = hostgroup.name=linux
            icingadb/filter/services = service.name=disk
            icingadb/denylist/variables = OS
            """)
        #expect(try warnings(text) == [])
    }

    @Test(arguments: [
        ("icingadb/filter/hosts = host.name=db1", "2 ", "let no object through"),
        ("icingadb/filter/hosts = host.name=web1|host.name=wbe2", "4 ", "'wbe2' in"),
        ("icingadb/denylist/variables = passwrod", "4 ", "'passwrod' in"),
        ("icingadb/protect/variables = pin", "4 ", "'pin' of web1 is too short"),
    ])
    func `what has no effect on any object is told`(
        line: String, place: String, words: String
    ) throws {
        let told = try warnings("\n" + role(line))
        #expect(told.count == 1, "\(told)")
        #expect(told.first?.hasPrefix(place) == true, "\(told)")
        #expect(told.first?.contains(words) == true, "\(told)")
    }

    @Test func `a permission that is refused elsewhere, and a master without one, are told`() throws
    {
        let refused = try warnings(
            role("refusals = icingadb/object/*", allowing: "*")
                + "[b]\nmasters = production\npermissions = icingadb/object/show-source")
        #expect(refused.count == 1, "\(refused)")
        #expect(refused.first?.hasPrefix("7 'icingadb/object/show-source' has no effect") == true)
        let nobody = try warnings(role(""), destinations: ["production", "backup"])
        #expect(nobody == ["0 No role allows results for 'backup'. They stay on this host."])
    }
}
