import ArgumentParser

/// One question that only a running daemon can answer.
struct DaemonQuestion {
    private let common: CommonOptions
    private let command: String

    init(_ common: CommonOptions, _ command: String) {
        self.common = common
        self.command = command
    }

    /// Asks, and returns what `pick` makes of the answer; what is wrong goes to standard error.
    func ask<Answer>(
        _ request: ControlRequest, _ pick: (ControlReply) -> Answer?
    ) async throws -> Answer {
        let configuration = try common.load()
        do {
            guard let client = try await ControlClient.ofDaemon(configuration) else {
                throw ControlFault(
                    description: """
                        No daemon listens on \(configuration.controlPath), so nothing is checked. \
                        Start it first.
                        """)
            }
            return try client.answer(to: request, pick)
        } catch {
            Output.complain("forwarder \(command): \(error)")
            throw ExitCode(1)
        }
    }
}
