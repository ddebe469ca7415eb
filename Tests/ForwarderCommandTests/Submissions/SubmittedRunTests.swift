import Collector
import Foundation
import Monitoring
import TestSupport
import Testing

@testable import ForwarderCommand

/// `forwarder submit --run`: what a plugin says becomes a result, whatever it does.
@Suite struct SubmittedRunTests {
    private static func run(
        _ script: String, timeout: Duration = .seconds(30)
    ) throws -> SubmittedRun {
        try SubmittedRun.of(
            ["/bin/sh", "-c", script], timeout: timeout, environment: ["PATH": "/usr/bin:/bin"])
    }

    /// What the daemon makes of it.
    private static func output(_ run: SubmittedRun) -> PluginOutput {
        PluginOutput(bytes: Array(run.output.utf8), ending: .exited(run.exitStatus))
    }

    @Test(arguments: [Int32](0...3))
    func `an exit status of plugins is the state`(status: Int32) throws {
        let run = try Self.run("echo 'said|x=1;2'; echo 'more|y=2'; exit \(status)")
        #expect(run.exitStatus == status)
        let output = Self.output(run)
        #expect(output.text == "said\nmore" && output.performanceData == ["x=1;2", "y=2"])
        #expect(run.execution.end >= run.execution.start)
    }

    @Test(arguments: [
        ("echo said; exit 4", "said\n<Terminated with exit code 4 (0x4).>"),
        ("echo said; exit 255", "said\n<Terminated with exit code 255 (0xff).>"),
        ("echo said; kill -9 $$", "said\n<Terminated by signal 9 (Killed).>"),
        ("exit 7", "<Terminated with exit code 7 (0x7).>"),
    ])
    func `any other end is UNKNOWN with a text that says so`(script: String, text: String) throws {
        let run = try Self.run(script)
        #expect(run.exitStatus == 3)
        #expect(Self.output(run).text == text)
    }

    @Test func `a timeout ends all of it, and is told with what was printed`() throws {
        let script = "echo begun; sleep 300 & sleep 300"
        var run = try Self.run(script, timeout: .milliseconds(300))
        // it counts from the start: where all is slow a longer one gets to `echo`
        for seconds in [2, 10, 60] where !run.output.contains("begun") {
            run = try Self.run(script, timeout: .seconds(seconds))
        }
        #expect(run.exitStatus == 3)
        #expect(Self.output(run).text == "begun\n<Timeout exceeded.>")
        #expect(run.execution.end - run.execution.start < .seconds(100))
    }

    @Test func `a program that is not there is UNKNOWN with the reason`() throws {
        let run = try SubmittedRun.of(
            ["/nowhere/plugin"], timeout: .seconds(5), environment: ["PATH": "/bin"])
        #expect(run.exitStatus == 3)
        #expect(run.output.contains("/nowhere/plugin"), "\(run.output)")
    }

    @Test func `a flood is cut, and what ended it is still told`() throws {
        let run = try Self.run("yes | head -c 3000000; exit 9")
        #expect(run.output.utf8.count <= CheckResult.outputByteLimit)
        #expect(Self.output(run).text.hasSuffix("<Terminated with exit code 9 (0x9).>"))
    }

    @Test func `arguments reach the plugin as they are, in a clean environment`() throws {
        let run = try SubmittedRun.of(
            [
                "sh", "-c", "printf '<%s>' \"$@\"; env | grep -c SECRET", "x", "a b", "", "$HOME",
                "ü",
            ],
            timeout: .seconds(30), environment: ["PATH": "/usr/bin:/bin", "SECRET": "1"])
        #expect(run.output == "<a b><><$HOME><ü>0\n")
    }

    @Test(arguments: [
        ["submit"], ["submit", "a!b"], ["submit", "--run", "a!b"], ["submit", "a!b", "--", "ok"],
        ["submit", "--run", "a!b", "ok", "--", "/bin/true"],
        ["submit", "--run", "--", "/bin/true"],
        ["submit", "--run", "--timeout", "0", "a!b", "--", "/bin/true"],
        ["submit", "a!b", "ok", "one", "--", "two"],
    ])
    func `a call that is neither one nor the other is wrong usage`(words: [String]) throws {
        let outcome = try Command.run(BuiltProducts.forwarder, words)
        #expect(outcome.ending == .exited(64), "\(outcome.errorText)")
    }
}
