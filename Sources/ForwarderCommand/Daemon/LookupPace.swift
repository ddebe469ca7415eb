import Synchronization
import UplinkMessages

/// Decides whether a node's name is looked up when the uplink asks for its addresses.
///
/// Each lookup is a process, and the uplink may be in foreign hands. What is dropped is asked for
/// again when the next connection fails.
struct LookupPace: Sendable {
    /// The shortest time from the start of one lookup of a node to the next.
    ///
    /// 1 s: a name does not change faster, and a process each second costs a host nothing.
    static let pause = Duration.seconds(1)

    private var running: Set<NodeID> = []
    private var starts: [NodeID: Duration] = [:]

    /// True when a lookup begins now; false while one runs or one began less than a pause ago.
    mutating func begins(_ node: NodeID, at now: Duration) -> Bool {
        guard !running.contains(node) else { return false }
        if let last = starts[node], now - last < Self.pause { return false }
        running.insert(node)
        starts[node] = now
        return true
    }

    /// Takes note that the lookup of this node is over.
    mutating func ended(_ node: NodeID) { running.remove(node) }
}

/// The lookups of one supervisor, and the addresses they found.
final class Lookups: Sendable {
    private let pace = Mutex(LookupPace())
    private let known = Mutex<[String: [String]]>([:])

    /// The addresses of a host after a lookup; those of before when it found none: a name server
    /// that is away together with a master must not outlast it.
    func addresses(of host: String, found: [String]) -> [String] {
        known.withLock { known in
            if !found.isEmpty { known[host] = found }
            return known[host] ?? []
        }
    }

    /// See ``LookupPace/begins(_:at:)``.
    func begins(_ node: NodeID, at now: Duration) -> Bool {
        pace.withLock { $0.begins(node, at: now) }
    }

    /// See ``LookupPace/ended(_:)``.
    func ended(_ node: NodeID) { pace.withLock { $0.ended(node) } }
}
