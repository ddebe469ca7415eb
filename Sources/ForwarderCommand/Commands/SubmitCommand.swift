import ArgumentParser
import Foundation
import Monitoring

/// `forwarder submit`: a result from elsewhere for a passive object.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submit a result of an object that this host does not check itself.",
        discussion: """
            For objects with enable_active_checks = false in the definitions. When it ends with 0, \
            the result is on disk and will reach the masters that the policy names. Performance \
            data follows a | in the output, as plugins print it.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "host or host!service")
    var object: String

    @Argument(help: "ok, warning, critical, unknown, up, down, or a plugin's exit status 0 to 3")
    var state: SubmittedState

    @Argument(help: "What a plugin would print; - or nothing: standard input to its end.")
    var output: String?

    func run() async throws {
        let text: String
        if let output, output != "-" {
            text = output
        } else {
            text = String(decoding: try Self.standardInput(), as: UTF8.self)
        }
        let request = ControlRequest.submit(
            object: object, exitStatus: state.exitStatus, output: text)
        let reply: SubmitReply = try await DaemonQuestion(common, "submit").ask(request) {
            if case .submitted(let reply) = $0 { reply } else { nil }
        }
        try Output.write(
            "\(object.printable) is \(reply.state) (\(reply.stateType), attempt \(reply.attempt))."
                + "\n")
    }

    /// What a plugin may print and a little more, so that it is seen that something was cut.
    private static func standardInput() throws -> Data {
        try FileHandle.standardInput.read(upToCount: CheckResult.outputByteLimit + 1) ?? Data()
    }
}

/// A state as people write it.
struct SubmittedState: ExpressibleByArgument, Sendable, Hashable {
    let exitStatus: Int32

    private static let words: [String: Int32] = [
        "ok": 0, "warning": 1, "critical": 2, "unknown": 3, "up": 0, "down": 2,
        "0": 0, "1": 1, "2": 2, "3": 3,
    ]

    init?(argument: String) {
        guard let status = Self.words[argument.lowercased()] else { return nil }
        exitStatus = status
    }
}
