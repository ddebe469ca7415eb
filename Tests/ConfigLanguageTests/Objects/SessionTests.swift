import ConfigLanguage
import Foundation
import Testing

@Suite struct SessionTests {
    @Test func `a template may be defined after its use and in another file`() throws {
        let session = try committed(
            """
            object Host "web" { import "linux"; address = "192.0.2.1" }
            include "templates.conf"
            """,
            files: [
                "/etc/test/templates.conf":
                    "template Host \"linux\" { vars.os = \"Linux\"; check_interval = 1m }"
            ]
        )
        let host = try #require(session.registry.object(type: "Host", name: "web"))
        #expect(host["vars"].asDictionary?["os"]?.asString == "Linux")
        #expect(host["check_interval"].asNumber == 60)
        #expect(host["display_name"].asString == "web")
        #expect(host.templates.elements.map(\.toText.text) == ["web", "linux"])
        #expect(host.location(of: "address").line == 1)
    }

    @Test func `import happens in place, so order counts`() throws {
        let session = try committed(
            """
            template Host "t" { vars.a = 1; vars.b = 1 }
            object Host "h" { vars.a = 0; import "t"; vars.b = 2 }
            """
        )
        let vars = try #require(session.registry.object(type: "Host", name: "h")?["vars"])
        #expect(vars.toText.text == "{\n\ta = 1.000000\n\tb = 2.000000\n}")
    }

    @Test func `apply makes one object for each matching host`() throws {
        let session = try committed(
            """
            object Host "a" { vars.os = "Linux"; vars.disks["disk /"] = { path = "/" } }
            object Host "b" { }
            apply Service "ssh" { check_command = "ssh"; assign where host.vars.os == "Linux" }
            apply Service "ping" {
              vars.n = host.name
              assign where host.name; ignore where host.name == "b"
            }
            apply Service for (disk => config in host.vars.disks) { vars += config }
            apply Service "x-" for (n in [ 1, 2 ]) { assign where host.name == "b" }
            """
        )
        let names = session.registry.objects(ofType: "Service").map(\.fullName.text)
        #expect(names.sorted() == ["a!disk /", "a!ping", "a!ssh", "b!x-1", "b!x-2"])
        let disk = try #require(session.registry.object(type: "Service", name: "a!disk /"))
        #expect(disk["vars"].asDictionary?["path"]?.asString == "/")
        #expect(disk["host_name"].asString == "a")
    }

    @Test func `group membership is there before apply filters run`() throws {
        let session = try committed(
            """
            apply Service "s" { assign where "linux" in host.groups }
            object HostGroup "linux" { assign where host.vars.os == "Linux" }
            object Host "a" { vars.os = "Linux"; groups = [ "mine" ] }
            object Host "b" { }
            """
        )
        #expect(session.registry.objects(ofType: "Service").map(\.fullName.text) == ["a!s"])
        let host = try #require(session.registry.object(type: "Host", name: "a"))
        #expect(host["groups"].toText.text == "[ \"mine\", \"linux\" ]")
    }

    @Test func `all errors come at once, each with its place`() {
        let found = errors(
            in: """
                object Host "a" { nonsense = 1 }
                object Host "b" { import "missing" }
                object Host "c" { check_interval = "soon" }
                object Host "d" { vars = 5 }
                object Service "s" { }
                apply Service "t" { assign where host.nonsense }
                """
        )
        #expect(Set(found.compactMap(\.location?.line)) == [1, 2, 3, 4, 5])
        #expect(found.contains { $0.message.contains("'nonsense' does not exist") })
        #expect(found.contains { $0.message.contains("template 'missing'") })
        #expect(found.contains { $0.message.contains("must be a number") })
    }

    @Test(arguments: [
        ("object Nonsense \"a\" { }", "is unknown"),
        ("object Host \"a\" { }\nobject Host \"a\" { }", "already defined"),
        ("template Host \"a\" { }\ntemplate Host \"a\" { }", "already defined"),
        ("object Host \"a!b\" { }", "must not contain"),
        ("apply Host \"a\" { assign where true }", "cannot be used"),
        ("apply Notification \"a\" { assign where true }", "say which with 'to'"),
        ("object Host \"a\" { import \"a\" }", "imports itself"),
        ("include \"none.conf\"", "does not exist"),
        ("include <itl>", "icinga2-common"),
        ("object Host \"a\" { x.y = 1 }", "Invalid field"),
        ("object Host \"a\" { }\napply Service \"s\" { assign where host.foo }", "Invalid field"),
        ("import \"x\"", "only allowed in the body"),
    ])
    func `a mistake is named`(text: String, words: String) {
        let found = errors(in: text)
        #expect(found.contains { $0.message.contains(words) }, "\(found)")
    }

