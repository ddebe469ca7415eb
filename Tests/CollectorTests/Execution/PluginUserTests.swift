import Collector
import Foundation
import Monitoring
import TestSupport
import Testing

/// Plugins of another user than the daemon's.
@Suite(.enabled(if: geteuid() == 0, "only root can become another user"))
struct PluginUserTests {
    /// A user of whom nothing else runs here, and whom no database knows.
    private static let user = PluginUser(
        name: "plugins", uid: 54_321, gid: 54_322, groups: [54_322, 54_323, 77],
        home: "/var/lib/plugins")

    private let zoo: PluginZoo
    private let launcher: PluginLauncher

    init() throws { try self.init(Self.user) }

    private init(_ user: PluginUser) throws {
        zoo = try PluginZoo()
        launcher = try PluginLauncher(
            time: SystemTime(),
            environment: PluginEnvironment(
                inheriting: ["PATH": "/usr/bin:/bin", "HOME": "/root", "USER": "root"],
                of: user),
            user: user,
            settings: LauncherSettings(grace: .milliseconds(200))
        )
    }

    private func run(_ commands: [PluginCommand]) -> [FinishedPlugin] {
        for (index, command) in commands.enumerated() {
            launcher.start(command, as: RunID(number: UInt64(index)))
        }
        var finished: [FinishedPlugin] = []
        while finished.count < commands.count { finished += launcher.turn(until: nil) }
        return finished.sorted { $0.id < $1.id }
    }

    private func run(_ command: PluginCommand) throws -> FinishedPlugin {
        try #require(run([command]).first)
    }

    private func said(_ command: PluginCommand) throws -> [String] {
        try run(command).output.text.split(separator: "\n").map(String.init)
    }

    private static func status(_ name: String) throws -> String {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        return try #require(lines.first { $0.hasPrefix(name + ":") })
    }

