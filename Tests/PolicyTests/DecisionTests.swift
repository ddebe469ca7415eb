import Monitoring
import Policy
import Testing

/// Who may what, and by which line.
@Suite struct DecisionTests {
    private let submit = "icingadb/command/process-check-result"
    private let schedule = "icingadb/command/schedule-check"
    private let active = "icingadb/command/schedule-check/active-only"

    @Test func `nothing is allowed unless a role allows it`() throws {
        let web = try object("web1")
        #expect(!PolicyRules.none.submission(of: web, to: "production").isAllowed)
        let rules = try policy(role("", allowing: submit))
        #expect(
            rules.submission(of: web, to: "backup")
                == .denied([.noRole(destination: "backup")]))
        #expect(rules.source(of: web, for: "production") == .denied([.noPermission(.showSource)]))
        let recheck = rules.recheck(of: web, by: "production")
        #expect(recheck.decision == .denied([.noPermission(.scheduleCheck)]))
        #expect(recheck.allowances == [])
    }

    @Test func `a decision names role, line and directive`() throws {
        let rules = try policy(role("icingadb/filter/hosts = host.name=web*", allowing: submit))
        #expect(
            rules.submission(of: try object("web1"), to: "production")
                == .allowed([.directive(role: "role", line: 4, .permissions)]))
        let denied = rules.submission(of: try object("db1"), to: "production")
        #expect(denied == .denied([.filteredOut(role: "role", line: 3, .filterHosts)]))
        #expect(
            denied.description == """
                denied (role 'role' is about other objects, line 3: icingadb/filter/hosts)
                """)
    }

    @Test func `a permission is about the objects of its own role's filter`() throws {
        let rules = try policy(
            """
            [web]
            masters = production
            permissions = \(submit), \(schedule)
            icingadb/filter/objects = host.name=web*
            [all]
            masters = production
            permissions = \(submit)
            """)
        let db = try object("db1")
        #expect(rules.submission(of: db, to: "production").isAllowed)
        #expect(!rules.recheck(of: db, by: "production").decision.isAllowed)
        #expect(rules.recheck(of: try object("web1"), by: "production").decision.isAllowed)
        #expect(rules.submission(of: try object("web1"), to: "production").reasons.count == 2)
    }

    @Test func `filters of one role narrow each other, roles widen each other`() throws {
        let rules = try policy(
            """
            [a]
            masters = production
            permissions = \(submit)
            icingadb/filter/hosts = host.name=web*
            icingadb/filter/services = service.name=disk
            [b]
            masters = production
            permissions = \(submit)
            icingadb/filter/hosts = host.name=db*
            """)
        let expected = [
            "web1": true, "web1!disk": true, "web1!load": false, "db1!load": true, "x!disk": false,
        ]
        for (name, isAllowed) in expected {
            let decision = rules.submission(of: try object(name), to: "production")
            #expect(decision.isAllowed == isAllowed, "\(name)")
        }
    }

    @Test(arguments: [
        ("icingadb/command/process-check-result", true, false),
        ("icingadb/command/schedule-check", false, true), ("*", true, true),
        ("icingadb/command/*", true, true), ("icingadb/object/*", false, false),
    ])
    func `a refusal of any role that names the master wins for all objects`(
        refusal: String, refusesResults: Bool, refusesRechecks: Bool
    ) throws {
        let rules = try policy(
            """
            [a]
            masters = production, backup
            permissions = *
            [b]
            masters = production
            refusals = \(refusal)
            permissions = icingadb/object/show-source
            icingadb/filter/objects = host.name=nobody
            """)
        let web = try object("web1")
        #expect(rules.submission(of: web, to: "production").isAllowed != refusesResults)
        #expect(rules.recheck(of: web, by: "production").decision.isAllowed != refusesRechecks)
        #expect(rules.submission(of: web, to: "backup").isAllowed)
        #expect(rules.recheck(of: web, by: "backup").decision.isAllowed)
        guard refusesResults else { return }
        #expect(
            rules.submission(of: web, to: "production").reasons
                == [.directive(role: "b", line: 6, .refusals)])
    }

    @Test func `active-only allows rechecks of what this host schedules`() throws {
        let rules = try policy(role("", allowing: active))
        let scheduled = try object("web1")
        let submitted = try object("web1", origin: .submitted)
        #expect(rules.recheck(of: scheduled, by: "production").decision.isAllowed)
        #expect(
            rules.recheck(of: submitted, by: "production").decision
                == .denied([.notScheduled(role: "role", line: 4)]))
        let all = try policy(role("", allowing: schedule))
        #expect(all.recheck(of: submitted, by: "production").decision.isAllowed)
    }

    @Test func `refusing rechecks refuses those of active checks too, not the other way round`()
        throws
    {
        let web = try object("web1")
        let broad = try policy(role("refusals = \(schedule)", allowing: active))
        #expect(!broad.recheck(of: web, by: "production").decision.isAllowed)
        let narrow = try policy(role("refusals = \(active)", allowing: schedule))
        #expect(narrow.recheck(of: web, by: "production").decision.isAllowed)
        let both = try policy(role("refusals = \(active)", allowing: active))
        #expect(!both.recheck(of: web, by: "production").decision.isAllowed)
    }

    @Test func `every role that allows a recheck has its say about how often`() throws {
        let rules = try policy(
            """
            [a]
            masters = production
            permissions = \(schedule)
            forwarder/recheck/minimum-interval = 5m
            [b]
            masters = production
            permissions = \(active)
            forwarder/recheck/limit = 3/1m
            [c]
            masters = production
            permissions = \(submit)
            [d]
            masters = production
            permissions = *
            icingadb/filter/hosts = host.name=db*
            """)
        let allowances = rules.recheck(of: try object("web1"), by: "production").allowances
        #expect(allowances.map(\.role) == ["a", "b"])
        let submitted = try object("web1", origin: .submitted)
        let fewer = rules.recheck(of: submitted, by: "production").allowances
        #expect(fewer.map(\.role) == ["a"], "the other one is about scheduled objects")
        #expect(allowances.map(\.minimumInterval) == [.seconds(300), .seconds(30)])
        #expect(allowances.map(\.limit.description) == ["60/3600s", "3/60s"])
        #expect(allowances[0].intervalReason == .directive(role: "a", line: 4, .minimumInterval))
        #expect(allowances[0].limitReason == .standard(role: "a", line: 1, .limit))
    }

    @Test func `of several output levels the least counts, of allowing roles only`() throws {
        let rules = try policy(
            """
            [a]
            masters = production
            permissions = *
            forwarder/output = first-line
            [b]
            masters = production
            permissions = *
            [c]
            masters = production
            permissions = *
            icingadb/filter/hosts = host.name=db*
            forwarder/output = state-only
            """)
        let web = rules.output(of: try object("web1"), to: "production")
        #expect(web.level == .firstLine)
        #expect(web.reason == .directive(role: "a", line: 4, .output))
        #expect(rules.output(of: try object("db1"), to: "production").level == .stateOnly)
        #expect(OutputLevel.full < .firstLine && OutputLevel.firstLine < .stateOnly)
    }

    @Test func `this host's health always goes out, and its own host never does`() throws {
        let denying = try policy(role("refusals = *"), nodeName: "me")
        let health = try object("me!forwarder")
        #expect(
            denying.submission(of: health, to: "anyone")
                == .allowed([.builtIn(.healthIsSubmitted)]))
        let allowing = try policy(role(""), nodeName: "me")
        #expect(!allowing.recheck(of: health, by: "production").decision.isAllowed)
        let own = try object("me")
        #expect(
            allowing.submission(of: own, to: "production") == .denied([.builtIn(.ownHostStays)]))
        #expect(!allowing.recheck(of: own, by: "production").decision.isAllowed)
        #expect(allowing.source(of: own, for: "production").isAllowed)
        #expect(allowing.submission(of: try object("you!forwarder"), to: "production").isAllowed)
        #expect(!denying.submission(of: try object("you!forwarder"), to: "production").isAllowed)
    }

    @Test func `names of destinations compare byte by byte`() throws {
        let rules = try policy(
            "[a]\nmasters = caf\u{E9}\npermissions = *", destinations: ["caf\u{E9}"])
        #expect(rules.submission(of: try object("a"), to: "caf\u{E9}").isAllowed)
        #expect(!rules.submission(of: try object("a"), to: "cafe\u{301}").isAllowed)
    }
}