    @Test func `a file that includes itself is an error`() {
        let found = errors(
            in: "include \"loop.conf\"",
            files: ["/etc/test/loop.conf": "include \"loop.conf\""]
        )
        #expect(found.contains { $0.message.contains("include each other") })
    }

    @Test func `a missing attribute of vars is null at any depth`() throws {
        let session = try committed(
            """
            object Host "a" { }
            apply Service "s" { assign where host.vars.a.b.c == "x" }
            """
        )
        #expect(session.registry.objects(ofType: "Service").isEmpty)
        #expect(
            session.warnings.map(\.message) == [
                "The apply rule 's' (Service) does not match anywhere!"
            ]
        )
    }

    @Test func `types of no use are evaluated and counted`() throws {
        let session = try committed(
            """
            object Host "a" { vars.notification.mail.users = [ "me" ] }
            object User "me" { email = "x@example.com" }
            object IcingaApplication "app" { }
            template Notification "mail" { interval = 30m }
            apply Notification "n" to Host {
              import "mail"; users = host.vars.notification.mail.users
              assign where true
            }
            object User "broken" { x = undefined_name }
            """
        )
        #expect(session.ignoredCounts == ["User": 1, "IcingaApplication": 1, "Notification": 1])
        #expect(session.warnings.contains { $0.message.contains("undefined_name") })
    }

    @Test func `constants, globals and functions of files reach bodies`() throws {
        let session = try committed(
            """
            const Dir = "/x"
            globals.prefix = "p-"
            function name(n) { return prefix + n }
            for (n in [ "a", "b" ]) { object Host name(n) use (n) { address = Dir + "/" + n } }
            if (globals.contains("prefix")) { object Host "c" { } }
            """
        )
        #expect(
            session.registry.objects(ofType: "Host").map(\.fullName.text) == ["p-a", "p-b", "c"]
        )
        #expect(session.registry.object(type: "Host", name: "p-b")?["address"].asString == "/x/b")
    }

    @Test func `a default template is imported by every object of its type`() throws {
        let session = try committed(
            "template Host \"d\" default { vars.x = 1 }\nobject Host \"a\" { vars.y = 2 }"
        )
        #expect(
            session.registry.object(type: "Host", name: "a")?["vars"].toText.text
                == "{\n\tx = 1.000000\n\ty = 2.000000\n}"
        )
    }

    @Test func `includes find files by pattern and recursively`() throws {
        let session = try committed(
            "include \"conf.d/*.conf\"\ninclude_recursive \"more\"",
            files: [
                "/etc/test/conf.d/a.conf": "object Host \"a\" { }",
                "/etc/test/more/x/b.conf": "object Host \"b\" { }",
            ]
        )
        #expect(session.registry.objects(ofType: "Host").map(\.fullName.text) == ["a", "b"])
        #expect(session.loadedFiles.count == 3)
    }

    /// Source: tried on Icinga 2.13.6, which ends with an error of `glob` or `opendir`.
    @Test func `a directory that is not there is an error of the include`() throws {
        let missing = NSTemporaryDirectory() + "not-there-\(getpid())"
        let reader = SystemFileReader()
        #expect(throws: ConfigFault.self) { try reader.files(below: missing, matching: "*.conf") }
        #expect(throws: ConfigFault.self) { try reader.files(matching: missing + "/*.conf") }
        #expect(throws: ConfigFault.self) { try reader.files(matching: missing + "/a/*/b.conf") }
        #expect(try reader.files(matching: missing + "/a.conf").isEmpty)
        #expect(try reader.files(matching: "/etc/passwd/*").isEmpty)
        #expect(try reader.files(matching: "/etc/*/not-there/*.conf").isEmpty)
    }
}
