import Synchronization

/// What an operator should look at; each matter is said once when it begins, and stands in `status`
/// and in the forwarder's own health until it ends.
final class AlarmBoard: Sendable {
    /// Matters that something can be wrong with.
    enum Matter: Int, Comparable, Sendable {
        case spool
        case spoolFull
        case definitions
        case tidying

        static func < (a: Matter, b: Matter) -> Bool { a.rawValue < b.rawValue }
    }

    private let standing = Mutex<[Matter: String]>([:])

    /// Notes that something is wrong; true when it was not before.
    func raise(_ matter: Matter, _ text: String) -> Bool {
        standing.withLock { $0.updateValue(text, forKey: matter) == nil }
    }

    /// Notes that it is well again.
    func clear(_ matter: Matter) {
        standing.withLock { _ = $0.removeValue(forKey: matter) }
    }

    /// What is wrong now, in a fixed order.
    var texts: [String] {
        standing.withLock { standing in
            standing.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
