import ArgumentParser
import Foundation
import Spool

/// `forwarder queue`: what waits, what was refused, and what to do about it.
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "List, show, retry, drop, export and check what is spooled.",
        discussion: """
            Works with and without a running daemon. What changes something shows a plan first and \
            does it only with --apply.
            """,
        subcommands: [
            List.self, Show.self, Retry.self, Drop.self, Export.self, Check.self,
        ])

    /// Opens the queue, lets `body` use it, and closes it; says why where it cannot.
    static func withQueue(
        _ common: CommonOptions, _ body: (QueueAccess, ForwarderConfiguration) async throws -> Void
    ) async throws {
        let configuration = try common.load()
        do {
            guard let queue = try await QueueAccess.open(configuration) else {
                Output.complain("There is no spool yet at \(configuration.spool.path).")
                return
            }
            try await body(queue, configuration)
            try queue.close()
        } catch let exit as ExitCode {
            throw exit
        } catch {
            Output.complain("forwarder queue: \(error)")
            throw ExitCode(1)
        }
    }
}

extension QueueCommand {
    /// `forwarder queue list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List results that are not done with, oldest first for each object.",
            discussion: "Delivered results that wait for proof are left out unless asked for.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var options: QueueOptions

        @Option(help: "Print at most this many; 0 prints all.")
        var limit = 1000

        @Flag(help: "Print one JSON object a line.")
        var json = false

        func run() async throws {
            let unsettled: Set<DeliveryState> = [.queued, .sent, .ambiguous, .rejected, .withheld]
            try await QueueCommand.withQueue(common) { queue, configuration in
                let filter = try await options.filter(
                    for: queue, configuration, unless: unsettled)
                var rows: [QueueRow] = []
                var count = 0
                try await queue.rows(
                    filter,
                    until: { row in
                        count += 1
                        guard limit == 0 || count <= limit else { return .enough }
                        if json {
                            try Output.writeJSONLine(row)
                        } else {
                            rows.append(row)
                        }
                        return .more
                    })
                if !json { try Output.write(Self.table(rows)) }
                if limit > 0, count > limit {
                    Output.complain("There are more than \(limit); --limit 0 prints all.")
                }
            }
        }

        private static func table(_ rows: [QueueRow]) -> String {
            guard !rows.isEmpty else { return "Nothing.\n" }
            var table = TextTable(
                heading: [
                    "ID", "MASTER", "OBJECT", "OUTCOME", "STATE", "EXECUTED", "TRIES", "NOTE",
                ]
            )
            for row in rows {
                table.add([
                    "\(row.sequence)", row.master, row.object,
                    row.parkedUntil == nil ? row.outcome : "parked", row.state,
                    Output.time(row.executionStart), "\(row.attempts)", row.note,
                ])
            }
            return table.text
        }
    }

    /// `forwarder queue show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one result, and where it stands at each destination.")

        @OptionGroup var common: CommonOptions

        @Argument(help: "Its id, as `queue list` prints it.")
        var id: Int64

        @Flag(help: "Print as JSON.")
        var json = false

        func run() async throws {
            var isThere = false
            try await QueueCommand.withQueue(common) { queue, _ in
                isThere = true
                var rows: [QueueRow] = []
                try await queue.rows(QueueFilter(sequence: id)) { rows.append($0) }
                guard !rows.isEmpty else {
                    Output.complain(
                        "No result \(id): it was delivered and forgotten, or there never was one.")
                    throw ExitCode(1)
                }
                if json {
                    try Output.writeJSON(rows)
                } else {
                    try Output.write(QueueText(rows: rows).text)
                }
            }
            if !isThere { throw ExitCode(1) }
        }
    }

    /// `forwarder queue export`.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every result that is spooled, one JSON object a line.",
            discussion: """
                With --file it reads a spool file directly, a damaged or moved one too, as far as \
                it goes, and changes nothing. Exit status 1: something could not be read.
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var options: QueueOptions

        @Option(help: "A spool file that nobody uses, for example one that was moved aside.")
        var file: String?

        func run() async throws {
            if let file {
                try exportFile(file)
                return
            }
            try await QueueCommand.withQueue(common) { queue, configuration in
                let filter = try await options.filter(for: queue, configuration)
                try await queue.rows(filter) { try Output.writeJSONLine($0) }
            }
        }

        private func exportFile(_ path: String) throws {
            let salvage: Salvage
            do throws(UnreadableFile) {
                salvage = try Salvage(path: path)
            } catch {
                Output.complain("forwarder queue export: \(error)")
                throw ExitCode(1)
            }
            let filter = options.filter()
            let known = Set(salvage.entries.compactMap(\.destination))
            if let wanted = filter.destination, !known.contains(wanted) {
                let names = known.isEmpty ? "none" : known.sorted().joined(separator: ", ")
                Output.complain(
                    """
                    forwarder queue export: nothing in \(path) is for '\(wanted)'. Destinations \
                    there are: \(names).
                    """)
                throw ExitCode(1)
            }
            for entry in salvage.entries where entry.passes(filter) {
                try Output.writeJSONLine(QueueRow(entry))
            }
            guard !salvage.isWhole else { return }
            Output.complain("forwarder queue export: \(salvage.damage)")
            throw ExitCode(1)
        }
    }
}
