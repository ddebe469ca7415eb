import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// Checkmk's mrpe.cfg, line by line.
@Suite struct MRPEImportTests {
    private static let text = """
        # comment
          # another
        Disk /usr/lib/nagios/plugins/check_disk -w 10% -c 5% -p /
        Borg%20Backup (interval=3600) /usr/bin/check-borg -C '/etc/borg.cfg'
        Rare (interval=86400:appendage=1)   /usr/bin/rare
        Odd%2 (appendage=1) /usr/bin/odd
        100%25 /usr/bin/hundred | head -1
        Nothing
        Only (interval=60)
        """

    @Test func `names are decoded, options read, and commands taken as bash would`() {
        let read = MRPEImport(Array(Self.text.utf8), path: "mrpe.cfg")
        #expect(read.lines.map(\.name) == ["Disk", "Borg Backup", "Rare", "Odd%2", "100%"])
        #expect(read.lines.map(\.intervalSeconds) == [nil, 3600, 86_400, nil, nil])
        #expect(read.lines.map(\.command)[2] == "/usr/bin/rare")
        #expect(read.notes.map(\.place.line) == [8, 9])
        let outcome = read.outcome
        #expect(
            outcome.text.contains(
                #"command = [ "/bin/bash", "-c", "/usr/bin/hundred | head -1" ]"#))
        #expect(outcome.text.contains(#"command = [ "/usr/bin/rare" ]"#))
        #expect(outcome.notes.filter { $0.text.contains("appendage=1") }.count == 2)
    }

    private static func check(_ line: String) -> (text: String, notes: [String]) {
        let outcome = MRPEImport(Array(line.utf8), path: "mrpe.cfg").outcome
        return (outcome.text, outcome.notes.map(\.text))
    }

    @Test(arguments: ["0", "", "soon", "-5", "1.5", "99999999999999999999", "400000000"])
    func `an interval that gives no time is told, and is the agent's`(value: String) {
        let check = Self.check("A (interval=\(value):appendage=1) /bin/a\n")
        #expect(!check.text.contains("check_interval = \(value)\n"))
        #expect(check.text.contains("object Service \"A\""))
        #expect(check.notes.count == 2 && check.notes[0].contains("'interval=\(value)'"))
    }

    @Test func `a parenthesis of the line's own is no option`() {
        let shell = Self.check("A (cd /tmp && ./check)\n")
        #expect(shell.text.contains(#""(cd /tmp && ./check)""#) && shell.notes == [])
        let inner = Self.check("A (interval=60:x=y)z) /bin/a\n")
        #expect(inner.text.contains(#"command = [ "/bin/a" ]"#))
        #expect(Self.check("A (interval=60)\n").notes.count == 1)
    }

    @Test func `the agent's variables come along with its packages' values`() {
        let check = Self.check(
            "A \"$MK_LIBDIR/plugins/x\" -f ${MK_CONFDIR}/x.cfg '$MK_BIN' \\$MK_VARDIR\n")
        #expect(check.text.contains(#"    env.MK_LIBDIR = "/usr/lib/check_mk_agent""#))
        #expect(check.text.contains(#"    env.MK_CONFDIR = "/etc/check_mk""#))
        #expect(!check.text.contains("env.MK_BIN") && !check.text.contains("env.MK_VARDIR"))
        #expect(check.notes.count == 1 && check.notes[0].contains("$MK_LIBDIR, $MK_CONFDIR"))
    }

    @Test func `other variables, the agent's functions and lost quotes are told`() {
        #expect(
            Self.check("A /bin/a $REMOTE $PATH $1 $?\n").notes.map { $0.hasPrefix("$REMOTE: ") }
                == [true])
        #expect(Self.check("A X=1; echo $X; for y in 1 2; do echo $y; done\n").notes == [])
        #expect(
            Self.check("A waitmax 10 /bin/a\n").notes.map { $0.hasPrefix("'waitmax'") } == [true])
        #expect(
            Self.check("A (interval=60) /bin/a 'x y'\n").notes.map { $0.contains("quotes away") }
                == [true])
        #expect(Self.check("A (interval=60) /bin/a 'x'\n").notes == [])
        #expect(Self.check("A /bin/a 'x y'\n").notes == [])
    }

    @Test func `the agent's variables reach the plugin`() throws {
        let site = try ForwarderSite(
            master: PrivateMaster(),
            definitions: "object Host NodeName { check_command = \"dummy\" }")
        let path = try site.folder.write("A echo \"in $MK_CONFDIR\"\n", to: "mrpe.cfg")
        let imported = try Command.run(BuiltProducts.forwarder, ["import", "mrpe", path])
        try site.folder.write(imported.outputText, to: "conf.d/mrpe.conf")
        let ran = try site.run("run", ["A"])
        #expect(ran.outputText.contains("in /etc/check_mk"), "\(ran.outputText) \(ran.errorText)")
    }

    @Test func `what is printed is accepted, with command lines and intervals`() throws {
        let site = try ForwarderSite(
            master: PrivateMaster(),
            definitions: "object Host NodeName { check_command = \"dummy\" }")
        let path = try site.folder.write(Self.text, to: "mrpe.cfg")
        let imported = try Command.run(BuiltProducts.forwarder, ["import", "mrpe", path])
        #expect(imported.isSuccess)
        #expect(imported.errorText.split(separator: "\n").count == 4, "\(imported.errorText)")
        try site.folder.write(imported.outputText, to: "conf.d/mrpe.conf")
        let rows = try site.list()
        #expect(rows["web1!Borg Backup"]?["check_interval"].number == 3600)
        #expect(rows["web1!Disk"]?["check_interval"].number == 60)
        #expect(rows["web1!Disk"]?["command_line"].elements.count == 7)
    }

    @Test func `hostile bytes are left out and named`() {
        let bytes: [UInt8] = Array("a\u{0} /bin/a\n%00 /bin/b\n%FF /bin/c\n".utf8) + [0xFF, 0x0A]
        let read = MRPEImport(bytes, path: "mrpe.cfg")
        #expect(read.lines.count == 2)
        #expect(read.notes.map(\.place.line) == [1, 4])
        let text = read.outcome.text
        #expect(text.contains("object Service \"-\"") && text.contains("object Service \"%FF\""))
    }
}
