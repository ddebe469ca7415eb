import ConfigLanguage
import Testing

/// Few words that mean many rules, much text or much work are stopped while they are loaded.
@Suite struct LoadBoundTests {
    private static func message(_ text: String, files: [String: String] = [:]) -> String {
        errors(in: text, files: files).map(\.message).joined(separator: "\n")
    }

    @Test func `rules count as objects and take memory`() {
        let text = """
            const R = range(900)
            for (i in R) { for (j in R) {
              apply Service "s" { assign where host.name == "nobody" }
            } }
            """
        #expect(Self.message(text).contains("limit of"))
        let session = session(text, limits: EvaluationLimits(allocatedBytes: 1 << 30))
        let fault = #expect(throws: ConfigFault.self) { try session.commit() }
        #expect(fault?.message.contains("objects and rules") == true)
    }

    // a billion evaluations by the limits of loading, which is hours
    @Test func `rules that fail at every host end when all evaluations are spent`() {
        let text = """
            for (i in range(30000)) { object Host i { } }
            for (i in range(30000)) { apply Service "s" + i { assign where host.nope } }
            """
        let session = session(text, limits: EvaluationLimits(totalSteps: 5_000_000))
        let fault = #expect(throws: ConfigFault.self) { try session.commit() }
        #expect(fault?.message.contains("'nope'") == true)
        #expect(fault?.message.contains("in the whole configuration") == true)
    }

    @Test func `a load that is spent is refused even where errors are ignored`() {
        let text = """
            for (i in range(100)) { object Host i { } }
            apply Notification "n" to Host { vars.a = range(1000).map(x => x); assign where true }
            """
        let session = session(text, limits: EvaluationLimits(totalSteps: 60_000))
        #expect(throws: ConfigFault.self) { try session.commit() }
    }

    @Test func `groups whose filter fails end when all evaluations are spent`() {
        let text = """
            for (i in range(30000)) { object Host i { } }
            for (i in range(30000)) { object HostGroup "g" + i { assign where host.nope } }
            """
        let session = session(text, limits: EvaluationLimits(totalSteps: 5_000_000))
        let fault = #expect(throws: ConfigFault.self) { try session.commit() }
        #expect(fault?.message.contains("in the whole configuration") == true)
    }

    @Test func `joining many groups takes the same for each of them`() throws {
        let text = """
            for (i in range(300)) { object Host i { } }
            for (i in range(300)) {
              object HostGroup "g" + i { assign where true }
            }
            """
        // 90,000 memberships; they were six million steps when each looked at all before it
        let session = session(text, limits: EvaluationLimits(totalSteps: 3_500_000))
        try session.commit()
        let hosts = session.registry.objects(ofType: "Host")
        #expect(hosts.allSatisfy { $0["groups"].asArray?.count == 300 })
    }

    @Test func `groups that a filter changes meanwhile are the host's all the same`() throws {
        let session = try committed(
            """
            object Host "h" { groups = [ "own", "own" ] }
            object HostGroup "a" { assign where true }
            object HostGroup "b" { assign where host.groups.add("c") == null }
            globals.keep = function(groups) { globals.seen = groups; return true }
            object HostGroup "d" { assign where keep(host.groups) }
            object HostGroup "e" { assign where host.groups.remove(0) == null }
            """)
        let host = try #require(session.registry.object(type: "Host", name: "h"))
        #expect(
            host["groups"].toText.text == "[ \"own\", \"a\", \"c\", \"b\", \"d\", \"e\" ]")
    }

    @Test func `text that is included again and again counts each time`() {
        let comment = "/*" + String(repeating: "x", count: 4 << 20) + "*/\n"
        let found = Self.message(
            "for (i in range(9999)) { include \"big.conf\" }",
            files: ["/etc/test/big.conf": comment]
        )
        #expect(found.contains("All files together have more than 64 MiB"))
    }

    // 4 KiB for each of them were 4 billion bytes
    @Test func `a text of opening brackets is read in time of its length`() {
        let text = "const A = 1" + String(repeating: "<", count: 1_000_000)
        #expect(verdict(text) != "accepted")
        #expect(verdict("include <a/b>\nx = 1 < 2 && 3 > 2") == "accepted")
        #expect(verdict("include <a><b>") != "accepted")
    }

    @Test func `JSON has as many values as other texts have words`() {
        let text = "[" + String(repeating: "[],", count: 1_000_001) + "[]]"
        let session = ConfigSession(schemas: TestTypes.all, reader: MemoryFiles())
        session.load(text: Array(text.utf8), name: "a.json")
        let fault = #expect(throws: ConfigFault.self) { try session.commit() }
        #expect(fault?.message.contains("more than 1000000 values") == true)
        // and all of them together
        let half = "[" + Array(repeating: "[]", count: 600_000).joined(separator: ",") + "]"
        let twice = ConfigSession(schemas: TestTypes.all, reader: MemoryFiles())
        let one = "[{\"type\":\"Host\",\"name\":\"h\",\"attrs\":{\"vars\":{\"a\":\(half)}}}]"
        twice.load(text: Array(one.utf8), name: "b.json")
        twice.load(text: Array(one.utf8), name: "c.json")
        let more = #expect(throws: ConfigFault.self) { try twice.commit() }
        #expect(more?.message.contains("All files together have more") == true)
    }

    @Test func `errors in JSON keep their places`() {
        let text = "[\n  {\"type\": \"Host\",\n   \"name\": \"h\", \"nope\": 1}\n]"
        let session = ConfigSession(schemas: TestTypes.all, reader: MemoryFiles())
        session.load(text: Array(text.utf8), name: "a.json")
        let fault = #expect(throws: ConfigFault.self) { try session.commit() }
        #expect(fault?.diagnostics.first?.location?.line == 3)
        #expect(fault?.diagnostics.first?.location?.column == 17)
    }
}
