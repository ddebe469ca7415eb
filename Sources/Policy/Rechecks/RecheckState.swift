package import Monitoring

/// What must survive restarts so that no recheck happens twice or too often.
///
/// Bounded: a window for each role and destination that allowed one, and an entry for each object
/// and destination that had one, at most ``RecheckState/objectLimit``.
package struct RecheckState: Sendable, Hashable {
    /// Most objects, counted for each destination, whose requests are remembered one by one.
    ///
    /// 100,000: ten times the objects of a large host; 30 MB at the very most. At the limit those
    /// that were silent longest are forgotten, and their values held against all forgotten ones.
    package static let objectLimit = 100_000

    /// Times of rechecks by role and destination.
    package var windows: [WindowKey: RecheckWindow] = [:]
    /// Requests that were honoured by destination and object.
    package var honoured: [HonouredKey: HonouredRequests] = [:]
    /// By destination the largest value among what is forgotten; no value up to it is honoured for
    /// an object without an entry.
    package var forgotten: [String: Int64] = [:]

    /// Nothing has been honoured yet.
    package init() {}

    /// Whose rechecks a window counts.
    package struct WindowKey: Sendable, Hashable {
        /// The role that allowed them.
        package var role: String
        /// Who asked.
        package var destination: String

        /// A key with both parts.
        package init(role: String, destination: String) {
            self.role = role
            self.destination = destination
        }
    }

    /// Whose requests an entry is about.
    package struct HonouredKey: Sendable, Hashable {
        /// Who asked.
        package var destination: String
        /// For what.
        package var object: ObjectName

        /// A key with both parts.
        package init(destination: String, object: ObjectName) {
            self.destination = destination
            self.object = object
        }
    }

    /// Forgets counts of roles that there are no more.
    package mutating func keep(roles: [PolicyRole]) {
        let names = Set(roles.map(\.name))
        windows = windows.filter { names.contains($0.key.role) }
    }

    /// Forgets objects that there are no more, so that none of their requests is honoured again.
    package mutating func keep(objects: Set<ObjectName>) {
        for key in honoured.keys where !objects.contains(key.object) { forget(key) }
    }

    /// Makes room for one more object; says which are forgotten.
    mutating func makeRoom() -> [HonouredKey] {
        guard honoured.count >= Self.objectLimit else { return [] }
        // a tenth at once, so that looking for them is rare
        let oldest = honoured.sorted { $0.value.last < $1.value.last }
            .prefix(max(1, Self.objectLimit / 10))
            .map(\.key)
        for key in oldest { forget(key) }
        return oldest
    }

    private mutating func forget(_ key: HonouredKey) {
        guard let entry = honoured.removeValue(forKey: key) else { return }
        let largest = max(entry.floor ?? .min, entry.recent.last ?? .min)
        forgotten[key.destination] = max(forgotten[key.destination] ?? .min, largest)
    }
}

/// When a role's rechecks happened, by this host's clock; the oldest first.
package struct RecheckWindow: Sendable, Hashable {
    /// At most ``RecheckLimit/largestCount``, oldest first.
    package var times: [Timestamp]

    /// A window with these times; what is over the bound is left out.
    package init(times: [Timestamp] = []) {
        self.times = Array(times.sorted().suffix(RecheckLimit.largestCount))
    }

    /// How long until there is room for another one; nil when there is.
    func wait(at now: Timestamp, limit: RecheckLimit) -> Duration? {
        let inside = times.filter { now - $0 < limit.period }
        guard inside.count >= limit.count else { return nil }
        // room comes when so many have left that one fewer than allowed is inside
        return limit.period - (now - inside[inside.count - limit.count])
    }

    /// Moves all times back so that none lies ahead of a clock that was set back.
    mutating func settle(at now: Timestamp) {
        guard let last = times.last, last > now else { return }
        let step = last - now
        times = times.map { $0 - step }
    }

    mutating func add(_ now: Timestamp) {
        times.append(now)
        times.removeFirst(max(0, times.count - RecheckLimit.largestCount))
    }
}

/// Which of a destination's requests for one object were honoured.
package struct HonouredRequests: Sendable, Hashable {
    /// The newest values that were honoured, in order; at most ``HonouredRequests/recentLimit``.
    package var recent: [Int64]
    /// The largest value that is no longer in `recent`: nothing up to it is honoured.
    package var floor: Int64?
    /// When the last one was honoured, by this host's clock.
    package var last: Timestamp

    /// Most values that are remembered one by one.
    ///
    /// 16: they let a master whose clock was set back ask again; older ones are only compared.
    package static let recentLimit = 16

    /// An entry with all its parts.
    package init(recent: [Int64] = [], floor: Int64? = nil, last: Timestamp) {
        self.recent = recent.sorted()
        self.floor = floor
        self.last = last
        shorten()
    }

    /// True when the value may have been honoured already.
    func covers(_ value: Int64) -> Bool {
        recent.contains(value) || floor.map { value <= $0 } ?? false
    }

    mutating func add(_ value: Int64, at now: Timestamp) {
        recent.append(value)
        recent.sort()
        last = now
        shorten()
    }

    private mutating func shorten() {
        while recent.count > Self.recentLimit {
            let oldest = recent.removeFirst()
            floor = max(floor ?? .min, oldest)
        }
    }
}
