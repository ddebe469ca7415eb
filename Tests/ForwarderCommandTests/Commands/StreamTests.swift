import Foundation
import TestSupport
import Testing

/// Standard output and standard error that cannot be written to.
@Suite(.timeLimit(.minutes(10))) struct StreamTests {
    /// Runs a shell's script in which `f` is `forwarder` with the site's configuration.
    private static func shell(_ script: String, _ site: ForwarderSite) throws -> Command.Outcome {
        let function = #"f() { "$0" "$@" --config "$configuration"; }"#
        return try Command.run(
            "bash",
            ["-c", "configuration=$1\n\(function)\n\(script)"]
                + [BuiltProducts.forwarder, site.configurationPath],
            folder: site.folder.path)
    }

    private static let commands = [
        "validate", "list", "list --json", "status", "status --json",
        "run forwarder", "inventory", "policy check", "policy explain web1", "queue list",
        "queue list --json", "queue show 1", "queue export", "queue retry", "queue drop --apply",
        "queue check",
    ]

    @Test(arguments: commands)
    func `a full standard output ends a command with its reason`(command: String) async throws {
        let site = try await QueueCheckTests.site()
        let outcome = try Self.shell("f \(command) >/dev/full; echo $?", site)
        #expect(outcome.outputText == "1\n")
        let reason = "standard output cannot be written: No space left on device."
        #expect(outcome.errorText.contains(reason), "\(outcome.errorText)")
    }

    @Test(arguments: commands)
    func `a reader that wants no more ends a command quietly`(command: String) async throws {
        let site = try await QueueCheckTests.site()
        let outcome = try Self.shell(
            """
            mkfifo pipe
            exec 3<>pipe 4>pipe 3<&-
            f \(command) >&4; echo $?
            """, site)
        #expect(outcome.outputText == "1\n")
        #expect(!outcome.errorText.contains("standard output"), "\(outcome.errorText)")
    }

    @Test func `what a closed stream was for goes into no file or socket`() async throws {
        let site = try await QueueCheckTests.site()
        let outcome = try Self.shell("f queue list >&-; echo $?; f queue check 2>&-", site)
        #expect(outcome.outputText == "1\nThe spool is sound.\n")
        #expect(outcome.errorText.contains("cannot be written: Bad file descriptor"))
    }

    @Test(arguments: [">/dev/full", "2>/dev/full", "2>&-", "2>&4"])
    func `a daemon goes on when its log cannot be written`(stream: String) async throws {
        let site = try await QueueCheckTests.site()
        let outcome = try Self.shell(
            """
            mkfifo pipe
            exec 3<>pipe 4>pipe 3<&-
            "$0" daemon --config "$configuration" \(stream) & daemon=$!
            until test -S control.sock || ! kill -0 $daemon; do sleep 0.1; done
            f list >list || echo $?
            kill $daemon; wait $daemon; echo $?
            """, site)
        #expect(outcome.outputText == "0\n", "\(outcome.errorText.suffix(2000))")
    }
}
