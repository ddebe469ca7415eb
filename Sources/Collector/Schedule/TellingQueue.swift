internal import HeapModule
internal import Monitoring

/// Stale objects that are about to be told as such: the longest stale first, one after the other.
///
/// * Pace: one each ``gap``, so that ten thousand objects whose results one dead job submits are
///   told within four minutes, and checks and other results go on between them.
/// * What others handed over comes first: nothing is told before the drop directory was emptied by
///   a look that began when the object was stale already. That waits for ``longestHold`` at most.
struct TellingQueue: Sendable {
    /// Time between two objects that are told.
    ///
    /// 20 ms, 50 a second: a tenth of what a spool stores and a master takes.
    static let gap = Duration.milliseconds(20)
    /// How long an object that is stale waits for the drop directory to be emptied.
    ///
    /// 10 minutes: what lasts longer than a full disk or a spool that is opened again needs an
    /// operator, and nobody who can keep the directory from being emptied hides anything for long.
    static let longestHold = Duration.seconds(600)
    /// How often is looked whether the drop directory was emptied.
    static let holdLook = Duration.seconds(1)

    /// How far what is dropped was taken.
    var drops = DropsTaken.notAwaited
    private var heap = Heap<Place>()
    /// When the next one may be told.
    private var free = Duration.zero
    /// When it is looked again whether the drop directory was emptied.
    private var nextLook = Duration.zero

    var count: Int { heap.count }

    /// The one that is stale longest.
    var first: Place? { heap.min }

    mutating func insert(_ place: Place) { heap.insert(place) }

    mutating func removeFirst() { heap.removeMin() }

    /// Keeps those only.
    mutating func keep(where isKept: (Place) -> Bool) {
        heap = Heap(heap.unordered.filter(isKept))
    }

    /// When the first is to be told, or looked at again; nil when there is none.
    var due: Duration? {
        guard let first = heap.min else { return nil }
        if drops.reach(first.due) { return max(first.due, free) }
        return max(free, min(max(first.due, nextLook), first.due + Self.longestHold))
    }

    /// Takes out the first if it may be told now.
    ///
    /// - Returns: also whether the drop directory was not emptied since the object is stale.
    mutating func take(at now: Duration) -> (place: Place, isUnread: Bool)? {
        guard let first = heap.min, let due, due <= now else { return nil }
        let isUnread = !drops.reach(first.due)
        guard !isUnread || now >= first.due + Self.longestHold else {
            nextLook = now + Self.holdLook
            return nil
        }
        heap.removeMin()
        return (first, isUnread)
    }

    /// One was told.
    mutating func told(at now: Duration) { free = now + Self.gap }
}

/// How far what others drop for passive objects was taken.
package enum DropsTaken: Sendable, Hashable {
    /// Nothing is dropped here.
    case notAwaited
    /// All that was dropped before this time, on the monotonic clock; nil: nothing yet.
    case before(Duration?)

    func reach(_ time: Duration) -> Bool {
        switch self {
        case .notAwaited: true
        case .before(let taken): taken.map { $0 >= time } ?? false
        }
    }
}

/// One place in a queue; void when its object is due at another time.
struct Place: Comparable, Sendable {
    let due: Duration
    let object: ObjectName

    static func < (a: Place, b: Place) -> Bool {
        a.due == b.due ? a.object < b.object : a.due < b.due
    }
}
