internal import Monitoring

/// Objects that the master did not know, and that it is not asked about for a while.
///
/// One of them fails a whole query, and 404s are costly for the master.
struct ShunnedObjects: Sendable {
    private var until: [ObjectName: Duration] = [:]

    /// An hour: an object that is new there is asked about soon enough.
    private static let time = Duration.seconds(3600)

    mutating func shun(_ object: ObjectName, at monotonic: Duration) {
        until[object] = monotonic + Self.time
    }

    /// It is known after all.
    mutating func admit(_ object: ObjectName) { until[object] = nil }

    /// Another node may know them.
    mutating func admitAll() { until = [:] }

    /// Forgets those whose time is over.
    mutating func expire(at monotonic: Duration) { until = until.filter { $0.value > monotonic } }

    func contains(_ object: ObjectName) -> Bool { until[object] != nil }
}
