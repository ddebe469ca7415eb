package import Monitoring
package import UplinkMessages

/// The way to one destination: which node, whether it answers, when to try again.
///
/// Only a probe opens the first connection of a node, so nothing is submitted on a connection on
/// which the fence was not asked and kept results were not compared.
package struct DeliveryLink: Sendable {
    /// Where the way stands.
    package enum Phase: Sendable, Hashable {
        /// No uplink process. Leaves to `.resting` when one is ready.
        case absent
        /// No connection and none wanted. Leaves to `.probing` when there is work.
        case resting
        /// The last try failed. Leaves to `.resting` when the time has come.
        case waiting(until: Duration)
        /// The fence was asked. Leaves to `.comparing` or `.waiting`.
        case probing(id: UInt64)
        /// Connected; what the master holds is compared before anything is submitted.
        case comparing
        /// Connected; results flow.
        case open
    }

    /// What the last failure was; nil after the way was open again.
    package struct Fault: Sendable, Hashable {
        /// For the operator: what happened, what it means.
        package var text: String
        /// Which node it was.
        package var nodeName: String
        /// Since when nothing gets through, by this host's clock.
        package var since: Timestamp
    }

    /// Where the way stands.
    package private(set) var phase = Phase.absent
    /// Why nothing gets through; nil while it does.
    package private(set) var fault: Fault?
    /// What the node said at the last answered probe.
    package private(set) var greeting: MasterGreeting?
    /// When the last probe was answered: what was lost before cannot arrive after.
    private(set) var fencedAt: Duration?
    /// True once the connection was of use: a result got through, or a read was answered.
    private var wasUseful = false
    /// Connections in a row that ended before they were of use.
    private var uselessInRow = 0

    private let nodes: [DeliverySettings.Node]
    private var nodeIndex = 0
    /// Nodes that failed in a row.
    private var failedInRow = 0
    private var backoff = Backoff(first: .seconds(1), longest: .seconds(300))

    init(nodes: [DeliverySettings.Node]) { self.nodes = nodes }

    /// The node in use or to be tried next.
    package var node: DeliverySettings.Node { nodes[nodeIndex] }

    /// When a failed way is tried again; nil while it is not waited for.
    var retriesAt: Duration? { if case .waiting(let until) = phase { until } else { nil } }

    /// True while results go to another node than the preferred one.
    var isAway: Bool { nodeIndex != 0 }

    /// True while questions and submissions have a connection to go over.
    var isConnected: Bool { phase == .comparing || phase == .open }

    /// True when the user may read objects back.
    private(set) var canReadBack = false

    // MARK: Events

    mutating func uplinkStarted() {
        if phase == .absent { phase = .resting }
    }

    mutating func uplinkLost(_ text: String, at now: Moment) {
        phase = .absent
        fault = Fault(text: text, nodeName: node.name, since: fault?.since ?? now.wall)
    }

    /// Turns `.waiting` into `.resting` when its time has come.
    mutating func wake(at monotonic: Duration) {
        if case .waiting(let until) = phase, monotonic >= until { phase = .resting }
    }

    /// An operator wants it now.
    mutating func hurry() {
        if case .waiting = phase { phase = .resting }
    }

    mutating func probeAsked(id: UInt64) {
        precondition(phase == .resting, "a probe starts from rest")
        phase = .probing(id: id)
    }

    /// The node answered a probe on a new connection.
    mutating func connected(_ greeting: MasterGreeting, fencedAt fence: Duration) {
        self.greeting = greeting
        canReadBack =
            greeting.allows("objects/query/Host") && greeting.allows("objects/query/Service")
        fencedAt = fence
        phase = .comparing
        wasUseful = false
    }

    /// The preferred node is used again; its probe was answered before.
    mutating func comeHome() { nodeIndex = 0 }

    mutating func comparisonFinished() {
        if phase == .comparing { phase = .open }
    }

    /// The master told what it holds.
    mutating func told() {
        wasUseful = true
        uselessInRow = 0
    }

    /// A result got through: everything about this way is well.
    mutating func proved() {
        told()
        fault = nil
        failedInRow = 0
        backoff.reset()
    }

    /// A connection that ends sooner than this without having been of use is no idle one.
    ///
    /// 5 s: idle ones live for 9.
    private static let shortestIdle = Duration.seconds(5)
    /// So many useless connections in a row are a fault, however long they lasted.
    private static let uselessLimit = 8

    /// True when the end of the connection is that of an idle one, and no failure.
    mutating func endsQuietly(at monotonic: Duration) -> Bool {
        guard isConnected, !wasUseful else { return true }
        uselessInRow += 1
        let wasShort = fencedAt.map { monotonic - $0 < Self.shortestIdle } ?? true
        guard wasShort || uselessInRow >= Self.uselessLimit else { return true }
        uselessInRow = 0
        return false
    }

    /// The connection ended without anything in flight, as an idle one does.
    mutating func closedQuietly() {
        if isConnected { phase = .resting }
    }

    /// Something about this node failed: the next one is tried; after the last one a wait, and then
    /// the preferred one.
    mutating func failed(
        _ text: String, at now: Moment, using random: inout some RandomNumberGenerator
    ) {
        guard phase != .absent else { return }
        fault = Fault(text: text, nodeName: node.name, since: fault?.since ?? now.wall)
        failedInRow += 1
        guard failedInRow >= nodes.count else {
            nodeIndex = (nodeIndex + 1) % nodes.count
            phase = .resting
            return
        }
        failedInRow = 0
        nodeIndex = 0
        phase = .waiting(until: now.monotonic + backoff.next(using: &random))
    }
}

extension MasterGreeting {
    /// True when the user may submit results.
    var canSubmit: Bool { allows("actions/process-check-result") }

    /// - Source: Icinga 2 compares permissions without regard to case, with wildcards, and lists one
    ///   with a filter as `permission (filtered)`; seen on 2.13.6.
    fileprivate func allows(_ permission: String) -> Bool {
        permissions.contains { listed in
            let granted = listed.split(separator: " ", maxSplits: 1).first ?? ""
            return PermissionPattern(granted.lowercased()).matches(permission.lowercased())
        }
    }
}

/// A permission of an ApiUser, which may hold `*` and `?`.
struct PermissionPattern {
    private let pattern: [UInt8]

    init(_ text: String) { pattern = Array(text.utf8) }

    /// True when all of `text` fits.
    ///
    /// Linear in both lengths times at most the number of stars.
    func matches(_ text: String) -> Bool {
        let text = Array(text.utf8)
        var (at, position) = (0, 0)
        var retry: (pattern: Int, text: Int)?
        while position < text.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                retry = (at + 1, position)
                at += 1
            } else if at < pattern.count,
                pattern[at] == UInt8(ascii: "?") || pattern[at] == text[position]
            {
                at += 1
                position += 1
            } else if let last = retry {
                retry = (last.pattern, last.text + 1)
                (at, position) = (last.pattern, last.text + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
