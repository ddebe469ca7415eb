package import Monitoring
internal import UplinkMessages

/// A check that somebody asked for on the master.
package struct RecheckDemand: Sendable, Hashable {
    /// Of what.
    package var object: ObjectName
    /// When it was asked for by the master's clock, in seconds since 1970, cut to whole ones.
    ///
    /// With destination and object it tells this request from every other one.
    package var value: Int64

    /// A demand with both parts.
    package init(object: ObjectName, value: Int64) {
        self.object = object
        self.value = value
    }
}

/// What one look at a master showed.
package struct RecheckRound: Sendable, Hashable {
    /// The destination whose master it is.
    package var destination: String
    /// The node that was looked at.
    package var node: String
    /// How far its clock is ahead of this host's.
    package var lead: Duration
    /// What is asked for, at most one demand for each object; may be empty in the first round.
    package var demands: [RecheckDemand]

    /// A round with all its parts.
    package init(destination: String, node: String, lead: Duration, demands: [RecheckDemand]) {
        self.destination = destination
        self.node = node
        self.lead = lead
        self.demands = demands
    }
}

/// What is known of one object's schedule on the master, and which of it is somebody's request.
///
/// The master's own schedule for an object is `last_check` plus the ttl of our last result. What
/// else stands there was put there, by somebody or by the master:
/// - a whole second is what Icinga DB Web and the API's users send;
/// - a fraction is what a reload of the master makes of overdue times, and what the API sets when
///   no time is named; only where `force_next_check` was seen to come with it, it is a request.
///
/// A request stands from the moment that the master's clock has reached it until a result is taken.
/// - Source: Icinga 2 `reschedule-check`, `Checkable::Start`; docs/protocol.md, "Rechecks".
struct WatchedObject: Sendable, Hashable {
    /// The ttls of the last two results that were sent, in seconds: one may not be there yet.
    private var lifetimes: [UInt32] = []
    private var wasForced: Bool?
    /// The fractional time that came with a force.
    private var forcedTime: Timestamp?

    /// A result was sent with this ttl.
    mutating func sent(ttlSeconds: UInt32) {
        guard lifetimes.last != ttlSeconds else { return }
        lifetimes = lifetimes.suffix(1) + [ttlSeconds]
    }

    /// What is read at another node says nothing about what this one was.
    mutating func changedNode() {
        wasForced = nil
        forcedTime = nil
    }

    /// The request that the reading shows; nil when it shows none that is due.
    mutating func request(_ reading: ScheduleReading, passed: Timestamp) -> Int64? {
        defer { wasForced = reading.isForced }
        if reading.isForced, wasForced == false { forcedTime = reading.nextCheck }
        if !reading.isForced { forcedTime = nil }
        let isWhole = reading.nextCheck.microseconds % 1_000_000 == 0
        guard isWhole || forcedTime == reading.nextCheck else { return nil }
        guard reading.nextCheck <= passed, reading.nextCheck.microseconds > 0 else { return nil }
        guard !isOwn(reading) else { return nil }
        return reading.nextCheck.microseconds / 1_000_000
    }

    private func isOwn(_ reading: ScheduleReading) -> Bool {
        guard let lastCheck = reading.lastCheck else { return false }
        return lifetimes.contains { lifetime in
            let planned = lastCheck + .seconds(Int64(lifetime))
            return abs((reading.nextCheck - planned).wholeMicroseconds) <= 1_000_000
        }
    }
}

/// Asks now and then when the master means objects to be checked next.
///
/// - One round an interval, over the connection that delivers; it is kept up for that.
/// - At most ``questionLimit`` questions out, each for ``Wire/scheduleLimit`` objects at most.
/// - An object that the master does not know is left out for a while.
struct RecheckWatch: Sendable {
    private(set) var objects: [ObjectName: WatchedObject] = [:]
    /// When the next round begins.
    private var dueAt = Duration.zero
    /// What is still to be asked in this round.
    private var waiting: [[ObjectName]] = []
    private var asked: [UInt64: [ObjectName]] = [:]
    private var shunned = ShunnedObjects()
    /// True when the master refuses such questions.
    var isRefused = false
    /// True once somebody was told that the master is looked at.
    fileprivate(set) var isTold = false

    /// Most bytes of names in a question.
    ///
    /// 100 KiB: as JSON, each byte escaped as six, they stay below the master's limit of 1 MiB.
    private static let questionByteLimit = 102_400
    /// Two: delivery shares the connection.
    private static let questionLimit = 2

    /// Watches exactly these.
    mutating func watch(_ names: Set<ObjectName>) {
        objects = objects.filter { names.contains($0.key) }
        for name in names where objects[name] == nil { objects[name] = WatchedObject() }
    }

