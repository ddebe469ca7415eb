import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// What is imported runs as NRPE runs it: the real one, on loopback.
@Suite(.serialized, .enabled(if: UnpackedNRPE.isThere, Comment(rawValue: UnpackedNRPE.absence)))
struct NRPEParityTests {
    /// A site whose conf.d has what was imported from a file.
    private static func site(importing path: String) throws -> ForwarderSite {
        let site = try ForwarderSite(
            master: PrivateMaster(),
            definitions: "object Host NodeName { check_command = \"dummy\" }")
        let imported = try Command.require(BuiltProducts.forwarder, ["import", "nrpe", path])
        try site.folder.write(imported.outputText, to: "conf.d/nrpe.conf")
        return site
    }

    /// Runs each command by the real NRPE; returns what it printed.
    private static func real(
        _ commands: [String], _ configuration: String, in folder: TemporaryDirectory
    ) throws -> [String: String] {
        let port = try LoopbackPort()
        let path = try folder.write(
            """
            server_address=127.0.0.1
            server_port=\(port.number)
            allowed_hosts=127.0.0.1
            nrpe_user=nobody
            nrpe_group=nogroup
            pid_file=\(folder.path("nrpe.pid"))
            log_file=\(folder.path("nrpe.log"))
            \(configuration)
            """, to: "served.cfg")
        let server = try ChildProcess(
            UnpackedNRPE.server, ["-n", "-f", "-c", path], environment: UnpackedNRPE.environment)
        defer { withExtendedLifetime(server) {} }
        func ask(_ arguments: [String]) throws -> Command.Outcome {
            try Command.run(
                UnpackedNRPE.client,
                ["-n", "-t", "120", "-H", "127.0.0.1", "-p", "\(port.number)"] + arguments,
                environment: UnpackedNRPE.environment)
        }
        try eventually("NRPE answers") { try ask([]).isSuccess }
        var said: [String: String] = [:]
        for command in commands { said[command] = try ask(["-c", command]).outputText }
        return said
    }

    @Test func `Debian's sample is accepted, word for word`() throws {
        let site = try Self.site(importing: UnpackedNRPE.sample)
        let valid = try site.run("validate")
        #expect(valid.isSuccess, "\(valid.errorText)")
        let sample = try String(contentsOfFile: UnpackedNRPE.sample, encoding: .utf8)
        var count = 0
        let rows = try site.list()
        for line in sample.split(separator: "\n") where line.hasPrefix("command[") {
            let parts = line.dropFirst("command[".count).split(separator: "]=", maxSplits: 1)
            let words = parts[1].split(separator: " ").map(String.init)
            let row = try #require(rows["web1!\(parts[0])"], "\(line)")
            #expect(row["command_line"].elements.compactMap(\.string) == words)
            count += 1
        }
        #expect(count == 5)
    }

    /// 50 lines around one program that prints its arguments.
    private static func lines(_ program: String) -> [String] {
        let tails = [
            "", "a b  c", "-w 20% -c 10% -p /dev/hda1", "'a b' c", "\"a b\" 'c \"d\"'", "a\\ b",
            "'it'\\''s'", "\"\\\"\"", "''", "a=b c=d", "ünï çödé 日本", "'日 本'", "x | cat",
            "x | tr x y", "x 2>&1", "x >/dev/null; exit 1", "x && \(program) y", "x || true",
            "`echo a b`", "$$(echo a b)", "\"$$(echo a b)\"", "$$((1+2))", "'$$'", "'$$$$'", "a$b",
            "a$b$c", "'$1 $2'", "x$ARG1$y", "a $ARG2$ b", "/etc/host*", "'/etc/host*'",
            "/etc/pass?d",
            "[a-c]", "{a,b}", "~root", "a;b=c; \(program) z", "# gone", "'# here'", "!x", "^x",
            "%d %s",
            "a,b:c@d+e=f", "--long=value --flag", "a\tb", "\"a\tb\"", "-- -x", "< /dev/null x",
            "'a\\nb'", "\"a|b=1;2;3\"", "$$HERE_IS_NONE x",
        ]
        return tails.map { "\(program) \($0)" }
    }

    @Test func `fifty generated commands run as NRPE runs them`() throws {
        let folder = try TemporaryDirectory("nrpe")
        let program = try folder.write(
            "#!/bin/sh\nfor word in \"$@\"; do printf '<%s>' \"$word\"; done\necho \" end\"\n",
            to: "recorder", mode: 0o755)
        // the real one refuses to be root
        try #require(chmod(folder.path, 0o755) == 0)
        let lines = Self.lines(program)
        try #require(lines.count == 50)
        let names = lines.indices.map { "check_\($0)" }
        let configuration = zip(names, lines).map { "command[\($0)]=\($1)\n" }.joined()
        let path = try folder.write(configuration, to: "nrpe.cfg")
        let real = try Self.real(names, configuration, in: folder)
        let site = try Self.site(importing: path)
        let valid = try site.run("validate")
        #expect(valid.isSuccess, "\(valid.errorText)")
        let rows = try site.list()
        var shellCount = 0
        for (name, line) in zip(names, lines) {
            let row = try #require(rows["web1!\(name)"])
            let words = row["command_line"].elements.compactMap(\.string)
            try #require(!words.isEmpty, "\(line): \(row)")
            let run = try Command.run(
                words[0], Array(words.dropFirst()), environment: UnpackedNRPE.environment,
                folder: "/")
            let said = try #require(real[name])
            // check_nrpe ends its output with a line break of its own
            let expected = said.split(separator: "\n", omittingEmptySubsequences: true)
            let found = run.outputText.split(separator: "\n", omittingEmptySubsequences: true)
            let isSilent = found.isEmpty && said.hasPrefix("NRPE: ")
            #expect(found == expected || isSilent, "\(line)")
            if words[0] == "/bin/sh" { shellCount += 1 }
        }
        #expect(shellCount > 20 && shellCount < 45, "some need a shell, and some do not")
        let once = try site.run("run", ["check_4"])
        #expect(once.outputText.contains("<a b><c \"d\"> end"), "\(once.outputText)")
    }
}