    @Test func `a plugin has the user's ids and groups and no others, and no right is left`()
        throws
    {
        let names = "Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs"
        let lines = try said(shell("grep -E '^(\(names)):' /proc/self/status"))
        let none = "\t0000000000000000"
        #expect(
            lines == [
                "Uid:\t54321\t54321\t54321\t54321", "Gid:\t54322\t54322\t54322\t54322",
                "Groups:\t77 54322 54323 ", "CapInh:" + none, "CapPrm:" + none, "CapEff:" + none,
                try Self.status("CapBnd"), "CapAmb:" + none, "NoNewPrivs:\t0",
            ])
    }

    @Test func `a plugin finds the user's home and name in its environment, and starts in /`()
        throws
    {
        let lines = try said(shell("env | sort; pwd"))
        #expect(
            lines.filter { !$0.hasPrefix("_=") } == [
                "HOME=/var/lib/plugins", "LANG=C.UTF-8", "LC_NUMERIC=C", "LOGNAME=plugins",
                "PATH=/usr/bin:/bin", "PWD=/", "USER=plugins", "/",
            ])
    }

    @Test func `a plugin inherits no signal mask, no ignored signal and no descriptor`() throws {
        signal(SIGPIPE, SIG_IGN)
        let lines = try said(
            shell("grep -E '^(SigBlk|SigIgn)' /proc/self/status; cd /proc/self/fd; echo *"))
        try #require(lines.count == 3)
        #expect(lines[0].hasSuffix("\t0000000000000000"))
        #expect(lines[1].hasSuffix("\t0000000000000000"))
        // The shell itself opens one to expand the pattern, and keeps none.
        #expect(lines[2].split(separator: " ").count <= 5)
    }

    @Test func `a program with the setuid bit gets its owner's rights, as sudo needs it`() throws {
        let path = zoo.path("id")
        try Command.require("install", ["-m", "4755", "/usr/bin/id", path])
        #expect(try run(shell("\(path) -u")).output.text == "0")
        #expect(try run(shell("id -u")).output.text == "54321")
    }

    @Test func `what only the daemon's user may read, a plugin may not`() throws {
        let secret = zoo.folder.appending(path: "secret")
        try Data("secret".utf8).write(to: secret)
        try #require(chmod(secret.path, 0o600) == 0)
        let result = try run(shell("cat \(secret.path)"))
        #expect(result.output.text.hasSuffix("Permission denied"), "\(result.output.text)")
        #expect(result.output.state == .warning)
    }

    @Test func `a program that does not run is UNKNOWN in the same words`() throws {
        let missing = PluginCommand(argumentVector: [Array("/nonexistent/check_x".utf8)])
        let unnamed = PluginCommand(argumentVector: [Array("check_nonexistent".utf8)])
        let shut = try zoo.file("#!/bin/sh\n")
        let path = String(decoding: shut.argumentVector[0], as: UTF8.self)
        try #require(chmod(path, 0o700) == 0)
        let results = run([missing, unnamed, shut, try zoo.file("#!/nonexistent/perl\n")])
        let texts = results.map(\.output.text)
        #expect(texts[0] == "execvpe(/nonexistent/check_x) failed: No such file or directory")
        #expect(texts[1] == "execvpe(check_nonexistent) failed: No such file or directory")
        #expect(texts[2] == "execvpe(\(path)) failed: Permission denied")
        #expect(texts[3].hasSuffix("failed: No such file or directory"))
        #expect(results.allSatisfy { $0.output.exitStatus == 128 })
    }

    @Test func `a plugin that itself ends with 127 is not taken for one that did not run`() throws {
        let text = try run(shell("echo ran; exit 127")).output.text
        #expect(text == "ran\n<Terminated with exit code 127 (0x7f).>")
    }

    @Test func `a script without an interpreter line runs with the shell, its arguments kept`()
        throws
    {
        var command = try zoo.file("echo \"$(id -u) $1\"\nexit 2\n")
        command.argumentVector.append(Array("one".utf8))
        #expect(try run(command).output.text == "54321 one")
    }

    @Test func `a user that cannot be become makes a check UNKNOWN, which says so`() throws {
        // No user can have this number: to the kernel it means to stay who one is.
        let nobody = PluginUser(name: "none", uid: .max, gid: 54_322, groups: [])
        let launcher = try PluginLauncher(
            time: SystemTime(), environment: PluginEnvironment(inheriting: [:]), user: nobody)
        launcher.start(shell("id -u"), as: RunID(number: 1))
        var finished: [FinishedPlugin] = []
        while finished.isEmpty { finished = launcher.turn(until: nil) }
        let text = finished[0].output.text
        #expect(text.contains("could not become the Checks object's user 'none'"), "\(text)")
        #expect(finished[0].output.exitStatus == 128)
        #expect(throws: PluginUserFault.refused("none", code: EINVAL)) {
            try nobody.requireRights()
        }
    }

    @Test func `a plugin that ignores SIGTERM is killed with all its children`() throws {
        let (_, result, session) = try timedOut { timeout in
            let command = try zoo.plugin(
                "trap '' TERM; sh -c \"trap '' TERM; sleep 60; :\" & "
                    + "sh -c 'sleep 60 & sleep 60' & echo $$; while :; do sleep 60; done",
                timeout: timeout)
            return try run(command)
        }
        #expect(result.output.text == "\(session)\n<Timeout exceeded.>")
        #expect(processes(inSession: session).allSatisfy(isDying))
    }

    @Test func `a plugin that makes processes without end is killed with all of them`() throws {
        let text = "bear() { bear2 & }; bear2() { sleep 0.05; bear2 & }; "
        let (_, result, session) = try timedOut { timeout in
            try run(
                shell(
                    "\(text) for i in 1 2 3 4 5 6 7 8; do bear; done; echo $$; sleep 300",
                    timeout: timeout))
        }
        #expect(result.output.text == "\(session)\n<Timeout exceeded.>")
        #expect(processes(inSession: session).allSatisfy(isDying))
    }

    @Test(.timeLimit(.minutes(10)))
    func `whoever stops all processes of the user does not hold up the launcher`() throws {
        // whom no other test has: it stops all that runs as this user
        let user = PluginUser(name: "stopped", uid: 54_399, gid: 54_322, groups: [54_322])
        let tests = try PluginUserTests(user)
        let launcher = tests.launcher
        let attack = shell("while :; do kill -STOP -1; done", timeout: .seconds(60))
        launcher.start(attack, as: RunID(number: 1 << 40))
        let results = (0..<8).flatMap { _ in
            tests.run(
                (0..<10).map { _ in
                    shell("sleep 0.01; echo done", timeout: .milliseconds(100))
                })
        }
        #expect(results.count == 80)
        #expect(
            results.allSatisfy {
                $0.output.text == "done" || $0.output.text.hasSuffix("<Timeout exceeded.>")
            })
        launcher.killAll()
    }

    @Test func `many at once leave no descriptor, no zombie and no memory behind`() async {
        await #expect(processExitsWith: .success) {
            let tests = try PluginUserTests()
            func pages() throws -> Int {
                try KernelFile.text("/proc/self/maps").split(separator: "\n").count {
                    $0.contains("/dev/zero")
                }
            }
            let before = try descriptorCount()
            let results = tests.run(
                (0..<300).map { shell("read x; echo \($0); sleep 0.2; exit \($0 % 4)") })
            #expect(results.map(\.output.text) == (0..<300).map(String.init))
            #expect(results.map(\.output.exitStatus) == (0..<300).map { Int32($0 % 4) })
            #expect(try descriptorCount() < before + 10)
            #expect(ownZombieCount() == 0)
            #expect(try pages() < 10)
        }
    }

    // MARK: - Who it is

    @Test func `the groups of every user here are those that initgroups would set`() throws {
        let text = try String(contentsOfFile: "/etc/passwd", encoding: .utf8)
        let names = text.split(separator: "\n").compactMap { line in
            line.split(separator: ":").first.map(String.init)
        }
        for name in names where getpwnam(name)?.pointee.pw_uid != 0 {
            let user = try PluginUser(named: name)
            func said(_ option: String) throws -> [UInt32] {
                let words = try Command.require("id", [option, name]).outputText
                return words.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
            }
            let ids = [try said("-u"), try said("-g")]
            #expect(Set(user.groups) == Set(try said("-G")), "\(name)")
            #expect(ids == [[user.uid], [user.gid]], "\(name)")
        }
        #expect(names.count > 10)
    }

    @Test func `an unknown user and root are refused`() {
        #expect(throws: PluginUserFault.unknown("no-such-user")) {
            try PluginUser(named: "no-such-user")
        }
        #expect(throws: PluginUserFault.isRoot("root")) { try PluginUser(named: "root") }
    }

    @Test func `root may run plugins as any other user, and not as itself`() throws {
        try Self.user.requireRights()
        let own = PluginUser(name: "own", uid: geteuid(), gid: 0, groups: [0])
        #expect(throws: PluginUserFault.isOwn("own")) { try own.requireRights() }
    }
}
