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
