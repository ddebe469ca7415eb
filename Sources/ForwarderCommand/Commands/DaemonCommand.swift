import ArgumentParser
import Collector
import Foundation
import Logging
import Monitoring
import Spool

/// `forwarder daemon`: the main job, in the foreground.
struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon",
        abstract: "Run checks on schedule and deliver their results, until told to stop.",
        discussion: """
            Stays in the foreground and logs to standard error. SIGHUP reloads definitions and \
            policy, and takes changed keys into use; broken ones are refused as a whole, each for \
            itself. SIGTERM ends it: running checks get ten seconds, what is spooled stays spooled.
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let handlers = SignalHandlers()
        defer { withExtendedLifetime(handlers) {} }
        let configuration = try common.load()
        PlainLogHandler.bootstrap(configuration.logging)
        let log = Logger(label: "forwarder")
        let source = DefinitionSource(
            configuration: configuration, board: RuntimeBoard(time: SystemTime()))
        let (definitions, preparing) = try common.loaded(source)
        do {
            let daemon = try await Daemon(
                configuration: configuration, source: source, signals: handlers.signals, log: log)
            try await daemon.run(definitions, preparing: preparing)
        } catch is CancellationError {
            log.notice("stopped before the start was over")
        } catch {
            Output.complain("forwarder: \(error)")
            throw ExitCode(1)
        }
    }
}
