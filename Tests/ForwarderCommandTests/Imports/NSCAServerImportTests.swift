import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// nsca-ng.cfg as its server reads it, and what becomes of it.
@Suite struct NSCAServerImportTests {
    private static let text = """
        # comment
        command_file = "/var/run/icinga2/cmd/icinga2.cmd" // another
        listen = localhost:5668 /* and
        one more */
        hosts = "fallback"
        authorize "web" {
            password = "8a5UMsMzZhu6#1"
            hosts = { "web1", 'web2.example.com' }
            services = { "disk@web1", load, "http@web-server", }
        }
        authorize "*" { password = change-me }
        authorize db { password = 'x' commands = ".*" hosts = "${SITE:-db1}" }
        """

    private func read(
        _ text: String, environment: [String: String] = [:]
    ) throws -> NSCAServerConfiguration {
        try ImportFixture(["nsca-ng.cfg": text]).server(environment: environment)
    }

    @Test func `blocks, lists, quotes, comments and fall-backs are read as nsca-ng does`() throws {
        let read = try read(Self.text)
        #expect(read.authorizations.map(\.identity) == ["web", "*", "db"])
        #expect(
            read.authorizations.map { $0.patterns.map(\.text) } == [
                ["web1", "web2.example.com", "disk@web1", "load", "http@web-server"], ["fallback"],
                ["db1", ".*"],
            ])
        #expect(read.unneeded == ["command_file", "listen"])
        #expect(read.authorizations[0].patterns[1].place.line == 8)
        let other = try self.read(Self.text, environment: ["SITE": "db7"])
        #expect(other.authorizations[2].patterns.first?.text == "db7")
    }

    @Test(arguments: [
        (#""a\"b""#, "a\"b"), (#"'a\'b'"#, "a'b"), (#"'a\nb'"#, "a\\nb"), (#""\101\x""#, "Ax"),
        (#""\x4a\x4g""#, "J\u{4}g"),
        ("\"a\\\nb\"", "ab"), (#"a\b"#, #"a\b"#), (#""${NONE}x""#, "x"), (#"'${NONE}'"#, "${NONE}"),
        (#""a//b#c""#, "a//b#c"), ("a@b.c", "a@b.c"),
    ])
    func `texts are read as libConfuse does`(written: String, value: String) throws {
        let read = try read("authorize a { hosts = \(written) }")
        #expect(read.authorizations.first?.patterns.map(\.text) == [value])
    }

    @Test(arguments: [
        "authorize", "authorize a", "authorize a {", "authorize a { hosts }", "hosts = {",
        "hosts = {a",
        "include(", "hosts = \"a", "hosts = '", "/* ", "hosts = ${a", "= = =", "hosts = \"\\000\"",
        "hosts = \"\u{1}\" \u{1}", "}", "hosts = a b",
    ])
    func `what nobody can read is an error with its place`(text: String) throws {
        let fixture = try ImportFixture(["nsca-ng.cfg": text])
        let place = "\(fixture.folder.path("nsca-ng.cfg")):1: "
        let fault = #expect(throws: ImportFault.self) { try fixture.server() }
        #expect(fault?.description.hasPrefix(place) == true, "\(String(describing: fault))")
    }

    @Test func `files within it are read, circles and missing ones noted`() throws {
        let fixture = try ImportFixture([
            "nsca-ng.cfg": """
            include(HERE/nsca-ng.cfg)
            include("HERE/d")
            include('HERE/absent.cfg')
            include(local.cfg)
            """, "d/a.cfg": "authorize a { hosts = h1 }",
            "d/e/b.conf": "authorize b { hosts = h2 }",
            "d/no.txt": "authorize c { hosts = h3 }",
        ])
        let read = try fixture.server()
        #expect(read.authorizations.map(\.identity) == ["a", "b"])
        #expect(read.notes.map(\.place.line) == [1, 3, 4])
    }

    @Test func `the host itself is given by a Submitter of its own, its services by another`()
        throws
    {
        let read = try read(
            """
            authorize a { hosts = { web1, web2 } services = { "disk@web1", "load@web3" } }
            """)
        let text = NSCAServerImport(configuration: read, origin: "x").outcome.text
        let lines = text.split(separator: "\n").map { $0.drop { $0 == "/" || $0 == " " } }
        let starts = lines.indices.filter { lines[$0].hasPrefix("object Submitter") }
        let objects = starts.map { start in
            lines[start..<(start + 4)].joined(separator: " ").dropFirst("object Submitter ".count)
        }
        #expect(
            objects == [
                #""a, web1 itself" { users = [ ] hosts = [ "web1" ] services = [ ]"#,
                #""a, web1" { users = [ ] hosts = [ "web1" ] services = [ "disk" ]"#,
                #""a, web2 itself" { users = [ ] hosts = [ "web2" ] services = [ ]"#,
                #""a, web3" { users = [ ] hosts = [ "web3" ] services = [ "load" ]"#,
            ], "\(objects)")
    }

    @Test func `a name that a Submitter would take for a pattern is in none, and that is told`()
        throws
    {
        let read = try read(
            #"""
            authorize a {
              hosts = { 'w\*', web1 }
              services = { 'disk\*@web1', 'a[*?]b@web1', "load@web1", "(load|x!y)@web1" }
            }
            """#)
        let outcome = NSCAServerImport(configuration: read, origin: "x").outcome
        let proposed = outcome.text.split(separator: "\n").filter {
            $0.hasPrefix("//     hosts") || $0.hasPrefix("//     services")
        }
        #expect(
            proposed == [
                #"//     hosts = [ "web1" ]"#, "//     services = [ ]",
                #"//     hosts = [ "web1" ]"#, #"//     services = [ "load" ]"#,
            ], "\(proposed)")
        let told = outcome.notes.map(\.text)
        for name in ["'w*'", "'web1!disk*'", "'web1!a*b', 'web1!a?b'"] {
            let words = "No Submitter is proposed for \(name): "
            #expect(told.contains { $0.hasPrefix(words) }, "\(told)")
        }
        #expect(told.count { $0.hasSuffix("is no name that an object can have.") } == 1)
        #expect(outcome.text.contains(#"object Service "disk*""#), "the object can have it")
    }

    @Test func `a pattern of a few names becomes an object of each`() throws {
        let read = try read(#"authorize a { hosts = "(web|db)[12]" services = 'disk\w@web1' }"#)
        let outcome = NSCAServerImport(configuration: read, origin: "x").outcome
        for name in ["web1", "web2", "db1", "db2"] {
            #expect(outcome.text.contains("object Host \"\(name)\""), "\(name)")
        }
        #expect(!outcome.text.contains("diskw"))
        #expect(outcome.notes.map(\.text).contains { $0.hasPrefix(#"\w: no letter"#) })
    }

    @Test func `links that lead in circles end at once`() throws {
        let fixture = try ImportFixture([
            "nsca-ng.cfg": "include(HERE/d)", "d/a.cfg": "authorize a { hosts = h1 }",
        ])
        for name in ["x", "y", "z"] {
            try FileManager.default.createSymbolicLink(
                atPath: fixture.folder.path("d/\(name)"), withDestinationPath: ".")
        }
        let read = try fixture.server()
        #expect(read.authorizations.map(\.identity) == ["a"])
        #expect(read.notes == [])
    }

    @Test(arguments: [UInt64](1...60))
    func `no bytes trap the reader`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "authorize ", "\"a\"", "'b'", "{", "}", "=", "hosts", "services", ",", "(", ")",
            "include",
            "${A:-b}", "\\", "#", "//", "/*", "*/", "\n", " ", "+=", "\u{0}", "ü", "a|b", "[^;]*",
            "x@y",
        ]
        let text = (0..<120).compactMap { _ in pieces.randomElement(using: &generator) }.joined()
        let fixture = try ImportFixture(["nsca-ng.cfg": text])
        // lost on purpose: that it is no configuration is as good an answer
        if let read = try? fixture.server() {
            #expect(!NSCAServerImport(configuration: read, origin: "x").outcome.text.isEmpty)
        }
    }

    @Test func `the block of an identity is its own, or else that of everybody`() throws {
        let read = try read(Self.text)
        #expect(NSCAServerImport.select("db", from: read)?.authorizations.map(\.identity) == ["db"])
        #expect(NSCAServerImport.select("nn", from: read)?.authorizations.map(\.identity) == ["*"])
        #expect(NSCAServerImport.select("a", from: NSCAServerConfiguration()) == nil)
    }

    @Test func `what is printed is accepted, has no password, and each name once`() throws {
        let site = try ForwarderSite(
            master: PrivateMaster(),
            definitions: "object Host NodeName { check_command = \"dummy\" }")
        let path = try site.folder.write(Self.text, to: "nsca-ng.cfg")
        let imported = try Command.run(BuiltProducts.forwarder, ["import", "nsca-ng", path])
        #expect(imported.isSuccess, "\(imported.errorText)")
        #expect(
            !imported.outputText.contains("8a5UMsMzZhu6") && !imported.errorText.contains("8a5U"))
        try site.folder.write(imported.outputText, to: "conf.d/nsca.conf")
        let rows = try site.list()
        #expect(
            rows.keys.sorted() == [
                "db1", "fallback", "web-server", "web-server!http", "web1", "web1!disk",
                "web1!forwarder", "web1!load", "web2.example.com",
            ])
        #expect(rows["web1!disk"]?["enable_active_checks"] == false)
        #expect(rows["web1!disk"]?["expects_results"] == false)
        let one = try Command.run(
            BuiltProducts.forwarder, ["import", "nsca-ng", "--identity", "db", path])
        #expect(!one.outputText.contains("\"web1\"") && one.outputText.contains("\"db1\""))
        // what it says of rights is what forwarder.conf takes, once users are named
        let lines = imported.outputText.split(separator: "\n").filter { $0.hasPrefix("//   ") }
        let text = lines.map { $0.dropFirst(5) }.joined(separator: "\n")
        let submitters = text[(text.range(of: "object Submitter")?.lowerBound ?? text.endIndex)...]
            .split(separator: "\n").filter { line in
                ["object", "  users", "  hosts", "  services", "}"].contains { line.hasPrefix($0) }
            }
        #expect(submitters.filter { $0.hasPrefix("object") }.count >= 2, "\(text)")
        let named = submitters.joined(separator: "\n")
            .replacing("users = [ ]", with: "users = [ \"root\" ]")
        let conf = try String(contentsOfFile: site.configurationPath, encoding: .utf8)
        try site.folder.write(conf + "\n" + named + "\n", to: "forwarder.conf")
        #expect(try site.run("list").isSuccess, "\(named)")
    }

    @Test func `a service of the name of the own health is accepted, and told`() throws {
        let site = try ForwarderSite(
            master: PrivateMaster(),
            definitions: "object Host NodeName { check_command = \"dummy\" }")
        let path = try site.folder.write(
            #"authorize a { services = { "forwarder@web1", "forwarder@web2", forwarder } }"#,
            to: "nsca-ng.cfg")
        let imported = try Command.run(BuiltProducts.forwarder, ["import", "nsca-ng", path])
        #expect(imported.errorText.contains("is the forwarder's own health"))
        try site.folder.write(imported.outputText, to: "conf.d/nsca.conf")
        let rows = try site.list()
        #expect(rows.keys.sorted() == ["web1", "web1!forwarder", "web2", "web2!forwarder"])
        #expect(rows["web2!forwarder"]?["enable_active_checks"] == false)
    }

    @Test func `commands that let results through are not told as none`() throws {
        let read = try read(#"authorize a { commands = "PROCESS_SERVICE_CHECK_RESULT;h;s;.*" }"#)
        let told = NSCAServerImport(configuration: read, origin: "x").outcome.notes.map(\.text)
        #expect(told.contains { $0.contains("define an object for each one that comes") })
        #expect(!told.contains { $0.contains("no results") }, "\(told)")
    }

    @Test func `Debian's own file is read`() throws {
        let debian = "/etc/nsca-ng/nsca-ng.cfg"
        guard FileManager.default.isReadableFile(atPath: debian) else { return }
        let imported = try Command.run(BuiltProducts.forwarder, ["import", "nsca-ng"])
        #expect(imported.isSuccess, "\(imported.errorText)")
        #expect(imported.outputText.contains(#"authorize "*""#))
        #expect(imported.outputText.contains("could submit nothing."))
    }
}
