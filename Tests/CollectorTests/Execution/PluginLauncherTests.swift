import Collector
import Foundation
import Monitoring
import Testing

@Suite struct PluginLauncherTests {
    private let zoo: PluginZoo
    private let launcher: PluginLauncher

    init() throws { try self.init(openFileLimit: nil) }

    private init(openFileLimit: Int?, grace: Duration = .milliseconds(200)) throws {
        zoo = try PluginZoo()
        launcher = try PluginLauncher(
            time: SystemTime(),
            environment: PluginEnvironment(inheriting: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
            ),
            settings: LauncherSettings(
                grace: grace, openFileLimit: openFileLimit)
        )
    }

    /// Runs these together, returns what they came to in the order of `commands`.
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

    @Test func `a plugin's text, data, status and times are reported`() throws {
        let before = SystemTime().wall
        let result = try run(zoo.plugin("echo 'LOAD OK|load1=0.5'; echo more >&2; exit 1"))
        #expect(result.output.text == "LOAD OK\nmore")
        #expect(result.output.performanceData == ["load1=0.5"])
        #expect(result.output.state == .warning)
        #expect(before <= result.start && result.start < result.end)
        #expect(result.end <= SystemTime().wall + .milliseconds(1))
    }

    @Test func `arguments and environment arrive byte by byte`() throws {
        var command = shell("printf '%s,' \"$@\"; printf %s \"$V\"")
        command.argumentVector += [Array("zero".utf8), [], Array("a b'\"$x".utf8), [0xC3, 0xA9]]
        command.environment = [PluginVariable(name: "V", value: Array("w=1".utf8))]
        #expect(try run(command).output.text == ",a b'\"$x,é,w=1")
    }

