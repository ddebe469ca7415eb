import ArgumentParser
import Collector
import Foundation
import Monitoring

/// `forwarder pause`: an object is not checked for a while.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Do not run an object's check for a while.",
        discussion: """
            The daemon tells the masters each time the check is due: the last state, with the \
            reason and the end in front of the last output. A soft problem becomes hard by that. \
            The pause outlives restarts and ends by itself, or by `forwarder resume`. Pausing \
            again changes reason and end. Rechecks that a master asks for are not run meanwhile.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "host or host!service")
    var object: String

    @Option(name: .customLong("for"), help: "How long, as 30m, 2h or 7d; at most 366d.")
    var span: PauseSpan

    @Option(help: "Why; masters see it.")
    var reason: String

    @Flag(help: "Print the pause as JSON.")
    var json = false

    func validate() throws {
        guard !reason.isEmpty, reason.utf8.count <= ObjectPause.reasonByteLimit,
            !reason.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw ValidationError(
                """
                A reason is one line of 1 to \(ObjectPause.reasonByteLimit) bytes, without \
                control characters.
                """)
        }
    }

    func run() async throws {
        let request = ControlRequest.pause(object: object, reason: reason, seconds: span.seconds)
        let pause: StatusReport.Pause = try await DaemonQuestion(common, "pause").ask(request) {
            if case .paused(let pause) = $0 { pause } else { nil }
        }
        if json { return try Output.writeJSON(pause) }
        try Output.write(
            "\(pause.object.printable) is paused until \(Output.time(pause.until)).\n")
    }
}

/// `forwarder resume`: an object is checked again.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Check a paused object again, at once and then on schedule.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "host or host!service")
    var object: String

    func run() async throws {
        let wasPaused: Bool = try await DaemonQuestion(common, "resume").ask(
            .resume(object: object)
        ) {
            if case .resumed(let wasPaused) = $0 { wasPaused } else { nil }
        }
        let text = wasPaused ? "is checked again" : "was not paused"
        try Output.write("\(object.printable) \(text).\n")
    }
}

/// How long a pause lasts: a whole number with s, m, h or d.
struct PauseSpan: ExpressibleByArgument, Sendable, Hashable {
    let seconds: Int

    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]

    init?(argument: String) {
        guard let unit = argument.last.flatMap({ Self.units[$0] }),
            argument.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(argument.dropLast())
        else { return nil }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow, seconds > 0, .seconds(seconds) <= ObjectPause.longest else { return nil }
        self.seconds = seconds
    }
}
