import Monitoring
import Spool
import TestSupport

/// What happens to a spool while its disk fails.
struct FaultScenario: Sendable, CustomStringConvertible {
    let name: String
    /// Played before anything fails; empty: the first opening can fail too.
    var preamble: [SpoolAction] = []
    var steps: [SpoolAction]

    var description: String { name }

    /// A spool is made and gets its first result.
    static let birth = FaultScenario(
        name: "a spool's birth",
        steps: [.register([0]), .append([draft(0, .change)])]
    )

    /// One step of each kind that delivery depends on.
    static let day = FaultScenario(
        name: "a spool's day",
        preamble: [
            .register([0, 1]),
            .append([draft(0, .change), draft(1, .unchanged), draft(0, .unchanged)]),
            exchange(0, leases: [0, 1]),
        ],
        steps: [
            .append([draft(1, .change), draft(2, .attempt)]),
            exchange(0, [(0, .delivered), (1, .sendAgain)], leases: [0, 1]),
            .reopen,
            exchange(0, [(0, .rejected), (1, .delivered)], leases: [1]),
        ]
    )

    /// A new spool through every kind of step.
    static let life = FaultScenario(
        name: "a spool's life",
        steps: [
            .register([0, 1]),
            .append([draft(0, .change), draft(1, .unchanged), draft(2, .attempt, 5_000)]),
            exchange(0, leases: [0, 1, 2]),
            exchange(0, [(0, .delivered), (1, .rejected), (2, .ambiguous)], leases: [0]),
            .append([draft(0, .unchanged), draft(1, .change), draft(0, .change)]),
            exchange(0, [(2, .sendAgain)], leases: [0, 1, 2]),
            exchange(1, parks: [3, 1], leases: [0, 2]),
            .confirm(place: 0, object: 0, upTo: 1, lowered: 0, patience: 0),
            exchange(1, [(0, .notProcessed), (2, .superseded)], leases: [0, 1]),
            exchange(0, [(0, .delivered), (1, .ignored), (2, .delivered)]),
            .resend(place: 0, object: 2, after: -1),
            .register([0]),
            exchange(0, leases: [2]),
            .forgetSchedules(from: 2),
            .tidy,
            .reopen,
            .append([draft(3, .unchanged, 2_000)]),
            exchange(0, [(2, .delivered)], leases: [0, 3]),
        ]
    )

    /// A spool of the least size at its bound.
    static let bound = FaultScenario(
        name: "a spool at its bound",
        preamble: [
            .register([0, 1]),
            .append((0..<14).map { draft($0 % 7, .unchanged, 60_000) }),
            exchange(0, leases: [0, 1, 2]),
            exchange(1, leases: [0, 1]),
            exchange(0, [(0, .delivered), (1, .rejected)], leases: [0]),
            exchange(1, [(0, .delivered), (1, .delivered)]),
            .append((0..<10).map { draft($0 % 5, $0 < 5 ? .change : .unchanged, 60_000) }),
        ],
        steps: [
            .append([draft(1, .unchanged, 60_000), draft(2, .unchanged, 40_000)]),
            exchange(0, [(0, .delivered), (2, .deliveredUnconfirmed)], leases: [0, 3]),
            .append([draft(3, .change, 60_000)]),
            .reopen,
            .append([draft(4, .unchanged, 50_000)]),
        ]
    )

    /// A random life from a seed.
    static func random(seed: UInt64, steps count: Int) -> FaultScenario {
        var generator = ActionGenerator(seed: seed, isBound: false)
        let steps = generator.actions(count).filter { action in
            switch action {
            case .crash, .drop: false
            default: true
            }
        }
        return FaultScenario(name: "random life \(seed)", steps: steps)
    }

    private static func draft(
        _ object: Int,
        _ worth: Significance,
        _ bytes: Int = 40
    ) -> SpoolAction.Draft {
        SpoolAction.Draft(object: object, worth: worth, bytes: bytes)
    }

    private static func exchange(
        _ place: Int,
        _ endings: [(Int, SpoolAction.Ending)] = [],
        parks: [Int] = [],
        leases: [Int] = []
    ) -> SpoolAction {
        .exchange(
            SpoolAction.Exchange(
                place: place,
                endings: endings.map { SpoolAction.Ended(object: $0.0, ending: $0.1) },
                parks: parks,
                leases: leases
            )
        )
    }
}
