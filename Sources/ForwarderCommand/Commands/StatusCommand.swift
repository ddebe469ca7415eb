import ArgumentParser
import Foundation
import Monitoring
import Spool

/// `forwarder status`: where everything stands.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show where checks, spool and masters stand.",
        discussion: """
            Asks the running daemon; without one it reads the spool itself. Exit status 0: no \
            alarm; 1: there are alarms, or no daemon runs.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Print everything as JSON.")
    var json = false

    @Flag(help: "Show it again every two seconds, until interrupted.")
    var watch = false

    func run() async throws {
        let configuration = try common.load()
        repeat {
            let report = try await Self.report(configuration)
            if watch { try Output.write("\u{1B}[H\u{1B}[2J") }
            if json {
                try Output.writeJSON(report)
            } else {
                try Output.write(StatusText(report: report).text)
            }
            guard watch else {
                if report.daemonPID == nil || !report.alarms.isEmpty { throw ExitCode(1) }
                return
            }
            try await Task.sleep(for: .seconds(2))
        } while true
    }

    private static func report(
        _ configuration: ForwarderConfiguration
    ) async throws -> StatusReport {
        do {
            let way = try await SpoolWay.find(
                configuration, open: { try QueueAccess.spool(configuration) })
            if case .daemon(let client) = way { return try ask(client) }
            guard case .own(let spool?) = way else {
                return StatusAssembler.nothingYet(configuration)
            }
            let report = try await StatusAssembler(configuration: configuration, spool: spool)
                .report(
                    delivery: [], checks: nil, startedAt: nil,
                    alarms: ["No daemon listens on \(configuration.controlPath)."])
            try spool.close()
            return report
        } catch {
            Output.complain("forwarder status: \(error)")
            throw ExitCode(1)
        }
    }

    private static func ask(_ client: ControlClient) throws -> StatusReport {
        try client.answer(to: .status) { reply in
            if case .status(let report) = reply { report } else { nil }
        }
    }
}
