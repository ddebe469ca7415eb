import ArgumentParser
import Foundation

/// `forwarder`: the daemon and everything an operator does with it.
@main
struct Forwarder: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forwarder",
        abstract: "Runs this host's own checks and pushes the results to an Icinga 2 master.",
        discussion: """
            The host owns its check definitions, schedules and runs its plugins itself, keeps \
            every result in a spool on disk, and submits the results over TLS as passive \
            results. The master cannot configure it or make it run anything.

            A first look: `forwarder validate`, `forwarder run OBJECT`, then `forwarder daemon`.
            Configuration: /etc/forwarder/forwarder.conf and conf.d beside it, or --config FILE.
            Exit status: 0 done, 1 not (fully) done, 64 wrong usage.
            """,
        version: Version.text,
        subcommands: [
            DaemonCommand.self, FlushCommand.self, StatusCommand.self, ValidateCommand.self,
            ListCommand.self, QueueCommand.self, RunCommand.self, RecheckCommand.self,
            SubmitCommand.self, PauseCommand.self, ResumeCommand.self, PolicyCommand.self,
            InventoryCommand.self, RenderCommand.self, ImportCommand.self,
        ])

    static func main() async {
        StandardStream.prepare()
        await main(nil)
    }
}
