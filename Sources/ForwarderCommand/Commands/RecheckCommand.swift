import ArgumentParser
import Monitoring

/// `forwarder recheck`: an object is checked now.
struct RecheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recheck",
        abstract: "Have the daemon check an object now, and deliver the result before others.",
        discussion: """
            The result counts like any other. To try a check without its result going anywhere, \
            use `forwarder run`.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "host or host!service")
    var object: String

    func run() async throws {
        let reply: RecheckReply = try await DaemonQuestion(common, "recheck").ask(
            .recheck(object: object)
        ) {
            if case .rechecked(let reply) = $0 { reply } else { nil }
        }
        let text = reply == .queued ? "is checked now" : "is being checked already"
        try Output.write("\(object.printable) \(text).\n")
    }
}
