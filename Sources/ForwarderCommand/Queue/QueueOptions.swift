import ArgumentParser
import Spool

/// Which entries of the queue a subcommand is about.
struct QueueOptions: ParsableArguments {
    @Option(help: "Only this destination (the zone, or the Master object's name).")
    var master: String?

    @Option(
        help: ArgumentHelp(
            "Only objects of this name; * stands for any text, ? for any character.",
            valueName: "host!service"))
    var object: String?

    @Option(
        help: """
            Only entries that are queued, sent, ambiguous, delivered, rejected, withheld (nothing \
            of it may leave by the policy), or parked (of an object that is left alone for a \
            while). May be given several times.
            """)
    var outcome: [Outcome] = []

    enum Outcome: String, ExpressibleByArgument, CaseIterable {
        case queued
        case sent
        case ambiguous
        case delivered
        case rejected
        case withheld
        case parked

        var state: DeliveryState? { DeliveryState(rawValue: rawValue) }
    }

    /// The filter they make for a queue; a daemon says itself which destination is meant.
    ///
    /// - Throws: when nobody knows the destination.
    func filter(
        for queue: QueueAccess, _ configuration: ForwarderConfiguration,
        unless states: Set<DeliveryState> = Set(DeliveryState.allCases)
    ) async throws -> QueueFilter {
        let filter = filter(unless: states)
        guard case .spool(let spool) = queue else { return filter }
        return try await spool.resolved(filter, configuration)
    }

    /// The filter they make; without an outcome, `unless` says what is meant.
    func filter(unless states: Set<DeliveryState> = Set(DeliveryState.allCases)) -> QueueFilter {
        var named = Set(outcome.compactMap(\.state))
        let isParkedOnly = outcome.contains(.parked) && !outcome.contains(.queued)
        if isParkedOnly { named.insert(.queued) }
        return QueueFilter(
            object: object, destination: master, states: named.isEmpty ? states : named,
            isParkedOnly: isParkedOnly)
    }
}