    mutating func sent(_ object: ObjectName, ttlSeconds: UInt32) {
        objects[object]?.sent(ttlSeconds: ttlSeconds)
    }

    /// The master knows the object after all.
    mutating func processed(_ object: ObjectName) { shunned.admit(object) }

    mutating func connected(toOtherNode isOther: Bool) {
        drop()
        isRefused = false
        guard isOther else { return }
        shunned.admitAll()
        for name in objects.keys { objects[name]?.changedNode() }
    }

    /// Without a connection nothing is answered.
    mutating func drop() {
        waiting = []
        asked = [:]
    }

    /// When a round is due; nil while none is wanted or one is under way.
    func wakeAt(_ interval: Duration) -> Duration? {
        guard interval > .zero, !objects.isEmpty, !isRefused, waiting.isEmpty, asked.isEmpty else {
            return nil
        }
        return dueAt
    }

    mutating func beginRound(at now: Duration, _ interval: Duration) {
        dueAt = now + interval
        shunned.expire(at: now)
        let names = objects.keys.filter { !shunned.contains($0) }.sorted()
        waiting = []
        var bytes = Self.questionByteLimit
        for name in names {
            bytes += name.fullName.utf8.count
            let isFull = waiting.last?.count ?? Wire.scheduleLimit >= Wire.scheduleLimit
            if isFull || bytes > Self.questionByteLimit {
                waiting.append([])
                bytes = name.fullName.utf8.count
            }
            waiting[waiting.count - 1].append(name)
        }
    }

    /// The next objects to ask about; nil when enough is out or nothing waits.
    mutating func next() -> [ObjectName]? {
        guard asked.count < Self.questionLimit else { return nil }
        return waiting.popLast()
    }

    mutating func asking(_ id: UInt64, _ names: [ObjectName]) { asked[id] = names }

    /// What was asked under this id; nil when nothing was.
    mutating func answered(_ id: UInt64) -> [ObjectName]? { asked.removeValue(forKey: id) }

    /// One of these is not known: halves are asked, and one alone is left out for a while.
    mutating func unknown(_ names: [ObjectName], at now: Duration) {
        guard names.count > 1 else {
            for name in names { shunned.shun(name, at: now) }
            return
        }
        let half = names.count / 2
        waiting.append(Array(names[..<half]))
        waiting.append(Array(names[half...]))
    }

    /// The requests that these readings show.
    mutating func requests(
        _ readings: [ScheduleReading], of names: [ObjectName], passed: Timestamp
    ) -> [RecheckDemand] {
        let names = Set(names)
        return readings.compactMap { reading in
            guard names.contains(reading.object) else { return nil }
            return objects[reading.object]?.request(reading, passed: passed).map {
                RecheckDemand(object: reading.object, value: $0)
            }
        }
    }
}

extension DeliveryMachine {
    /// Asks what is to be asked now.
    mutating func watchSchedules(at now: Moment, _ actions: inout [DeliveryAction]) {
        guard link.phase == .open, link.canReadBack, clock.isKnown else { return }
        if let due = watch.wakeAt(settings.watchInterval), due <= now.monotonic {
            watch.beginRound(at: now.monotonic, settings.watchInterval)
        }
        while let names = watch.next() {
            let id = nextID()
            watch.asking(id, names)
            actions.append(.send(.readSchedule(id: id, node: link.node.id, objects: names)))
        }
    }

    /// When the watch has something to do next; nil while it has not.
    var watchWake: Duration? {
        guard link.phase == .open || link.phase == .resting else { return nil }
        return watch.wakeAt(settings.watchInterval)
    }

    mutating func scheduleAnswered(
        _ id: UInt64, _ answer: ScheduleAnswer, at now: Moment, _ actions: inout [DeliveryAction]
    ) {
        guard let names = watch.answered(id) else { return }
        switch answer {
        case .readings(let readings):
            link.told()
            guard let passed = clock.certainlyPassed(at: now.monotonic) else { return }
            let demands = watch.requests(readings, of: names, passed: passed)
            // The first look is told in any case: what stands by then may be older than this spool.
            guard !demands.isEmpty || !watch.isTold else { return }
            watch.isTold = true
            // What is certain of it: by a larger one a request after a check seemed to be before.
            let lead = passed - now.wall
            actions.append(
                .recheckDemanded(
                    RecheckRound(
                        destination: settings.name, node: link.node.name, lead: lead,
                        demands: demands)))
        case .objectUnknown: watch.unknown(names, at: now.monotonic)
        case .permissionMissing: watch.isRefused = true
        // The connection says for itself when it ends; this round is over.
        case .failed: break
        }
    }
}
