/// Waits that grow from failure to failure, with jitter, so that many hosts do not come back to a
/// master in step.
package struct Backoff: Sendable, Hashable {
    /// The wait after the first failure.
    package let first: Duration
    /// The longest wait.
    package let longest: Duration
    private var failures = 0

    /// No failure so far.
    package init(first: Duration, longest: Duration) {
        precondition(first > .zero && longest >= first, "waits are positive and grow")
        self.first = first
        self.longest = longest
    }

    /// Failures since the last success.
    package var failureCount: Int { failures }

    /// Counts a failure and says how long to wait: between half and all of a wait that doubles.
    package mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        var wait = first
        for _ in 0..<min(failures, 30) where wait < longest { wait *= 2 }
        failures += 1
        let bounded = min(wait, longest)
        return bounded / 2 + bounded / 2 * Double.random(in: 0...1, using: &random)
    }

    /// Counts a success.
    package mutating func reset() { failures = 0 }
}
