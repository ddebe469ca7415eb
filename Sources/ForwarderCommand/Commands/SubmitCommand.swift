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
            the result is on disk and will reach the masters that the policy names; while no \
            daemon runs it waits in the drop directory. Performance data follows a | in the \
            output, as plugins print it.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "host or host!service")
    var object: String

    @Argument(help: "ok, warning, critical, unknown, up, down, or a plugin's exit status 0 to 3")
    var state: SubmittedState

    @Argument(help: "What a plugin would print; - or nothing: standard input to its end.")
    var output: String?

    func run() async throws {
        guard let name = ObjectName(fullName: object) else {
            Output.complain(
                """
                forwarder submit: '\(object)' names no object: a host is written as its name, a \
                service as host!service. Nothing was submitted.
                """)
            throw ExitCode(1)
        }
        let bytes: [UInt8]
        if let output, output != "-" {
            bytes = Array(output.utf8)
        } else {
            bytes = Array(try Self.standardInput())
        }
        let configuration = try common.load()
        try Self.handOver(name, state.exitStatus, bytes, configuration)
    }

    /// Hands one result over, and says where it is; what is wrong goes to standard error.
    ///
    /// - Throws: exit status 1 when it was not handed over.
    static func handOver(
        _ object: ObjectName, _ exitStatus: Int32, _ output: [UInt8],
        _ configuration: ForwarderConfiguration
    ) throws(ExitCode) {
        var random = SystemRandomNumberGenerator()
        let batches = SubmissionBatch.batches(
            of: [(object, exitStatus, output, nil)], now: SystemTime().wall, random: &random)
        let way = ResultHandOver(
            controlPath: configuration.controlPath, dropPath: configuration.dropPath)
        let shown = object.fullName.printable
        for batch in batches {
            switch way.handOver(batch) {
            case .answered(let verdicts): try tell(verdicts, of: shown)
            case .dropped(let reason):
                Output.complain(
                    """
                    forwarder submit: \(reason) The result of \(shown) waits in \
                    \(configuration.dropPath), and is taken when the daemon can.
                    """)
            case .failed(let reason):
                Output.complain("forwarder submit: \(reason)")
                throw ExitCode(1)
            }
        }
    }

    private static func tell(
        _ verdicts: [SubmissionVerdict], of object: String
    ) throws(ExitCode) {
        for verdict in verdicts {
            switch verdict {
            case .taken(let reply):
                try Output.write(
                    "\(object) is \(reply.state) (\(reply.stateType), attempt \(reply.attempt)).\n")
            case .known: break
            case .refused(let reason):
                Output.complain("forwarder submit: \(reason) Nothing was stored.")
                throw ExitCode(1)
            }
        }
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
