import ArgumentParser
import Foundation
import Monitoring
import Spool

extension QueueCommand {
    /// `forwarder queue check`.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the whole spool and say what is wrong with it.",
            discussion: """
                Changes nothing. With --file it reads a spool file that nobody uses, for example \
                one that was moved aside. Exit status 0: sound; 1: not.
                """)

        @OptionGroup var common: CommonOptions

        @Option(help: "A spool file that nobody uses.")
        var file: String?

        @Flag(help: "Print as JSON.")
        var json = false

        func run() async throws {
            if let file {
                try finish(try Self.read(file))
                return
            }
            var outcome: Outcome?
            try await QueueCommand.withQueue(common) { queue, _ in
                outcome = Outcome(found: try await queue.contradictions())
            }
            try finish(outcome ?? Outcome(found: []))
        }

        private static func read(_ path: String) throws -> Outcome {
            do throws(UnreadableFile) {
                let salvage = try Salvage(path: path)
                let count = Set(salvage.entries.map(\.sequence)).count
                return Outcome(
                    found: salvage.isWhole ? [] : [salvage.damage], results: count,
                    lost: salvage.lostCount)
            } catch {
                Output.complain("forwarder queue check: \(error)")
                throw ExitCode(1)
            }
        }

        private func finish(_ outcome: Outcome) throws {
            if json {
                try Output.writeJSON(outcome)
            } else if outcome.found.isEmpty {
                Output.write("The spool is sound.\n")
            } else {
                Output.write(outcome.found.map { $0.printable + "\n" }.joined())
            }
            if !outcome.found.isEmpty { throw ExitCode(1) }
        }

        /// What was found.
        struct Outcome: Encodable {
            var found: [String]
            var results: Int?
            var lost: Int?
        }
    }
}
