import Foundation
import TestSupport
import Testing

/// "Check now" on a real master: what is allowed happens soon and once, what is denied never.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct RecheckTests {
    /// Objects that are checked once an hour: what else happens was asked for.
    private static let definitions = """
        object CheckCommand "count" { command = [ "PLUGINS/count", "$name$" ] }
        object Host NodeName { check_command = "dummy" }
        object Host "router" {
            check_command = "count"
            check_interval = 1h
            vars.name = "router"
        }
        object TimePeriod "never" { ranges = { } }
        object Service "closed" {
            host_name = NodeName
            check_command = "count"
            check_period = "never"
            vars.name = "closed"
        }
        for (name in [ "open", "quick", "shut" ]) {
            object Service name {
                host_name = NodeName
                check_command = "count"
                check_interval = 1h
                vars.name = name
            }
        }
        """
    private static let plugin = #"echo x >> "HERE/$1"; echo "run $(wc -l < "HERE/$1")""#
    private static let policy = """
        [results]
        masters = \(PrivateMaster.name)
        permissions = icingadb/command/process-check-result
        [rechecks]
        masters = \(PrivateMaster.name)
        permissions = icingadb/command/schedule-check
        icingadb/filter/objects = service.name=open|service.name=closed|host.name=router
        forwarder/recheck/minimum-interval = 1s
        forwarder/recheck/limit = 1000/1h
        [few]
        masters = \(PrivateMaster.name)
        permissions = icingadb/command/schedule-check
        icingadb/filter/services = service.name=quick
        forwarder/recheck/minimum-interval = 1s
        forwarder/recheck/limit = 3/1h
        """

    /// A master and a site.
    private struct Scene {
        let master: PrivateMaster
        let site: ForwarderSite

        init(interval: String) throws {
            master = try PrivateMaster()
            site = try ForwarderSite(
                master: master, otherHosts: ["router"], definitions: definitions,
                masterAttributes: "grace = 1s\nwatch_interval = \(interval)")
            try site.plugin("count", plugin)
            try site.policy(policy)
            try site.renderInto(master)
            try master.start()
        }

        static let objects = ["web1!open", "web1!quick", "web1!shut", "web1!closed", "router"]

        func count(_ object: String) -> Int {
            let name = object.split(separator: "!").last.map(String.init) ?? object
            return site.pluginFile(name).split(separator: "\n").count
        }

        /// Has each object checked, so that none is due for an hour, and tells how often it was:
        /// twice where the first check after the start came before the one that is asked for.
        @discardableResult
        func settle() throws -> [String: Int] {
            for object in Self.objects {
                try #require(site.run("recheck", [object]).isSuccess)
            }
            try eventually("no check is due, and the master shows the last of each") {
                try nextChecks().allSatisfy { $0 > now + 600 }
                    && Self.objects.allSatisfy { try shown($0) == "run \(count($0))" }
            }
            try site.awaitFirstLook()
            return counts
        }

        /// How often each object was checked so far.
        var counts: [String: Int] {
            Dictionary(uniqueKeysWithValues: Self.objects.map { ($0, count($0)) })
        }

        /// When the objects are due; a check that waits for its turn or runs counts as due now.
        private func nextChecks() throws -> [Double] {
            let listed = try JSON(parsing: site.run("list", ["--json"]).output).elements
            return Self.objects.map { object in
                listed.first { $0["name"].string == object }?["next_check"].number ?? 0
            }
        }

        /// The output that the master holds for an object; nil while it holds none.
        private func shown(_ object: String) throws -> String? {
            try master.objectState(object)?.lastCheckResult?.output
        }

        /// What Icinga DB Web sends for "Check now", or for a later time.
        func ask(_ object: String, after span: Double = 0) throws {
            let kind = object.contains("!") ? "service" : "host"
            let asked = try master.post(
                "/v1/actions/reschedule-check",
                [
                    kind: .string(object), "force": true,
                    "next_check": .number((now + span).rounded(.down)),
                ])
            try #require(asked.status == 200, "\(asked.text)")
        }

        var now: Double { Date().timeIntervalSince1970 }

        /// The outcomes that were logged for an object.
        func outcomes(_ object: String, _ log: String) -> [String] {
            log.split(separator: "\n").filter {
                $0.contains("recheck request") && $0.contains("object=\(object) ")
            }.compactMap { line in
                line.split(separator: " ").first { $0.hasPrefix("outcome=") }
                    .map { String($0.dropFirst("outcome=".count)) }
            }
        }

        /// Waits until the master holds what the n-th run of an object said.
        func awaitRun(_ number: Int, of object: String) throws {
            try eventually("\(object) shows run \(number)") {
                try shown(object) == "run \(number)"
            }
        }
    }

    @Test func `what is allowed is checked now, host or service, and what is denied never`() throws
    {
        let scene = try Scene(interval: "500ms")
        try scene.site.withDaemon { daemon in
            let settled = try scene.settle()
            for object in ["web1!open", "router"] {
                let before = scene.count(object)
                try scene.ask("web1!shut")
                try scene.ask("web1!closed")
                try scene.ask(object)
                try scene.awaitRun(before + 1, of: object)
                let state = try #require(try scene.master.objectState(object))
                #expect(state.lastCheckResult?.isActive == false)
                #expect(state.nextCheck > scene.now, "the request is gone")
                #expect(scene.outcomes(object, daemon.log).last == "honoured")
            }
            #expect(scene.count("web1!shut") == settled["web1!shut"])
            #expect(scene.outcomes("web1!shut", daemon.log).allSatisfy { $0 == "denied" })
            #expect(!scene.outcomes("web1!shut", daemon.log).isEmpty)
            let told = daemon.log.split(separator: "\n").first { $0.contains("outcome=denied") }
            #expect(told?.contains("role 'rechecks' is about other objects") == true)
            #expect(told?.contains("decision=denied") == true)
            #expect(
                scene.count("web1!closed") == settled["web1!closed"], "not within its check_period")
            let listed = try scene.site.run("list", ["services", "--json"])
            #expect(listed.outputText.contains(#""outside_period" : "never""#))
            #expect(Set(scene.outcomes("web1!closed", daemon.log)) == ["outside_period"])
            let counts = try scene.site.status()["rechecks"][PrivateMaster.name]
            #expect(counts["honoured"].number == 2)
            #expect(try daemon.stop() == .exited(0))
        }
        try scene.master.stop()
    }

    @Test func `a check that is asked for later is run then, and a reload causes none`() throws {
        let scene = try Scene(interval: "500ms")
        try scene.site.withDaemon { daemon in
            var expected = try scene.settle()
            func awaitNextRun(of object: String) throws {
                expected[object, default: 0] += 1
                try scene.awaitRun(expected[object, default: 0], of: object)
            }
            let at = (scene.now + 6).rounded(.down)
            try scene.ask("web1!open", after: 6)
            try awaitNextRun(of: "web1!open")
            let run = try scene.master.objectState("web1!open")?.lastCheckResult
            let start = try #require(run).executionStart
            #expect(start >= at && start < at + 60, "\(start - at)")

            // Times that are overdue, or due within a minute, are shuffled by a reload.
            for object in ["web1!quick", "router"] { try scene.ask(object, after: -0.5) }
            for object in ["web1!quick", "router"] { try awaitNextRun(of: object) }
            try scene.ask("web1!shut")
            try scene.master.reload()
            // Two requests of one second are one.
            try eventually("the second is over") { scene.now >= start.rounded(.up) }
            try scene.ask("web1!open")
            try awaitNextRun(of: "web1!open")
            #expect(scene.counts == expected)
            #expect(try daemon.stop() == .exited(0))
        }
        try scene.master.stop()
    }

    @Test func `1,000 requests for one object obey its limit`() throws {
        let scene = try Scene(interval: "500ms")
        try scene.site.withDaemon { daemon in
            let settled = try scene.settle()
            var batches = 0
            try eventually("1,000 were sent, and the limit is told") {
                batches += 1
                let asked = try scene.master.post(
                    "/v1/actions/reschedule-check",
                    [
                        "service": "web1!quick", "force": true,
                        "next_check": .number((scene.now - Double(batches % 3)).rounded(.down)),
                    ], times: 50)
                try #require(asked.status == 200)
                return batches >= 20
                    && scene.outcomes("web1!quick", daemon.log).contains("delayed")
            }
            try eventually("the master's log tells of 1,000") {
                scene.master.log.split(separator: "\n")
                    .count { $0.contains("POST /v1/actions/reschedule-check") } >= 1000
            }
            try scene.ask("web1!open")
            try scene.awaitRun(settled["web1!open", default: 0] + 1, of: "web1!open")
            let runs = try eventually("what was honoured was run, and nothing else") {
                let runs = scene.count("web1!quick") - settled["web1!quick", default: 0]
                let outcomes = scene.outcomes("web1!quick", daemon.log)
                return outcomes.count { $0 == "honoured" } == runs ? runs : nil
            }
            #expect((1...3).contains(runs), "\(runs)")
            #expect(try daemon.stop() == .exited(0))
        }
        try scene.master.stop()
    }

    @Test func `a daemon that is killed around a recheck runs it once at most`() throws {
        let scene = try Scene(interval: "500ms")
        try scene.site.withDaemon { daemon in
            try scene.settle()
            #expect(try daemon.stop() == .exited(0))
        }
        for point in ["ledger.uncommitted", "ledger.committed"] {
            let before = scene.count("web1!open")
            try scene.ask("web1!open")
            let daemon = try scene.site.startDaemon(killedAt: point)
            defer { daemon.end() }
            try daemon.waitUntilKilled()
            #expect(daemon.killedAt == point)
            #expect(scene.count("web1!open") == before, "nothing ran before it was durable")
            try scene.site.withDaemon { daemon in
                let expected = point == "ledger.committed" ? "repeated" : "honoured"
                try eventually("the request is judged again") {
                    scene.outcomes("web1!open", daemon.log).first == expected
                }
                let last = scene.count("router")
                try scene.ask("router")
                try eventually("a later request is honoured") { scene.count("router") > last }
                #expect(try daemon.stop() == .exited(0))
            }
            let runs = scene.count("web1!open") - before
            #expect(runs == (point == "ledger.committed" ? 0 : 1))
            // What nobody took stands no longer in the way.
            try scene.site.withDaemon { daemon in
                try #require(scene.site.run("recheck", ["web1!open"]).isSuccess)
                try scene.awaitRun(before + runs + 1, of: "web1!open")
                #expect(try daemon.stop() == .exited(0))
            }
        }
        try scene.master.stop()
    }
}
