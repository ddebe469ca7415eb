import Monitoring
import Synchronization

/// Objects whose next result was asked for: it goes out before all others.
///
/// Bounded by the objects of this host: only what was made due is in it.
final class RecheckArrivals: Sendable {
    private let awaited = Mutex<[ObjectName: Duration]>([:])

    /// The object was made due at this monotonic time.
    func await(_ object: ObjectName, since now: Duration) {
        awaited.withLock { $0[object] = now }
    }

    /// Since when this object's result was awaited; nil when it was not.
    func take(_ object: ObjectName) -> Duration? {
        awaited.withLock { $0.removeValue(forKey: object) }
    }
}
