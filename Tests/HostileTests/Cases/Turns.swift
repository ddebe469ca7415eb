import Synchronization

/// Values that are given out by turns, for ever.
final class Turns<Value: Sendable>: Sendable {
    private let values: [Value]
    private let count = Mutex(0)

    init(_ values: [Value]) { self.values = values }

    func next() -> Value {
        let turn = count.withLock { count in
            defer { count += 1 }
            return count
        }
        return values[turn % values.count]
    }
}

/// Numbers that are given out once each; safe from any thread.
final class Once: Sendable {
    private let rest: Mutex<[Int]>

    init(_ numbers: some Sequence<Int>) { rest = Mutex(Array(numbers).reversed()) }

    /// The next one; nil when all were given out.
    func next() -> Int? { rest.withLock { $0.popLast() } }

    var count: Int { rest.withLock { $0.count } }
}
