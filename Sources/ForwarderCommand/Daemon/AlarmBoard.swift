import Synchronization

/// What an operator should look at; each matter is said once when it begins, and stands in `status`
/// and in the forwarder's own health until it ends.
final class AlarmBoard: Sendable {
    /// Matters that something can be wrong with.
    enum Matter: Int, Comparable, Sendable {
        case opening
        case spool
        case spoolFull
        case proofs
        case policy
        case definitions
        case keys
        case forgetting
        case retired
        case tidying
        case dropping
        case strayDrops
        case names
        case memory

        static func < (a: Matter, b: Matter) -> Bool { a.rawValue < b.rawValue }
    }

    /// What happened once and is over; own health tells it until it was stored.
    enum News: String, Sendable {
        case damagedSpool = "moved a damaged spool aside"
        case foreignSpool = "moved a foreign file out of the spool's place"
        case displacedSpool = "found the spool's file removed or replaced"
    }

    private let news = Mutex<[News]>([])
    private let standing = Mutex<[Matter: String]>([:])
    private let fullness = Mutex(SpoolFullness())
    private let proofs = Mutex(ProofLosses())

    /// Notes that something is wrong; true when it was not before.
    func raise(_ matter: Matter, _ text: String) -> Bool {
        standing.withLock { $0.updateValue(text, forKey: matter) == nil }
    }

    /// Notes that it is well again; true when it was not before.
    @discardableResult
    func clear(_ matter: Matter) -> Bool {
        standing.withLock { $0.removeValue(forKey: matter) != nil }
    }

    /// True while this matter is not well.
    func isStanding(_ matter: Matter) -> Bool { standing.withLock { $0[matter] != nil } }

    /// Has own health tell it until it was stored.
    func announce(_ one: News) { news.withLock { if !$0.contains(one) { $0.append(one) } } }

    /// What was announced and is not stored yet.
    var untoldNews: [News] { news.withLock { $0 } }

    /// Takes note that own health was stored with this text: what it tells is told.
    func told(in text: String) {
        news.withLock { news in news.removeAll { text.contains($0.rawValue) } }
    }

    /// What is wrong now, in a fixed order.
    var texts: [String] { texts(without: nil) }

    /// What is wrong now but for one matter, which somebody else tells.
    func texts(without matter: Matter?) -> [String] {
        standing.withLock { standing in
            standing.sorted { $0.key < $1.key }.filter { $0.key != matter }.map(\.value)
        }
    }

    /// Notes what one batch cost the spool, and says what that changed.
    func note(refused: Int, evicted: Int, at now: Duration) -> SpoolFullness.Change? {
        let change = fullness.withLock { $0.note(refused: refused, evicted: evicted, at: now) }
        switch change {
        case .began(let losses), .wentOn(let losses): _ = raise(.spoolFull, losses.text)
        case .ended: clear(.spoolFull)
        case nil: break
        }
        return change
    }

    /// Notes how many delivered results each destination's spool gave up before proof; true when an
    /// alarm begins.
    func note(lostProofs: [String: Int], at now: Duration) -> Bool {
        guard let text = proofs.withLock({ $0.note(lostProofs, at: now) }) else {
            clear(.proofs)
            return false
        }
        return raise(.proofs, text)
    }
}
