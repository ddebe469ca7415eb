import Monitoring

/// A master as its rules make it: what it stores of each object, what took effect, what it forgets.
///
/// - Source: Icinga 2 `Checkable::ProcessCheckResult`, as told in docs/protocol.md.
struct SimulatedMaster {
    /// One result that took effect.
    struct Effect: Hashable {
        var object: ObjectName
        var stamp: Timestamp
        /// What the result said; unique, so that it names the result.
        var output: String
    }

    private struct State {
        var held: [ObjectName: (stamp: Timestamp, processed: Timestamp)] = [:]
        var effects: [Effect] = []
    }

    init(discardsSilently: Bool) { self.discardsSilently = discardsSilently }

    private var state = State()
    private var dumped = State()
    private(set) var isUp = true
    /// True while its process is stopped: its host takes bytes for it, which it reads later.
    private(set) var isStalled = false
    /// True while it reads and answers.
    var isAwake: Bool { isUp && !isStalled }
    /// True for one before 2.14.
    let discardsSilently: Bool
    /// Objects that it does not know.
    var unknown: Set<ObjectName> = []
    /// How often it crashed.
    private(set) var crashes = 0

    var effects: [Effect] { state.effects }

    /// Takes a submission; the outcome that it answers.
    mutating func submit(
        _ object: ObjectName, _ stamp: Timestamp, _ output: String, at clock: Timestamp
    ) -> SubmissionAnswer {
        guard !unknown.contains(object) else { return .unknown }
        if let held = state.held[object], stamp < held.stamp, held.stamp <= clock {
            return discardsSilently ? .discardedSilently : .older
        }
        state.held[object] = (stamp, clock)
        state.effects.append(Effect(object: object, stamp: stamp, output: output))
        return .processed
    }

    enum SubmissionAnswer {
        case processed
        case older
        /// It says "processed" of an older one.
        case discardedSilently
        case unknown
    }

    func reading(of object: ObjectName) -> (stamp: Timestamp, processed: Timestamp)? {
        state.held[object]
    }

    /// Writes its state down, as it does every five minutes.
    mutating func dump() { dumped = state }

    /// Stops as an administrator stops it.
    mutating func stop() {
        dump()
        isUp = false
        isStalled = false
    }

    /// Loses what it did not write down.
    mutating func crash() {
        state = dumped
        isUp = false
        isStalled = false
        crashes += 1
    }

    mutating func start() { isUp = true }

    mutating func stall() { isStalled = isUp }

    mutating func goOn() { isStalled = false }
}
