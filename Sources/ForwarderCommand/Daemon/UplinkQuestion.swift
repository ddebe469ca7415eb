import Foundation
import Monitoring

/// One question that `forwarder-uplink` answers on standard output before it ends; it has no
/// descriptor to the daemon then.
struct UplinkQuestion: Sendable {
    /// Most bytes of the answer that are looked at.
    ///
    /// 64 KiB: a problem with each file of 64 masters.
    static let answerLimit = 65_536
    /// What came of it.
    struct Answer: Sendable {
        var lines: [String]
        var ending: ChildProcess.Ending
    }

    let program: String
    let arguments: [String]
    /// How long it may take in all; then it is ended.
    let patience: Duration
    /// True once nobody wants the answer any more.
    var isUnwanted: @Sendable () -> Bool = { false }
    var time: any TimeSource = SystemTime()

    /// Asks on the calling thread.
    func askAndWait() throws(ChildFault) -> Answer { answer(of: try start()) }

    /// Asks on a thread of its own.
    func ask() async throws(ChildFault) -> Answer {
        let running = try start()
        return await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: answer(of: running)) }.start()
        }
    }

    private func answer(of running: (child: ChildProcess, output: Descriptor)) -> Answer {
        let deadline = time.monotonic + patience
        var answer: [UInt8] = []
        var hasEnded = false
        while answer.count < Self.answerLimit, !hasEnded, !isUnwanted(), time.monotonic < deadline {
            guard running.output.isReadable(within: Self.step) else { continue }
            let bytes = running.output.readSome()
            hasEnded = bytes.isEmpty
            answer += bytes
        }
        // Its end of the pair is closed when it exits; then it is past all harm of a signal.
        let isGone = hasEnded && running.child.hasEnded(within: Self.exitPatience)
        if !isGone { running.child.kill() }
        running.child.waitUntilEnded()
        let lines = String(decoding: answer, as: UTF8.self).split(separator: "\n")
        return Answer(lines: lines.map(String.init), ending: running.child.reap())
    }

    /// How long nobody asks whether the answer is still wanted, in milliseconds.
    private static let step: Int32 = 200

    /// How long it may take from its last word to its end, in milliseconds.
    private static let exitPatience: Int32 = 1000

    /// The child alone holds the writing end when this returns, so that its end is seen.
    private func start() throws(ChildFault) -> (child: ChildProcess, output: Descriptor) {
        let pair = try SocketPair()
        let nowhere = try Descriptor.null()
        let child = try ChildProcess(
            program: program, arguments: arguments,
            descriptors: [nowhere.number, pair.theirs.number, STDERR_FILENO])
        return (child, pair.ours)
    }
}

/// Resolves names in a process of its own, without keys: `forwarder-uplink --resolve NAME`.
struct NameLookup: Sendable {
    /// Most addresses of one name that are used.
    private static let addressLimit = 16

    /// As long as a resolver's.
    private static let patience = Duration.seconds(5)

    let program: String

    func addresses(of name: String) async throws(ChildFault) -> [String] {
        let question = UplinkQuestion(
            program: program, arguments: ["--resolve", name], patience: Self.patience)
        return Array(try await question.ask().lines.prefix(Self.addressLimit))
    }
}
