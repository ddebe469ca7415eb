import Monitoring
import Synchronization
import Testing

/// A thread that is put aside between readings of the clocks, which go on.
private final class RestingTime: TimeSource {
    private let now = Mutex(Duration.zero)
    private let rests: Mutex<[Duration]>

    /// - Parameter rests: how long it is away before each reading, and not at all later.
    init(_ rests: [Duration]) { self.rests = Mutex(rests) }

    private func pass() -> Duration {
        let rest = rests.withLock { $0.isEmpty ? .zero : $0.removeFirst() }
        return now.withLock { now in
            now += rest
            return now
        }
    }

    var monotonic: Duration { pass() }
    var wall: Timestamp { Timestamp(microseconds: 0) + pass() }
}

@Suite struct TimeSourceTests {
    private func distance(_ rests: [Duration]) -> Duration {
        let (wall, monotonic) = RestingTime(rests).together
        return wall - Timestamp(microseconds: 0) - monotonic
    }

    @Test func `clocks are read together, whenever the thread rests`() {
        #expect(distance([]) == .zero)
        #expect(distance([.zero, .seconds(3)]) == .zero, "between the two readings")
        #expect(distance([.zero, .zero, .seconds(3)]) == .zero, "behind them")
        let twice: [Duration] = [.zero, .seconds(3), .zero, .zero, .seconds(2)]
        #expect(distance(twice) == .zero)
    }

    @Test func `a thread that rests each time has some reading all the same`() {
        #expect(distance(Array(repeating: .seconds(1), count: 100)) == .seconds(1))
    }
}
