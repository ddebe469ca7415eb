import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// nrpe.cfg as NRPE reads it, and what becomes of it.
@Suite struct NRPEImportTests {
    private func commands(_ text: String) throws -> [String: String] {
        let read = try ImportFixture(["nrpe.cfg": text]).nrpe()
        return Dictionary(read.commands.map { ($0.name, $0.line) }) { $1 }
    }

    @Test func `commands, comments, blanks and signs are read as NRPE does`() throws {
        let read = try commands(
            """
            # command[no]=/bin/no
              command[a]=/bin/a -x   \u{20}
            command[b b]= /bin/b=c -d 'e=f'
            command[c]=/bin/c \\
            =command[d]=/bin/d
            \tcommand[e]=/bin/e # no comment here
            command[a]=/bin/second
            command[]=/bin/nameless
            command[f=g]=/bin/cut
            """)
        #expect(
            read == [
                "a": "/bin/second", "b b": " /bin/b=c -d 'e=f'", "c": "/bin/c \\", "d": "/bin/d",
                "e": "/bin/e # no comment here", "f": "g]=/bin/cut",
            ])
    }

    @Test func `what is defined twice, unknown or without value is noted at its line`() throws {
        let read = try ImportFixture([
            "nrpe.cfg":
                "command[a]=/bin/a\ncommand[a]=/bin/b\nnonsense=1\nserver_port\nssl_version=x"
        ]).nrpe()
        #expect(read.notes.map(\.place.line) == [2, 3, 4])
        #expect(read.unneeded == ["ssl_version"])
        #expect(read.commands.map(\.line) == ["/bin/b"])
    }

    @Test func `files and folders within it are read in NRPE's order`() throws {
        let read = try ImportFixture([
            "nrpe.cfg": "include=HERE/one.cfg\ninclude_dir=HERE/d/\ncommand_timeout=7",
            "one.cfg": "command[one]=/bin/1\ncommand_prefix=/usr/bin/sudo",
            "d/b.cfg": "command[b]=/bin/b", "d/a/x.cfg": "command[ax]=/bin/ax",
            "d/c.conf": "command[no]=/bin/no", "d/.hidden/y.cfg": "command[no]=/bin/no",
            "d/.z.cfg": "command[z]=/bin/z", "d/.cfg": "command[no]=/bin/no",
        ]).nrpe()
        #expect(read.commands.map(\.name) == ["one", "z", "ax", "b"])
        #expect(read.prefix == "/usr/bin/sudo" && read.timeout == 7)
        #expect(read.notes.isEmpty)
    }

    @Test func `each real folder is read once, whatever links lead to it`() throws {
        let fixture = try ImportFixture([
            "nrpe.cfg": "include_dir=HERE/d", "d/a.cfg": "command[a]=/bin/a",
            "d/e/b.cfg": "command[b]=/bin/b",
        ])
        for (name, target) in [("x", "."), ("y", "."), ("e/up", ".."), ("z", "e")] {
            try FileManager.default.createSymbolicLink(
                atPath: fixture.folder.path("d/\(name)"), withDestinationPath: target)
        }
        let read = try fixture.nrpe()
        #expect(read.commands.map(\.name) == ["a", "b"])
        #expect(read.notes == [])
    }

    @Test func `more files and names than are read are told`() throws {
        let fixture = try ImportFixture(["nrpe.cfg": "include_dir=HERE/d\ninclude_dir=HERE/d"])
        let folder = fixture.folder.path("d")
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
        for number in 0...ImportSource.fileLimit {
            #expect(
                FileManager.default.createFile(atPath: "\(folder)/\(number).cfg", contents: nil))
        }
        var reader = NRPEReader(fixture.source)
        try reader.read(fixture.folder.path("nrpe.cfg"))
        let notes = reader.configuration.notes.filter { $0.text.contains("The rest is not read.") }
        #expect(notes.map(\.place.line) == [1, 2])
        var namesLeft = ImportSource.fileLimit
        let walk = fixture.source.walk(
            folder, .init(isWanted: { _ in true }, entersHiddenFolders: true),
            namesLeft: &namesLeft)
        #expect(walk.paths == [] && walk.complaints.count == 1, "\(walk.complaints)")
    }

    @Test func `a folder can be given itself`() throws {
        let fixture = try ImportFixture(["d/a.cfg": "command[a]=/bin/a"])
        #expect(try fixture.nrpe("d").commands.map(\.name) == ["a"])
    }

    @Test func `circles, missing and foreign files are noted, and end`() throws {
        let fixture = try ImportFixture([
            "nrpe.cfg": """
            include=HERE/nrpe.cfg
            include=HERE/absent.cfg
            include=relative.cfg
            include_dir=HERE/nowhere
            include=HERE/open.cfg
            include=HERE/left.cfg
            command[a]=/bin/a
            """, "left.cfg": "include=HERE/right.cfg", "right.cfg": "include=HERE/left.cfg",
            "open.cfg": "command[evil]=/bin/evil",
        ])
        try #require(chmod(fixture.folder.path("open.cfg"), 0o666) == 0)
        let read = try fixture.nrpe()
        #expect(read.commands.map(\.name) == ["a"])
        #expect(read.notes.count == 6)
        #expect(read.notes.contains { $0.text.contains("can be written by") })
        #expect(read.notes.contains { $0.text.contains("relative.cfg") })
    }

    @Test func `hostile files cost no more than their size`() throws {
        let fixture = try ImportFixture([
            "nrpe.cfg": "command[nul]=/bin/a\u{0}b\ncommand[ok]=/bin/ok\n"
                + "command[long]=/bin/long \(String(repeating: "x", count: 5000))\n"
                + "command[deep]=\(String(repeating: "$", count: 2001))\n"
                + "[\n]=\n===\ncommand[\n"
        ])
        let read = try fixture.nrpe()
        #expect(read.commands.map(\.name) == ["ok", "long", "deep"])
        #expect(read.commands[1].line.utf8.count < NRPEReader.lineLimit)
        #expect(read.notes.contains { $0.text.contains("cuts lines") })
        let raw = fixture.folder.url.appendingPathComponent("bytes.cfg")
        try Data([0xFF, 0x0A] + Array("command[a]=/bin/a\n".utf8)).write(to: raw)
        #expect(try fixture.nrpe("bytes.cfg").commands.map(\.name) == ["a"])
        #expect(throws: ImportFault.self) { try fixture.nrpe("absent.cfg") }
    }

    @Test(arguments: [UInt64](1...40))
    func `no bytes trap the reader`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "command[", "]", "=", "$", "ARG1", "$ARG1$", "include=HERE/nrpe.cfg", "\n", "#", "'",
            "\\",
            "include_dir=HERE", " ", "\u{0}", "ü", "command_prefix=", "/bin/x", "!", "\r", "\t",
        ]
        let text = (0..<200).compactMap { _ in pieces.randomElement(using: &generator) }.joined()
        let outcome = try ImportFixture(["nrpe.cfg": text]).nrpeText()
        #expect(outcome.text.utf8.count < 200_000)
    }

    @Test(arguments: [
        ("a$\u{301}b$c", "a$\u{301}b$c"), ("a$$\u{301}", "a$\u{301}"),
        ("a$$b", "a$b"), ("a$b", "a$b$"), ("a$", "a$"), ("$1 $2", "$1 $2"), ("x$ARG1$y", "xy"),
        ("$ARGUMENT$", ""), ("a$b$c$d", "a$b$c$d$"), ("$$$$", "$$"), ("none", "none"),
    ])
    func `dollar signs become what NRPE makes of them`(line: String, shell: String) {
        #expect(NRPECommandLine(line, takesArguments: false).text == shell)
    }

    @Test func `arguments from a master become variables, named in words`() throws {
        let fixture = try ImportFixture([
            "nrpe.cfg": """
            dont_blame_nrpe=1
            command[disk]=/usr/lib/check_disk -w $ARG1$ -c $ARG2$ -w $ARG1$ -x $ARG99$ '$$'
            """
        ])
        let outcome = try fixture.nrpeText()
        let line = "/usr/lib/check_disk -w $nrpe_arg1$ -c $nrpe_arg2$ -w $nrpe_arg1$ -x  '$$'"
        #expect(outcome.text.contains("command = [ \"/bin/sh\", \"-c\", \"\(line)\" ]"))
        #expect(outcome.text.contains("// vars.nrpe_arg1 = \"...\""))
        #expect(outcome.text.contains("// vars.nrpe_arg2 = \"...\""))
        #expect(outcome.notes.count == 1)
        #expect(outcome.notes.first?.text.contains("Nothing comes from a master here") == true)
    }

    @Test func `arguments beyond those that NRPE knows are told as that`() throws {
        let remarks = try ImportFixture([
            "nrpe.cfg": "dont_blame_nrpe=1\ncommand[a]=/bin/a $ARG17$"
        ]).nrpeText().notes.map(\.text)
        #expect(remarks.count == 1 && remarks[0].hasPrefix("NRPE knows $ARG1$ to $ARG16$"))
    }

    @Test func `what stands behind a line that stopped NRPE is told, and overrides nothing`() throws
    {
        let outcome = try ImportFixture([
            "nrpe.cfg": "include=HERE/one.cfg\ncommand[d]=/bin/d\n",
            "one.cfg": "command[a]=/bin/a\nbroken\ncommand[a]=/bin/b\ncommand[c]=/bin/c\n"
                + "include=HERE/two.cfg", "two.cfg": "command[e]=/bin/e",
        ]).nrpeText()
        let never = outcome.notes.filter { $0.text.contains("it never had this command") }
        #expect(never.map(\.place.line) == [4, 1])
        #expect(never.last?.place.path.hasSuffix("two.cfg") == true)
        #expect(outcome.notes.contains { $0.text.contains("NRPE never came here") })
        #expect(outcome.text.contains("\"/bin/a\"") && !outcome.text.contains("\"/bin/b\""))
    }

    @Test func `without its arguments such a command does not run, with them as NRPE would`() throws
    {
        let fixture = try ImportFixture([
            "nrpe.cfg": "dont_blame_nrpe=1\ncommand[says]=/bin/echo $ARG1$ -c '$ARG2$' | cat"
        ])
        let site = try ForwarderSite(
            master: PrivateMaster(),
            definitions: "object Host NodeName { check_command = \"dummy\" }")
        let text = try fixture.nrpeText().text
        try site.folder.write(text, to: "conf.d/nrpe.conf")
        let missing = try site.run("run", ["says"])
        #expect(missing.outputText.contains("web1!says: UNKNOWN"), "\(missing.outputText)")
        #expect(missing.outputText.contains("nrpe_arg1"), "\(missing.outputText)")
        let given = text.replacing(
            "// vars.nrpe_arg1 = \"...\"", with: "vars.nrpe_arg1 = \"-w 1 2\""
        )
        .replacing("// vars.nrpe_arg2 = \"...\"", with: "vars.nrpe_arg2 = \"a  b\"")
        try site.folder.write(given, to: "conf.d/nrpe.conf")
        let ran = try site.run("run", ["says"])
        #expect(ran.outputText.hasPrefix("web1!says: OK\n-w 1 2 -c a  b\n"), "\(ran.outputText)")
    }

    @Test func `a line with a dollar sign is no string, which would quote it`() throws {
        let outcome = try ImportFixture([
            "nrpe.cfg": "command[a]=echo $$((1+2)) | cat\ncommand[b]=echo x | cat"
        ]).nrpeText()
        #expect(
            outcome.text.contains(#"command = [ "/bin/sh", "-c", "echo $$((1+2)) | cat" ]"#))
        #expect(outcome.text.contains(#"command = "echo x | cat""#))
    }

    @Test func `names that no object can have are mended and said`() throws {
        let outcome = try ImportFixture([
            "nrpe.cfg": "command[a!b]=/bin/a\ncommand[a-b]=/bin/b\ncommand[forwarder]=/bin/c\n"
        ]).nrpeText()
        for name in ["a-b", "a-b-2", "forwarder-2"] {
            #expect(outcome.text.contains("object Service \"\(name)\""), "\(name)")
            #expect(outcome.text.contains("object CheckCommand \"nrpe-\(name)\""), "\(name)")
        }
        #expect(outcome.notes.count == 3)
    }

    @Test func `text from the file cannot leave its comment or literal`() throws {
        let outcome = try ImportFixture([
            "nrpe.cfg":
                "command[x\"]=/bin/a \"\\\" + {{ evil }} \u{2028} \u{202E} \u{85}\r"
                + " object Host \"h\""
        ]).nrpeText()
        let lines = outcome.text.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("object ") } == 2)
        let suspects: Set<Unicode.Scalar> = ["\u{2028}", "\u{202E}", "\u{85}", "\r"]
        #expect(!outcome.text.unicodeScalars.contains { suspects.contains($0) })
    }

    @Test func `two spellings of a letter are two commands`() throws {
        let fixture = try ImportFixture([
            "nrpe.cfg": "command[\u{E9}]=/bin/a\ncommand[e\u{301}]=/bin/b\n"
        ])
        #expect(try fixture.nrpe().commands.map(\.line) == ["/bin/a", "/bin/b"])
        let outcome = try fixture.nrpeText()
        #expect(outcome.text.contains("/bin/a\"") && outcome.text.contains("/bin/b\""))
    }
}
