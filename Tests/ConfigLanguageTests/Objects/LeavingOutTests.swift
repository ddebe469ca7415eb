import ConfigLanguage
import Synchronization
import Testing

/// Objects with `ignore_on_error`: what is wrong with them leaves them out and nothing else.
@Suite struct LeavingOutTests {
    /// A session that refuses hosts and groups whose groups are missing or called `bad`.
    private static func session(_ text: String, asked: AskedNames = AskedNames()) -> ConfigSession {
        let made = ConfigLanguageTests.session(text)
        made.validator = { object, session in
            asked.note(object.fullName)
            return (object["groups"].asArray?.elements ?? []).map(\.toText)
                .filter { session.registry.object(type: "HostGroup", name: $0) == nil }
                .map { Diagnostic("no group \($0.text)", at: object.location) }
        }
        return made
    }

    /// The names that a validator was asked for.
    private final class AskedNames: Sendable {
        private let names = Mutex<[ByteString]>([])
        func note(_ name: ByteString) { names.withLock { $0.append(name) } }
        var all: [ByteString] { names.withLock { $0 } }
    }

    @Test func `one that validation refuses is left out, with a warning, before rules see it`()
        throws
    {
        let asked = AskedNames()
        let session = Self.session(
            """
            object Host "gone" ignore_on_error { groups = [ "none" ] }
            object Host "good" ignore_on_error { }
            object Host "strict" { groups = [ "none" ] }
            apply Service "s" { assign where true }
            """, asked: asked)
        try session.commit()
        let hosts = session.registry.objects(ofType: "Host").map(\.fullName.text)
        #expect(hosts == ["good", "strict"], "others are for the host program to judge")
        #expect(session.registry.object(type: "Host", name: "gone") == nil)
        #expect(!session.isDeclared(type: "Host", name: "gone"))
        let services = session.registry.objects(ofType: "Service").map(\.fullName.text)
        #expect(services == ["good!s", "strict!s"])
        #expect(!asked.all.contains("strict"))
        let warning = try #require(session.warnings.first)
        #expect(warning.message.contains("Host 'gone' is left out"))
        #expect(warning.message.contains("no group none"))
        #expect(warning.location?.line == 1)
    }

    @Test func `one whose body fails is declared no more`() throws {
        let session = Self.session("object Host \"gone\" ignore_on_error { foo = 1 }")
        try session.commit()
        #expect(!session.isDeclared(type: "Host", name: "gone"))
        #expect(session.warnings.first?.message.contains("is left out") == true)
    }

    @Test func `what refers to one that was left out is left out as well`() throws {
        let session = Self.session(
            """
            object HostGroup "a" ignore_on_error { groups = [ "b" ] }
            object HostGroup "b" ignore_on_error { groups = [ "none" ] }
            object Host "h" ignore_on_error { groups = [ "a" ] }
            """)
        try session.commit()
        #expect(session.registry.typeNames.flatMap { session.registry.objects(ofType: $0) }.isEmpty)
    }

    @Test func `a long chain of such objects is looked at a few times only`() throws {
        let asked = AskedNames()
        let session = Self.session(
            """
            for (i in range(300)) {
              object HostGroup "g" + i use (i) ignore_on_error { groups = [ "g" + (i + 1) ] }
            }
            """, asked: asked)
        try session.commit()
        #expect(asked.all.count <= 300 * 16)
        #expect(session.registry.objects(ofType: "HostGroup").count == 300 - 16)
    }

    @Test func `two of one name are an error, whatever they ignore`() {
        let found = errors(
            in: """
                object Host "h" { }
                object Service "s" ignore_on_error { host_name = "h" }
                object Service "s" ignore_on_error { host_name = "h" }
                """)
        #expect(found.map(\.location?.line) == [3])
        #expect(found.first?.message.contains("'h!s' of type 'Service' is already") == true)
    }

    @Test(arguments: [
        "object Host \"h\" { vars.f = function() { object Host \"i\" { } } }",
        "object Host \"h\" { vars.f = function() { template Host \"i\" { } } }",
    ])
    func `a function that a check calls makes no objects`(text: String) throws {
        let session = try committed(text)
        let host = try #require(session.registry.object(type: "Host", name: "h"))
        let function = try #require(host["vars"].asDictionary?["f"]?.asFunction)
        let fault = #expect(throws: ConfigFault.self) { try session.call(function) }
        #expect(fault?.message.contains("outside of an activation context") == true)
    }

    @Test func `objects that a rule's filter makes have rules and groups, and others them once`()
        throws
    {
        let session = try committed(
            """
            function f(host) {
              if (host.name == "h") { object Host "late" { } }
              return true
            }
            object HostGroup "all" { assign where true }
            object Host "h" { }
            apply Service "s" { vars.groups = host.groups; assign where f(host) }
            """)
        let services = session.registry.objects(ofType: "Service")
        #expect(services.map(\.fullName.text) == ["h!s", "late!s"])
        #expect(services.allSatisfy { $0["vars"].toText.text.contains("all") })
    }

    @Test func `of a type of no use what its attributes do not take is an error`() {
        let schemas = [
            ObjectTypeSchema.ignored("User", attributes: [AttributeSchema("email", .string)])
        ]
        func messages(_ text: String) -> [String] {
            let session = ConfigSession(schemas: schemas, reader: MemoryFiles())
            session.load(text: Array(text.utf8), name: "test")
            do throws(ConfigFault) {
                try session.commit()
                return []
            } catch {
                return error.diagnostics.map(\.message)
            }
        }
        #expect(messages("object User \"u\" { phone = 1 }").first?.contains("'phone'") == true)
        #expect(messages("object User \"u\" { email = [ ] }").first?.contains("'email'") == true)
        #expect(messages("object User \"u\" { email = nothing }").isEmpty, "evaluated loosely")
        #expect(messages("object User \"u\" { try { phone = 1 } except { } }").isEmpty)
    }
}
