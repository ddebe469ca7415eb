package import Monitoring

/// Where one result stands at one destination.
package enum DeliveryState: String, Sendable, Codable, CaseIterable {
    /// It waits.
    case queued
    /// It is out.
    case sent
    /// It was out, and nobody knows whether it took effect.
    case ambiguous
    /// It was delivered and is kept until the master is seen to remember it.
    case delivered
    /// The master will never take it.
    case rejected
    /// Nothing of it may leave this host.
    case withheld
}

/// One result at one destination, as `forwarder queue` shows it.
package struct QueueEntry: Hashable, Sendable {
    /// Its place in line.
    package var sequence: Sequence
    /// The destination's name.
    package var destination: String
    /// Where it stands.
    package var state: DeliveryState
    /// What is to be sent, or was.
    package var result: CheckResult
    /// What it changed.
    package var significance: Significance
    /// The stamp of its first attempt, in the master's clock; nil before the first.
    package var baseStamp: Timestamp?
    /// Attempts that may have left this host.
    package var attempts: Int
    /// The node of the newest attempt; nil before the first, and when it does not matter any more.
    package var node: String?
    /// Until when its object is left alone, and why; nil when it is not.
    package var parked: Lane.Parked?
    /// The master's answer to a rejected one; why a withheld one is.
    package var answer: Answer?

    /// Why a result was rejected.
    package struct Answer: Hashable, Sendable {
        /// The master's code; 0 when it gave none.
        package var code: Int
        /// The master's words, cut to ``Parking/textByteLimit``.
        package var text: String
        /// When, by this host's clock.
        package var at: Timestamp
    }
}

/// Which entries are meant; what is left out means all.
package struct QueueFilter: Hashable, Sendable, Codable {
    /// Full names of objects, where `*` stands for any text and `?` for any character.
    package var object: String?
    /// A destination's name.
    package var destination: String?
    /// Where they stand.
    package var states: Set<DeliveryState>
    /// True when of those that wait only the ones of objects that are left alone are meant.
    package var isParkedOnly: Bool
    /// A place in line.
    package var sequence: Int64?

    /// A filter with all its parts.
    package init(
        object: String? = nil, destination: String? = nil,
        states: Set<DeliveryState> = Set(DeliveryState.allCases), isParkedOnly: Bool = false,
        sequence: Int64? = nil
    ) {
        self.object = object
        self.destination = destination
        self.states = states
        self.isParkedOnly = isParkedOnly
        self.sequence = sequence
    }
}

/// Where a page of entries ended; the next one begins behind it.
package struct QueueCursor: Hashable, Sendable, Codable {
    var destination: Int64
    var object: Int64
    var result: Int64
}

/// Some entries, in the order of destination, object and acceptance.
package struct QueuePage: Sendable {
    /// At most ``entryLimit`` of them, and not much more than ``byteLimit`` bytes of text.
    package var entries: [QueueEntry]
    /// Where the next page begins; nil when this was the last.
    package var next: QueueCursor?

    /// 500: a page that delivery hardly notices.
    package static let entryLimit = 500
    /// 1 MiB of output and performance data; the entry that passes it is the last of its page.
    package static let byteLimit = 1 << 20
}

/// What an operator's word about entries came to, one step of it.
package struct QueueChange: Hashable, Sendable {
    /// Entries that were changed.
    package var changed = 0
    /// Entries that had to stay as they are, by reason.
    package var left: [String: Int] = [:]
    /// Lanes to be tried at once, with the number of results that wait again.
    package var retried: [RetriedLane] = []
    /// Where the next step begins; nil when this was the last.
    package var next: QueueCursor?
}

/// A lane that an operator wants tried at once.
package struct RetriedLane: Hashable, Sendable {
    /// At which destination.
    package var destination: DestinationID
    /// Whose.
    package var object: ObjectName
    /// Results that wait again; 0 when only its wait was ended.
    package var count: Int
}
