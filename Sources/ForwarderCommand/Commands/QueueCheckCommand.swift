import ArgumentParser
import Foundation
import Spool

extension QueueCommand {
    /// `forwarder queue check`.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the whole spool and say what is wrong with it.",
            discussion: """
                Changes nothing without --apply. With it, a spool that is not sound is moved aside \
                under its date, as the daemon does by itself, and never deleted; only while no \
                daemon runs. With --file it reads a spool file that nobody uses, for example one \
                that was moved aside. Exit status 0: sound, or moved aside; 1: not.
                """)

        @OptionGroup var common: CommonOptions

        @Option(help: "A spool file that nobody uses.")
        var file: String?

        @Flag(help: "Move a spool that is not sound aside; without this only a plan is shown.")
        var apply = false

        @Flag(help: "Print as JSON.")
        var json = false

        func validate() throws {
            guard file != nil, apply else { return }
            throw ValidationError(
                "--apply is for the configured spool; what --file names is only read.")
        }

        func run() async throws {
            let outcome =
                if let file { try Self.read(file) } else { try await examined() }
            if json {
                try Output.writeJSON(outcome)
            } else {
                try Output.write(outcome.text)
            }
            if !outcome.isDone { throw ExitCode(1) }
        }

        private static func read(_ path: String) throws -> CheckOutcome {
            do throws(UnreadableFile) {
                let salvage = try Salvage(path: path)
                let count = Set(salvage.entries.map(\.sequence)).count
                return CheckOutcome(
                    found: salvage.isWhole ? [] : [salvage.damage], results: count,
                    lost: salvage.lostCount)
            } catch {
                Output.complain("forwarder queue check: \(error)")
                throw ExitCode(1)
            }
        }

        private func examined() async throws -> CheckOutcome {
            let configuration = try common.load()
            do {
                let outcome = try await SpoolExamination(
                    configuration: configuration, mode: apply ? .apply : .planOnly
                ).outcome()
                if let outcome { return outcome }
                Output.complain("There is no spool yet at \(configuration.spool.path).")
                return CheckOutcome(found: [])
            } catch {
                Output.complain("forwarder queue check: \(error)")
                throw ExitCode(1)
            }
        }
    }
}
