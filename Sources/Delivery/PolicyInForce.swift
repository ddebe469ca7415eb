package import Policy
internal import Synchronization

/// The policy that decides what leaves from now on; everybody who asks holds the same one.
///
/// - Isolation: safe from any thread; whoever asks after ``replace(with:)`` returned is told by the
///   new rules.
package final class PolicyInForce: Sendable {
    private struct State {
        var rules: PolicyRules
        /// Grows with each replacement, so that what was derived from older rules is told.
        var generation = 0
    }

    private let state: Mutex<State>

    /// Begins with these rules.
    package init(_ rules: PolicyRules) { state = Mutex(State(rules: rules)) }

    /// The rules of now.
    package var rules: PolicyRules { state.withLock { $0.rules } }

    /// Has these rules decide from now on.
    package func replace(with rules: PolicyRules) {
        state.withLock { $0 = State(rules: rules, generation: $0.generation + 1) }
    }

    /// The same with a number that grows with each replacement.
    var current: (rules: PolicyRules, generation: Int) {
        state.withLock { ($0.rules, $0.generation) }
    }
}
