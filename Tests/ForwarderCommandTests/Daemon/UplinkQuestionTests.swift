import Synchronization
import TestSupport
import Testing

@testable import ForwarderCommand

/// How long the daemon waits for an answer of its network process.
@Suite struct UplinkQuestionTests {
    /// A program that says one line and then nothing, without an end.
    private static func ask(
        patience: Duration, isUnwanted: @escaping @Sendable () -> Bool = { false }
    ) async throws -> UplinkQuestion.Answer {
        try await UplinkQuestion(
            program: "/bin/sh", arguments: ["-c", "echo said; exec sleep 600"],
            patience: patience, isUnwanted: isUnwanted
        ).ask()
    }

    @Test func `who says nothing more is ended when the time is over`() async throws {
        let answer = try await Self.ask(patience: .milliseconds(10))
        #expect(answer.ending == .killed(bySignal: 9))
    }

    @Test func `an answer that nobody wants any more is not waited for`() async throws {
        let looks = Mutex(0)
        let answer = try await Self.ask(patience: .seconds(86_400)) {
            looks.withLock { looks in
                looks += 1
                return looks > 3
            }
        }
        #expect(answer.ending == .killed(bySignal: 9))
    }

    @Test func `an answer is had with its end`() async throws {
        let answer = try await UplinkQuestion(
            program: "/bin/sh", arguments: ["-c", "echo a; echo b; exit 1"],
            patience: .seconds(300)
        ).ask()
        #expect(answer.lines == ["a", "b"] && answer.ending == .exited(1))
    }
}
