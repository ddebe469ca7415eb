import Foundation
import Monitoring
import TestSupport
import Testing

@testable import ForwarderCommand

/// `forwarder submit`: what it ends with says whether the result is stored, and nothing else.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SubmitCommandTests {
    // MARK: - What cannot be printed

    /// Answers on the calling thread: tasks may have to wait for the threads of other tests.
    private static func answerAll(_ listener: Descriptor) {
        let taken = SubmissionVerdict.taken(
            SubmitReply(state: "OK", stateType: "HARD", attempt: 1))
        let reply = ControlReply.submitted(BatchOutcome(verdicts: [taken], obstacle: nil))
        ControlSocket.acceptAll(on: listener) { asker in
            var line: [UInt8] = []
            while line.last != UInt8(ascii: "\n") {
                let bytes = asker.readSome()
                guard !bytes.isEmpty else { return }
                line += bytes
            }
            do {
                _ = asker.writeAll(try ControlWire.line(reply))
            } catch {
                Issue.record(error)
            }
        }
    }

    /// Runs a shell's script in which `submit` is `forwarder submit`, beside a daemon that takes
    /// everything.
    private static func shell(_ script: String) async throws -> Command.Outcome {
        let scene = try SubmissionProgram()
        let listener = try ControlSocket.listen(path: scene.folder.path("s"))
        Thread { answerAll(listener) }.start()
        defer { shutdown(listener.number, Int32(SHUT_RDWR)) }
        return try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        let function = #"submit() { "$0" submit -c forwarder.conf "$@"; }"#
                        return try Command.run(
                            "bash", ["-c", "\(function)\n\(script)", BuiltProducts.forwarder],
                            folder: scene.folder.path)
                    })
            }.start()
        }
    }

    @Test(arguments: [">/dev/full", ">&-", "| true"])
    func `a result that is stored is no failure, whatever can be printed`(end: String) async throws
    {
        let outcome = try await Self.shell(
            "set -o pipefail; submit 'web1!load' 0 fine \(end); echo $?")
        #expect(outcome.outputText == "0\n", "\(outcome.errorText)")
        let isTold = outcome.errorText.contains("do not submit it again")
        #expect(isTold == (end != "| true"), "\(outcome.errorText)")
    }

    // MARK: - States

    @Test(arguments: ["1", "warning", "WARNING"])
    func `what is UP one way and DOWN the other is taken for no host`(word: String) throws {
        let scene = try SubmissionProgram()
        let refused = try scene.submit(["web1", word, "x"])
        #expect(refused.ending == .exited(64))
        #expect(refused.errorText.contains("0 or up, or 2 or down"), "\(refused.errorText)")
        #expect(try scene.dropped().isEmpty)
        #expect(try scene.submit(["web1!load", word, "x"]).isSuccess)
        for other in ["0", "up", "ok", "2", "down", "critical", "3", "unknown"] {
            #expect(try scene.submit(["web1", other, "x"]).isSuccess, "\(other)")
        }
        #expect(try scene.dropped().map(\.exitStatus) == [1, 0, 0, 0, 2, 2, 2, 3, 3])
    }

    // MARK: - Ended from outside

    /// Runs a plugin whose parent, the program, is `$PPID` to it.
    private static func run(
        _ plugin: String, _ scene: SubmissionProgram, before: String = ""
    ) throws -> Command.Outcome {
        let words = #"submit -c forwarder.conf --run --timeout 100 'web1!load' -- /bin/sh -c "$1""#
        // what other tests of this process ignore, programs that it starts would ignore as well
        return try Command.run(
            "env",
            [
                "--default-signal=HUP,INT,TERM", "bash", "-c", "\(before) exec \"$0\" \(words)",
                BuiltProducts.forwarder, plugin,
            ],
            folder: scene.folder.path)
    }

    /// True once a process is gone, or dead and only not yet reaped; waits for it.
    private static func isGone(_ file: String, _ scene: SubmissionProgram) throws -> Bool {
        let text = try String(contentsOfFile: scene.folder.path(file), encoding: .utf8)
        let number = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let script =
            "for i in $(seq 2000); do grep -qs '^State:[^Z]*$' /proc/$0/status || exit 0; "
            + "sleep 0.05; done; exit 1"
        return try Command.run("bash", ["-c", script, number]).isSuccess
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `a signal ends plugin and children, and nothing is submitted`(number: Int32) throws {
        let scene = try SubmissionProgram()
        let outcome = try Self.run(
            "sleep 300 & echo $! > child; echo $$ > own; kill -\(number) $PPID; sleep 300", scene)
        #expect(outcome.ending == .exited(128 + number), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("nothing was submitted"), "\(outcome.errorText)")
        #expect(try Self.isGone("child", scene) && Self.isGone("own", scene))
        #expect(try scene.dropped().isEmpty)
    }

    @Test func `SIGKILL ends the plugin too`() throws {
        let scene = try SubmissionProgram()
        let outcome = try Self.run("echo $$ > own; kill -KILL $PPID; exec sleep 300", scene)
        #expect(outcome.ending == .killed(signal: SIGKILL))
        #expect(try Self.isGone("own", scene))
        #expect(try scene.dropped().isEmpty)
    }

    @Test func `a signal that the caller ignores stays ignored`() throws {
        let scene = try SubmissionProgram()
        let outcome = try Self.run("kill -HUP $PPID; echo fine", scene, before: "trap '' HUP;")
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        #expect(try scene.dropped().map { $0.output } == [Array("fine\n".utf8)])
    }
}
