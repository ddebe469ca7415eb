import ArgumentParser
import Foundation
import Monitoring
import Spool

extension QueueCommand {
    /// What `retry` and `drop` take.
    struct ChangeOptions: ParsableArguments {
        @OptionGroup var common: CommonOptions
        @OptionGroup var options: QueueOptions

        @Option(help: "Only the result with this id, as `queue list` prints it.")
        var id: Int64?

        @Flag(help: "Do it; without this only what would be done is shown.")
        var apply = false

        @Flag(help: "Print as JSON.")
        var json = false

        /// What is meant when no outcome is named; what is withheld only by its id.
        var usual: Set<DeliveryState> {
            id == nil ? [.queued, .rejected] : [.queued, .rejected, .withheld]
        }
    }

    /// `forwarder queue retry`.
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try again now what was rejected, and objects that are left alone.",
            discussion: """
                A rejected result can be tried again as long as nothing newer of its object was \
                sent: the master would discard it after that. A withheld one, with --outcome \
                withheld or its --id, is judged anew by the policy of today.
                """)

        @OptionGroup var change: ChangeOptions

        func run() async throws {
            try await Changing(kind: .retry, options: change).run()
        }
    }

    /// `forwarder queue drop`.
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget results, counted as dropped.",
            discussion: """
                Without --outcome: what waits or was rejected. A result that is out or ambiguous \
                stays until its fate is known, unless no Master object has its zone any more.
                """)

        @OptionGroup var change: ChangeOptions

        func run() async throws {
            try await Changing(kind: .drop, options: change).run()
        }
    }

    /// Shows what would be changed, or changes it.
    private struct Changing {
        let kind: QueueRequest.Change
        let options: ChangeOptions

        func run() async throws {
            try await QueueCommand.withQueue(options.common) { queue, configuration in
                var filter = try await options.options.filter(
                    for: queue, configuration, unless: options.usual)
                filter.sequence = options.id
                // What only waits for its turn is not tried again: it was not tried before.
                if kind == .retry { filter.isParkedOnly = true }
                if options.apply {
                    try report(try await queue.change(kind, filter))
                } else {
                    try await plan(queue, filter)
                }
            }
        }

        private func plan(_ queue: QueueAccess, _ filter: QueueFilter) async throws {
            var counts: [String: Int] = [:]
            try await queue.rows(filter) { row in
                counts[
                    "\(row.master): \(row.parkedUntil == nil ? row.outcome : "parked")",
                    default: 0] += 1
            }
            if options.json {
                try Output.writeJSON(["planned": counts])
                return
            }
            let total = counts.values.reduce(0, +)
            let verb = kind == .retry ? "tried again" : "dropped"
            try Output.write("\(Words.counted(total, "result")) would be \(verb).\n")
            for (place, count) in counts.sorted(by: { $0.key < $1.key }) {
                try Output.write("  \(place.printable) \(count)\n")
            }
            if total > 0 { try Output.write("Nothing was changed; --apply does it.\n") }
        }

        private func report(_ change: QueueOutcome) throws {
            if options.json {
                try Output.writeJSON(change)
            } else {
                let verb = kind == .retry ? "waits again" : "dropped"
                let verbs = kind == .retry ? "wait again" : "dropped"
                let count = Words.counted(change.changed, "result")
                try Output.write("\(count) \(change.changed == 1 ? verb : verbs).\n")
                for (reason, count) in change.left.sorted(by: { $0.key < $1.key }) {
                    try Output.write("  left: \(count). \(reason.printable)\n")
                }
            }
            if !change.left.isEmpty { throw ExitCode(1) }
        }
    }
}
