import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// What needs a shell keeps one; what does not becomes words.
@Suite struct ShellLineTests {
    @Test(arguments: [
        ("/usr/lib/check_disk -w 20% -c 10% -p /dev/hda1", 7),
        ("/usr/lib/check_load -r -w .15,.10,.05 -c .30,.25,.20", 6),
        ("  sudo\t/usr/lib/check_x  --name=a:b@c  ", 3), ("check_ünïcode übung", 2),
    ])
    func `a program with its arguments is words`(line: String, count: Int) {
        #expect(ShellLine.words(of: line)?.count == count)
    }

    @Test(arguments: [
        "/bin/check | grep x", "/bin/check > /dev/null", "/bin/check 'a b'", "/bin/check \"a\"",
        "/bin/check $HOME", "/bin/check `date`", "/bin/check *.log", "/bin/check a?",
        "/bin/check [a]",
        "/bin/check ~root", "/bin/check a\\ b", "/bin/check; exit 1", "/bin/check && true",
        "LANG=C /bin/check", "echo done", "if true; then exit 1; fi", "[ -f /etc/passwd ]",
        "exit 2",
        "/bin/check # and more", "/bin/check {a,b}", "! /bin/check", "/bin/check ^a", "", "  ",
        "/bin/check a\u{B}b", "/bin/check a\rb", "/bin/check a\u{7F}b",
    ])
    func `whatever a shell would do more is left to it`(line: String) {
        #expect(ShellLine.words(of: line) == nil)
    }

    @Test func `variables are those that the line does not set itself`() {
        let line = "A=1 $A $B ${C} for D in x; do $D; done; read E; $E $B '$F' \"$G\" \\$H $1 $AB"
        #expect(ShellLine.variables(in: line) == ["B", "C", "G", "AB"])
        #expect(ShellLine.variables(in: "XA=1; $A") == ["A"])
    }

    @Test(.timeLimit(.minutes(1))) func `many names cost no more than their length`() {
        let line = (0..<60_000).map { "$v\($0)" }.joined(separator: " ")
        #expect(ShellLine.variables(in: line).count == 60_000)
        var names = ImportedNames(reserved: ["a-3"])
        let given = (0..<40_000).map { _ in names.give("a") }
        #expect(given.prefix(3) == ["a", "a-2", "a-4"] && Set(given).count == given.count)
    }

    @Test func `what is taken for words is what the shell makes of it`() throws {
        let folder = try TemporaryDirectory("shell")
        let recorder = try folder.write(
            "#!/bin/sh\nfor word in \"$@\"; do printf '<%s>' \"$word\"; done\n", to: "recorder",
            mode: 0o700)
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array("ab01_@%+=:,./-üß日 \t'\"$`|&;<>()[]{}*?~#!\\^")
        var wordsSeen = 0
        for _ in 0..<400 {
            let length = Int.random(in: 1...12, using: &generator)
            let tail = String(
                (0..<length).compactMap { _ in alphabet.randomElement(using: &generator) })
            guard let words = ShellLine.words(of: "\(recorder) \(tail)") else { continue }
            wordsSeen += 1
            let shell = try Command.run(
                "/bin/sh", ["-c", "\(recorder) \(tail)"], folder: folder.path)
            #expect(
                shell.outputText == words.dropFirst().map { "<\($0)>" }.joined(), "\(tail)")
        }
        #expect(wordsSeen > 20)
    }
}
