import ArgumentParser
import Collector
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

            With --run a plugin is run now, here, as the calling user and by the rules of checks, \
            and what it says is submitted with the times of the run; an exit status above 3, a \
            signal or the timeout is UNKNOWN. Its arguments follow --:

              forwarder submit --run 'web1!backup' -- /usr/local/lib/check_backup -w 1d

            Exit status 0: the result was handed over, whatever it says, also where that could \
            not be printed; 1: it was not, or nobody knows, with the reason; 64: wrong usage, \
            nothing was done; with --run also 128 and a signal's number: SIGHUP, SIGINT or SIGTERM \
            came before the plugin's end, it was killed, and nothing was submitted.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "host or host!service")
    var object: String

    @Argument(help: "ok, warning, critical, unknown, or 0 to 3; of a host up, down, 0, 2 or 3")
    var state: SubmittedState?

    @Argument(
        help: """
            What a plugin would print; - or nothing: standard input to its end. Behind -- where it \
            begins with a dash.
            """)
    var output: String?

    @Flag(name: .customLong("run"), help: "Run the plugin that follows -- and submit its result.")
    var runsPlugin = false

    @Option(
        help: ArgumentHelp(
            "With --run: seconds until the plugin and all its children are ended.",
            valueName: "seconds"))
    var timeout = 60

    @Argument(
        parsing: .postTerminator, help: "With --run: the plugin and its arguments.")
    var plugin: [String] = []

    func validate() throws {
        guard runsPlugin else {
            guard state != nil else { throw ValidationError("Missing expected argument '<state>'") }
            guard plugin.count <= (output == nil ? 1 : 0) else {
                throw ValidationError("Only one output can be submitted. Quote it.")
            }
            if let state, state.isAmbiguous(for: ObjectName(fullName: object)) {
                throw ValidationError(SubmittedState.ambiguity)
            }
            return
        }
        guard state == nil, output == nil, let program = plugin.first, !program.isEmpty else {
            throw ValidationError(
                "With --run an object is named, and after -- the plugin with its arguments.")
        }
        guard (1...86_400).contains(timeout) else {
            throw ValidationError("A timeout is 1 to 86400 seconds.")
        }
    }

    func run() async throws {
        guard let name = ObjectName(fullName: object) else {
            Output.complain(
                """
                forwarder submit: '\(object)' names no object: a host is written as its name, a \
                service as host!service. Nothing was submitted.
                """)
            throw ExitCode(1)
        }
        // before a plugin runs for nothing
        let place = try common.meetingPlace()
        if runsPlugin {
            let ran: SubmittedRun
            do throws(SubmittedRunFault) {
                ran = try SubmittedRun.of(
                    plugin, timeout: .seconds(timeout),
                    environment: ProcessInfo.processInfo.environment)
            } catch {
                Output.complain("forwarder submit: \(error)")
                throw ExitCode(error.exitStatus)
            }
            try Self.handOver(
                name, ran.exitStatus, Array(ran.output.utf8), ran.execution, place)
        } else if let state {
            var bytes = Array((output ?? plugin.first ?? "-").utf8)
            if bytes == Array("-".utf8) { bytes = try Self.standardInput() }
            try Self.handOver(name, state.exitStatus, bytes, nil, place)
        }
    }

    /// Hands one result over, and says where it is; what is wrong goes to standard error.
    ///
    /// - Throws: exit status 1 when it was not handed over.
    static func handOver(
        _ object: ObjectName, _ exitStatus: Int32, _ output: [UInt8], _ execution: ExecutionSpan?,
        _ place: MeetingPlace
    ) throws(ExitCode) {
        let shown = object.fullName.printable
        if output.count > SubmissionBatch.recordByteLimit {
            Output.complain(
                """
                forwarder submit: the output of \(shown) has \(output.count) bytes; it is cut at \
                \(SubmissionBatch.recordByteLimit).
                """)
        }
        var random = SystemRandomNumberGenerator()
        let record = SubmissionBatch.Record(
            object: object, exitStatus: exitStatus,
            output: Array(output.prefix(SubmissionBatch.recordByteLimit)),
            time: execution?.end ?? SystemTime().wall, start: execution?.start)
        let batch = SubmissionBatch(id: BatchID(random: &random), records: [record])
        let way = ResultHandOver(
            controlPath: place.controlPath, dropPath: place.dropPath)
        let outcome = way.handOver(batch)
        try tell(outcome.verdicts, of: shown)
        switch outcome.rest {
        case nil: break
        case .dropped(let reason):
            Output.complain(
                """
                forwarder submit: \(reason) The result of \(shown) waits in \
                \(place.dropPath), and is taken when the daemon can.
                """)
        case .failed(let reason), .unsure(let reason):
            Output.complain("forwarder submit: \(reason)")
            throw ExitCode(1)
        }
    }

    private static func tell(
        _ verdicts: [SubmissionVerdict], of object: String
    ) throws(ExitCode) {
        for verdict in verdicts {
            switch verdict {
            case .taken(let reply):
                say("\(object) is \(reply.state) (\(reply.stateType), attempt \(reply.attempt)).")
            case .known: break
            case .refused(let reason):
                Output.complain("forwarder submit: \(reason) Nothing was stored.")
                throw ExitCode(1)
            }
        }
    }

    /// Prints a line about a result that is stored; a caller that took a full or closed standard
    /// output for a failure would submit it again, and it would count twice.
    private static func say(_ line: String) {
        do throws(WriteFault) {
            try StandardStream.output.write(Array("\(line)\n".utf8))
        } catch {
            guard !error.isHangUp else { return }
            Output.complain(
                """
                forwarder submit: \(line) That cannot be printed: \(error). The result is stored; \
                do not submit it again.
                """)
        }
    }

    /// All of it, as `send_nsca` reads it: performance data may stand at the end.
    private static func standardInput() throws(ExitCode) -> [UInt8] {
        do throws(ReadFault) {
            return try StandardStream.input.readAll(upTo: SendNSCA.inputLimit)
        } catch {
            Output.complain("forwarder submit: \(error)")
            throw ExitCode(1)
        }
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

    /// True for 1 and `warning` of a host, which a plugin means as UP and `send_nsca` as DOWN.
    func isAmbiguous(for object: ObjectName?) -> Bool {
        guard let object, object.service == nil else { return false }
        return exitStatus == Int32(ServiceState.warning.rawValue)
    }

    static let ambiguity = """
        A host has no WARNING: 1 is UP where a plugin ends with it, and DOWN where send_nsca gets \
        it. Write 0 or up, or 2 or down. Nothing was submitted.
        """
}
