internal import Monitoring
internal import Spool
internal import UplinkMessages

/// What a master says of a repeat, which is stamped lower than the attempt before it.
enum RepeatAnswer: Sendable {
    /// It was processed; before 2.14 a master says so of what it discards, too.
    case processed
    /// It was discarded, because the master holds something newer.
    case older
}

/// What somebody else's results do to ours.
///
/// - A read at or below the newest stamp that was given out for an object shows one of ours.
/// - A higher one is somebody else's, or this host's with another spool.
struct Overtaking: Sendable {
    /// What the node in use was seen to hold of objects since it was connected.
    ///
    /// Only a crash makes a master hold something older, and that ends the connection.
    private var held: [ObjectName: Timestamp] = [:]
    /// The newest kept result of an object that was counted.
    private var counted: [ObjectName: Timestamp] = [:]
    /// Objects whose last read showed a result of somebody else as the newest.
    private(set) var objects: Set<ObjectName> = []

    mutating func connected() { held = [:] }

    mutating func note(_ stamp: Timestamp, of object: ObjectName) {
        held[object] = max(stamp, held[object] ?? stamp)
    }

    func held(of object: ObjectName) -> Timestamp? { held[object] }

    /// A read showed that nobody overtook the object's results, or nobody does any more.
    mutating func leads(_ object: ObjectName) { objects.remove(object) }

    /// A read showed something newer than all of ours; true when our newest was not counted yet.
    mutating func overtaken(_ object: ObjectName, newest: Timestamp) -> Bool {
        objects.insert(object)
        return counted.updateValue(newest, forKey: object) != newest
    }
}

extension DeliveryMachine {
    /// True when the master holds something newer and says "processed" all the same, as one before
    /// 2.14 does.
    ///
    /// - Source: Icinga 2 takes a result in any order while what it holds lies in its future.
    func isVoid(_ flight: Flight, sentAt: Duration) -> Bool {
        guard flight.node == link.node.name, link.discardsSilently, flight.attempt == 1,
            let held = overtaking.held(of: flight.object), flight.stamp < held,
            let passed = clock.certainlyPassed(at: sentAt)
        else { return false }
        return held <= passed
    }

    /// True when only a read shows what became of a repeat that was answered "processed".
    func needsLook(_ flight: Flight) -> Bool {
        flight.attempt > 1 && flight.node == link.node.name && link.discardsSilently
            && link.canReadBack
    }

    /// The master discarded a result because it holds something newer: for a repeat that may be
    /// the attempt before it.
    mutating func older(_ flight: Flight, at now: Moment) {
        guard flight.attempt > 1 else { return settle(flight, .superseded) }
        counts.discardedRepeats += 1
        if flight.node == link.node.name, link.canReadBack {
            look(at: flight, answer: .older, at: now)
        } else {
            settle(flight, deliveredKind(at: now))
        }
    }

    /// Has a repeat that was answered read back; nothing more of its object goes out before.
    mutating func look(at flight: Flight, answer: RepeatAnswer, at now: Moment) {
        lanes[flight.object, default: LaneState()].stage = .doubtful
        lanes[flight.object]?.doubt = Doubt(
            sequence: flight.sequence, baseStamp: flight.baseStamp, attempts: flight.attempt,
            node: flight.node, lostAt: nil, askableAt: now.monotonic, answer: answer)
        doubtful.insert(flight.object)
    }

    /// Ends the doubt about an object where nothing may be read.
    ///
    /// A repeat that was answered is taken at the master's word; one that was not is sent again,
    /// and is older than an original that arrived.
    mutating func resolveUnread(_ object: ObjectName, at now: Moment) {
        guard let doubt = lanes[object]?.doubt, doubt.answer != nil else {
            return resolve(object, held: nil, at: now)
        }
        lanes[object]?.doubt = nil
        doubtful.remove(object)
        counts.delivered += 1
        settlements.append(
            Settlement(
                object: object, sequence: doubt.sequence, kind: deliveredKind(at: now)))
        rest(object)
    }

    mutating func noteHeld(_ held: Timestamp?, of object: ObjectName) {
        if let held { overtaking.note(held, of: object) }
    }

    /// Counts kept results that were the newest of their object until somebody else's came.
    mutating func noteOvertaken(_ overtaken: [ObjectName], among verdicts: [KeptVerdict]) {
        let overtaken = Set(overtaken)
        for verdict in verdicts {
            guard overtaken.contains(verdict.object) else {
                overtaking.leads(verdict.object)
                continue
            }
            if overtaking.overtaken(verdict.object, newest: verdict.newest) {
                counts.overtaken += 1
            }
        }
    }
}

extension MasterGreeting {
    /// True for a master that may answer "processed" of an older result that it discards: one
    /// before 2.14, or whose version makes no sense.
    ///
    /// - Source: the answers of 2.13.6, 2.14.6 and 2.16.6, docs/protocol.md.
    var discardsSilently: Bool {
        let numbers = version.drop { !$0.isNumber }.split(separator: ".", maxSplits: 2)
            .prefix(2).map { Int($0.prefix { $0.isNumber }) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else {
            return true
        }
        return (major, minor) < (2, 14)
    }
}

extension DeliveryLink {
    /// True while nothing is known of the node, too.
    var discardsSilently: Bool { greeting?.discardsSilently ?? true }
}
