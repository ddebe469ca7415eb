import Monitoring
import TestSupport

/// Random actions whose seed decides everything.
struct ActionGenerator {
    private var random: SeededGenerator
    private let objectCount: Int
    private let outputBytes: ClosedRange<Int>
    /// Most results of one append.
    ///
    /// At the bound one: for which of several results something went shows in no answer, and a
    /// model that follows each way takes hours. BoundTests appends many there.
    private let draftLimit: Int
    private var appended = 0

    /// - Parameter isBound: long outputs, so that a spool of the least size meets its bound.
    init(seed: UInt64, isBound: Bool) {
        random = SeededGenerator(seed: seed)
        objectCount = isBound ? 12 : 6
        draftLimit = isBound ? 1 : 3
        outputBytes = isBound ? 10_000...60_000 : 0...200
    }

    /// The next so many actions, after a registration.
    mutating func actions(_ count: Int) -> [SpoolAction] {
        [.register([0, 1])] + (1..<count).map { _ in next() }
    }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    private mutating func next() -> SpoolAction {
        let (place, object) = (below(3), below(objectCount))
        switch below(1000) {
        case ..<250: return append()
        case ..<750: return exchange(place: place)
        case ..<840:
            return .confirm(
                place: place,
                object: object,
                upTo: appended - below(30),
                lowered: random.once(in: 4) ? below(3) : 0,
                patience: below(40)
            )
        case ..<910:
            let number = random.once(in: 20) ? -1 : max(appended - below(30), 0)
            return .resend(place: place, object: object, after: number)
        case ..<925: return .register([0, 1, 2].filter { $0 == 0 || !random.once(in: 3) })
        case ..<930: return .drop(place: place)
        case ..<960: return .tidy
        case ..<975: return .forgetSchedules(from: below(objectCount + 1))
        case ..<990: return .reopen
        default: return .crash
        }
    }

    /// Each object once at most, so that the receipt says which of them was refused.
    private mutating func append() -> SpoolAction {
        var objects = Array(0..<objectCount)
        objects.shuffle(using: &random)
        let drafts = objects.prefix(1 + below(draftLimit)).map { object in
            SpoolAction.Draft(
                object: object,
                worth: random.pick([.unchanged, .unchanged, .unchanged, .attempt, .change]),
                bytes: Int.random(in: outputBytes, using: &random)
            )
        }
        appended += drafts.count
        return .append(drafts)
    }

    private mutating func exchange(place: Int) -> SpoolAction {
        var exchange = SpoolAction.Exchange(place: place)
        for object in 0..<objectCount where random.once(in: 3) {
            let ending = random.pick(
                SpoolAction.Ending.allCases + [.delivered, .delivered, .delivered, .delivered]
            )
            exchange.endings.append(SpoolAction.Ended(object: object, ending: ending))
        }
        exchange.leases = (0..<objectCount).filter { _ in random.once(in: 3) }
        exchange.parks = (0..<objectCount).filter { _ in random.once(in: 30) }
        exchange.holds = random.once(in: 20)
        return .exchange(exchange)
    }
}