    @Test func `a plugin that does not exist is UNKNOWN and named`() throws {
        let missing = PluginCommand(argumentVector: [Array("/nonexistent/check_x".utf8)])
        let result = try run(missing)
        #expect(
            result.output.text == "execvpe(/nonexistent/check_x) failed: No such file or directory"
        )
        #expect(result.output.exitStatus == 128)
        let unnamed = try run(PluginCommand(argumentVector: [Array("check_nonexistent".utf8)]))
        #expect(
            unnamed.output.text == "execvpe(check_nonexistent) failed: No such file or directory"
        )
    }

    @Test func `a file that may not be executed is UNKNOWN`() throws {
        let command = PluginCommand(argumentVector: [Array("/etc/passwd".utf8)])
        #expect(
            try run(command).output.text == "execvpe(/etc/passwd) failed: Permission denied"
        )
    }

    @Test func `a script without an interpreter line runs with the shell, its arguments kept`()
        throws
    {
        var command = try zoo.file("echo \"plain $0 $1\"\nexit 2\n")
        command.argumentVector.append(Array("one".utf8))
        let result = try run(command)
        let path = String(decoding: command.argumentVector[0], as: UTF8.self)
        #expect(result.output.text == "plain \(path) one")
        #expect(result.output.state == .critical)
    }

    @Test func `a missing interpreter is a missing file`() throws {
        let result = try run(zoo.file("#!/nonexistent/perl\n"))
        #expect(result.output.text.hasSuffix("failed: No such file or directory"))
    }

    @Test(arguments: [
        PluginCommand(argumentVector: []),
        PluginCommand(argumentVector: [Array("/bin/echo".utf8), [0x61, 0x00, 0x62]]),
        PluginCommand(
            argumentVector: [Array("/bin/true".utf8)],
            environment: [PluginVariable(name: "A=B", value: [])]
        ),
        PluginCommand(
            argumentVector: [Array("/bin/true".utf8)],
            environment: [PluginVariable(name: "A", value: [0])]
        ),
    ])
    func `a command that no process can be given is UNKNOWN`(command: PluginCommand) throws {
        let result = try run(command)
        #expect(result.output.exitStatus == 128)
        #expect(result.output.text.hasPrefix("The plugin could not be started: "))
    }

    @Test func `a command line that is too long is UNKNOWN`() throws {
        let huge = [UInt8](repeating: 0x61, count: 4_000_000)
        let result = try run(PluginCommand(argumentVector: [Array("/bin/true".utf8), huge]))
        #expect(result.output.text == "execvpe(/bin/true) failed: Argument list too long")
    }

    @Test func `a plugin that hangs is ended in time`() throws {
        let (timeout, result, said) = try timedOut { timeout in
            try run(shell("echo $$; sleep 300", timeout: timeout))
        }
        #expect(result.output.text == "\(said)\n<Timeout exceeded.>")
        #expect(result.output.exitStatus == 128)
        #expect(result.end - result.start >= timeout)
        #expect(result.end - result.start < .seconds(200))
    }

    @Test func `a plugin that ignores SIGTERM is killed with all its children`() throws {
        let (timeout, result, session) = try timedOut { timeout in
            let command = try zoo.plugin(
                "trap '' TERM; echo $$; sh -c \"trap '' TERM; sleep 60; :\" & "
                    + "while :; do sleep 60; done",
                timeout: timeout)
            return try run(command)
        }
        #expect(result.output.text == "\(session)\n<Timeout exceeded.>")
        #expect(result.end - result.start >= timeout * 11 / 10)
        // Killed ones may still be on their way out, or be zombies of init.
        #expect(processes(inSession: session).allSatisfy(isDying))
    }

    @Test func `a flood is drained and cut`() throws {
        let result = try run(
            shell(
                "echo 'head|a=1'; head -c 100000000 /dev/zero | tr '\\0' x; exit 1",
                timeout: .seconds(600)))
        #expect(result.output.text.hasPrefix("head\nxxx"))
        #expect(result.output.text.hasSuffix("\n<Output cut at 65536 bytes.>"))
        #expect(result.output.performanceData == ["a=1"])
        #expect(result.output.state == .warning)
    }

    @Test func `a flood without end does not delay others`() {
        launcher.start(shell("yes", timeout: .seconds(600)), as: RunID(number: 0))
        launcher.start(shell("echo small"), as: RunID(number: 1))
        var finished: [FinishedPlugin] = []
        while finished.isEmpty { finished = launcher.turn(until: nil) }
        #expect(finished.map(\.output.text) == ["small"])
        launcher.killAll()
    }

    @Test func `a background child that holds the output open does not hold up the result`() throws
    {
        let result = try run(shell("sleep 60 & echo $$; exit 1"))
        #expect(result.output.state == .warning)
        #expect(result.end - result.start < .seconds(20))
        let session = try #require(Int32(result.output.text))
        #expect(processes(inSession: session).allSatisfy(isDying))
    }

    @Test func `a background child that let go of the output lives on`() throws {
        let result = try run(shell("sleep 60 > /dev/null 2>&1 & echo $! $$"))
        let ids = result.output.text.split(separator: " ").compactMap { Int32($0) }
        try #require(ids.count == 2)
        #expect(processes(inSession: ids[1]).contains(ids[0]))
        kill(ids[0], SIGKILL)
    }

    @Test func `a plugin that closes its output early is waited for`() throws {
        let result = try run(shell("echo said; exec >&- 2>&-; sleep 0.05; exit 2"))
        #expect(result.output.text == "said")
        #expect(result.output.state == .critical)
    }

    @Test func `a plugin that a signal ends says which`() throws {
        let result = try run(shell("echo almost; kill -9 $$"))
        #expect(result.output.text == "almost\n<Terminated by signal 9 (Killed).>")
        #expect(result.output.exitStatus == 128)
    }

    @Test func `invalid UTF-8 and NULs are replaced`() throws {
        let result = try run(shell("printf 'a\\377b\\000c'"))
        #expect(result.output.text == "a\u{FFFD}b\u{FFFD}c")
    }

    @Test func `every exit status above 3 is UNKNOWN and told`() {
        let results = run((4...255).map { shell("exit \($0)") })
        for (index, result) in results.enumerated() {
            let status = index + 4
            #expect(result.output.exitStatus == Int32(status))
            #expect(result.output.state == .unknown)
            #expect(
                result.output.text
                    == "<Terminated with exit code \(status) (0x\(String(status, radix: 16))).>"
            )
        }
    }

    @Test func `a plugin starts with a clean slate`() throws {
        let result = try run(
            shell(
                "env | sort; umask; nice; ls -l /proc/self/fd | grep -c pipe; "
                    + "readlink /proc/self/fd/0"
            )
        )
        let lines = result.output.text.split(separator: "\n").map(String.init)
        #expect(
            lines.filter { $0.contains("=") && !$0.hasPrefix("PWD=") && !$0.hasPrefix("_=") } == [
                "HOME=/", "LANG=C.UTF-8", "LC_NUMERIC=C", "PATH=/usr/bin:/bin",
            ]
        )
        #expect(lines.suffix(4) == ["0022", "\(min(19, 5 + ownNice))", "2", "/dev/null"])
    }

    @Test func `a plugin inherits no signal mask, no ignored signal and no descriptor`() throws {
        signal(SIGPIPE, SIG_IGN)
        let result = try run(
            shell("grep -E '^(SigBlk|SigIgn|SigCgt)' /proc/self/status; cd /proc/self/fd; echo *")
        )
        let lines = result.output.text.split(separator: "\n")
        try #require(lines.count == 4)
        #expect(lines[0].hasSuffix("\t0000000000000000"))
        #expect(lines[1].hasSuffix("\t0000000000000000"))
        // The shell itself opens one to expand the pattern, and keeps none.
        #expect(lines[3].split(separator: " ").count <= 5)
    }

    // MARK: - What counts descriptors and children needs a process of its own
    //
    // The test library opens and closes some of its own there; a leak in these tests would be of
    // one or more for each of many plugins.

    @Test func `many at once leave no descriptor and no zombie behind`() async {
        await #expect(processExitsWith: .success) {
            let tests = try PluginLauncherTests()
            let before = try descriptorCount()
            let results = tests.run(
                (0..<300).map { shell("read x; echo \($0); sleep 0.2; exit \($0 % 4)") }
            )
            #expect(results.map(\.output.text) == (0..<300).map(String.init))
            #expect(results.map(\.output.exitStatus) == (0..<300).map { Int32($0 % 4) })
            #expect(try descriptorCount() < before + 10)
            #expect(ownZombieCount() == 0)
        }
    }

    @Test func `without descriptors a check is UNKNOWN and the next one runs`() async {
        await #expect(processExitsWith: .success) {
            let tests = try PluginLauncherTests()
            var usual = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual)
            var low = usual
            low.rlim_cur = 3
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &low)
            let refused = Result { try tests.run(shell("echo never")) }
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual)
            #expect(try refused.get().output.text.contains("Too many open files"))
            #expect(try refused.get().output.exitStatus == 128)
            #expect(try tests.run(shell("echo again")).output.text == "again")
        }
    }

    @Test func `the limit of open files is raised for this process and not for its plugins`() async
    {
        await #expect(processExitsWith: .success) {
            let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            var limit = rlimit(rlim_cur: 200, rlim_max: 300)
            #expect(setrlimit(kind, &limit) == 0)
            #expect(DescriptorLimit.current == DescriptorLimit(own: 200, ofPlugins: 200))
            let raised = DescriptorLimit.raised()
            #expect(raised == DescriptorLimit(own: 300, ofPlugins: 200))
            #expect(DescriptorLimit.raised() == DescriptorLimit(own: 300, ofPlugins: 300))
            let tests = try PluginLauncherTests(openFileLimit: raised.ofPlugins)
            let said = try tests.run(shell("ulimit -Sn; ulimit -Hn")).output.text
            #expect(said == "200\n300")
        }
    }

    @Test func `checks at a time never take the last descriptor, and one may always run`() {
        for own in [0, 3, 96, 97, 98, 112, 1024, 65_536] {
            let most = DescriptorLimit(own: own, ofPlugins: own).mostChecks
            #expect(most == max(1, (own - 96) / 2))
        }
    }

    @Test func `killing everything reports nothing and leaves nothing`() async {
        await #expect(processExitsWith: .success) {
            // it ends with the last of them, however long they get no time to die
            let tests = try PluginLauncherTests(openFileLimit: nil, grace: .seconds(60))
            let before = try descriptorCount()
            for number in 0..<10 {
                tests.launcher.start(
                    shell("trap '' TERM; sleep 60; :"),
                    as: RunID(number: UInt64(number))
                )
            }
            tests.launcher.killAll()
            #expect(tests.launcher.runningCount == 0)
            #expect(try descriptorCount() < before + 10)
            #expect(ownZombieCount() == 0)
        }
    }

    private var ownNice: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
}
