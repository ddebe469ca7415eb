import Foundation
import Monitoring
import Spool

/// What `forwarder queue check` found, and what comes of it.
///
/// Its JSON names are part of the interface.
struct CheckOutcome: Encodable {
    /// What contradicts itself or cannot be read; empty when the spool is sound.
    var found: [String]
    /// Results that can be read whole; nil where nobody counted them.
    var results: Int?
    /// Results of which only a part can be read.
    var lost: Int?
    /// What would be done about it; nil when nothing would.
    var plan: Plan?
    /// Where the file is now; nil while it is where it was.
    var movedTo: String?

    /// The move of a file that is not sound.
    struct Plan: Encodable {
        /// Who does it.
        enum Mover: String, Encodable {
            /// The daemon, which runs, once it meets what it cannot read.
            case daemon
            /// `queue check --apply`.
            case apply
        }

        var by: Mover
        var from: String
        /// With DATE for the date of the move.
        var to: String
    }

    enum CodingKeys: String, CodingKey {
        case found, results, lost, plan
        case movedTo = "moved_to"
    }

    /// True when the spool is sound, or out of the way.
    var isDone: Bool { found.isEmpty || movedTo != nil }

    /// The outcome for people.
    var text: String {
        guard !found.isEmpty else { return "The spool is sound.\n" }
        return (found + remedy).map { $0.printable + "\n" }.joined()
    }

    private var remedy: [String] {
        guard let plan else { return [] }
        if plan.by == .daemon {
            return [
                """
                The daemon runs: it moves \(plan.from) aside by itself once it meets what it \
                cannot read. To have it moved now, stop the daemon and run `forwarder queue check \
                --apply`. Nothing was changed.
                """
            ]
        }
        let counts = results.map { results in
            let parts = lost.map { $0 > 0 ? ", \($0) only in part" : "" } ?? ""
            return "\(Words.counted(results, "result")) can be read whole\(parts)."
        }
        return [counts ?? "No result can be read."] + (movedTo.map(done) ?? planned(plan))
    }

    private func planned(_ plan: Plan) -> [String] {
        [
            """
            --apply would move it to \(plan.to), its log with it; the daemon begins a new spool \
            when it starts. What the old one holds is then not delivered; `forwarder queue export \
            --file` prints what is whole.
            """,
            "Nothing was changed; --apply does it.",
        ]
    }

    private func done(_ target: String) -> [String] {
        [
            """
            It was moved to \(target); the daemon begins a new spool when it starts. `forwarder \
            queue export --file \(target)` prints what is whole.
            """
        ]
    }
}

/// Judges the configured spool, and moves it aside where that is wanted and nobody works with it.
struct SpoolExamination {
    /// What is done about a spool that is not sound.
    enum Mode {
        case planOnly
        case apply
    }

    let configuration: ForwarderConfiguration
    let mode: Mode

    private var settings: SpoolSettings { configuration.spool }

    /// What it came to; nil when there is no spool yet.
    func outcome() async throws -> CheckOutcome? {
        do {
            guard let queue = try await QueueAccess.open(configuration) else { return nil }
            let found = try await contradictions(queue)
            if case .daemon = queue, !found.isEmpty {
                return CheckOutcome(found: found, plan: plan(.daemon, .damaged))
            }
            return try found.isEmpty ? CheckOutcome(found: []) : judged(found, .damaged)
        } catch let fault as SpoolFault {
            guard let damage = fault.damage else { throw fault }
            return try judged([damage.detail], damage.kind)
        }
    }

    /// Lets the next owner in, whatever was found.
    private func contradictions(_ queue: QueueAccess) async throws -> [String] {
        do {
            let found = try await queue.contradictions()
            try queue.close()
            return found
        } catch {
            // lost on purpose: the fault that matters is the one before it
            try? queue.close()
            throw error
        }
    }

    /// Nobody had the spool open a moment ago: whoever has it now keeps it, and is told of.
    private func judged(_ found: [String], _ kind: MovedSpool.Kind) throws -> CheckOutcome {
        var outcome = CheckOutcome(found: found, plan: plan(.apply, kind))
        // lost on purpose: what cannot be read at all has no results to count
        if kind == .damaged, let salvage = try? Salvage(path: settings.path) {
            outcome.results = Set(salvage.entries.map(\.sequence)).count
            outcome.lost = salvage.lostCount
        }
        guard mode == .apply else { return outcome }
        guard let moved = try SpoolQueue.moveAside(settings, as: kind, time: SystemTime()) else {
            throw ControlFault(description: "\(settings.path) is gone: somebody else moved it.")
        }
        outcome.movedTo = moved.path
        return outcome
    }

    private func plan(
        _ mover: CheckOutcome.Plan.Mover, _ kind: MovedSpool.Kind
    ) -> CheckOutcome.Plan {
        CheckOutcome.Plan(
            by: mover, from: settings.path, to: "\(settings.path).\(kind.rawValue)-DATE")
    }
}
