internal import Monitoring

/// Random numbers that are the same in every run with the same seed, and choices made of them.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// What the sequence started from; a failing test names it.
    package let seed: UInt64
    private var numbers: SplitMix

    /// The sequence that `seed` starts.
    package init(seed: UInt64) {
        self.seed = seed
        numbers = SplitMix(seed: seed)
    }

    package mutating func next() -> UInt64 { numbers.next() }

    /// True once in `count` calls, on average.
    package mutating func once(in count: Int) -> Bool {
        Int.random(in: 0..<max(1, count), using: &self) == 0
    }

    /// One of `choices`, which must not be empty.
    package mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &self)]
    }
}
