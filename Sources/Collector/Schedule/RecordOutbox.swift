package import Monitoring
internal import Synchronization

/// Finished checks between the thread that runs them and the task that stores them; bounded.
///
/// Back-pressure: checks go on when nobody takes the records, because a full disk must not blind
/// the host. Past the limit the oldest record that changed nothing makes room, and where every
/// record changed something the new one is refused; both are counted.
///
/// - Isolation: safe from anywhere; one task at a time calls ``next(atMost:)``.
package final class RecordOutbox: Sendable {
    /// Bytes held at most, by ``cost(of:)``.
    ///
    /// 16 MiB: some 20,000 usual results, an hour of a busy host; a quarter of what a daemon may
    /// use.
    package static let defaultByteLimit = 16 * 1024 * 1024

    private struct State {
        var records: [CheckRecord] = []
        var byteCount = 0
        var lostCount = 0
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let byteLimit: Int
    /// Invariant: `byteCount` is the cost of `records` and at most `byteLimit`; somebody waits only
    /// while `records` is empty and the box is open.
    private let state = Mutex(State())

    /// An empty box.
    package init(byteLimit: Int = RecordOutbox.defaultByteLimit) { self.byteLimit = byteLimit }

    /// Records that were given up because the limit was reached, since the start.
    package var lostCount: Int { state.withLock { $0.lostCount } }

    /// Waits for records and returns the oldest; none at all when the box is closed and empty.
    package func next(atMost count: Int = 100) async -> [CheckRecord] {
        while true {
            if let batch = take(atMost: max(1, count)) { return batch }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard state.records.isEmpty && !state.isClosed else { return true }
                    precondition(state.waiter == nil, "one task takes the records")
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    /// Adds a record, or gives one up, as the type's description says.
    func put(_ record: CheckRecord) {
        let waiter = state.withLock { state in
            let cost = Self.cost(of: record)
            while state.byteCount + cost > byteLimit {
                state.lostCount += 1
                let lesser = state.records.firstIndex { $0.significance == .unchanged }
                guard let lesser else { return nil as CheckedContinuation<Void, Never>? }
                state.byteCount -= Self.cost(of: state.records.remove(at: lesser))
            }
            state.records.append(record)
            state.byteCount += cost
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Lets the taker come to an end after the last record.
    func close() {
        let waiter = state.withLock { state in
            state.isClosed = true
            return state.waiter.take()
        }
        waiter?.resume()
    }

    private func take(atMost count: Int) -> [CheckRecord]? {
        state.withLock { state in
            guard !state.records.isEmpty else { return state.isClosed ? [] : nil }
            let batch = Array(state.records.prefix(count))
            state.records.removeFirst(batch.count)
            state.byteCount -= batch.reduce(0) { $0 + Self.cost(of: $1) }
            return batch
        }
    }

    /// Its own bytes and a flat sum for the rest; snapshots are mostly shared.
    private static func cost(of record: CheckRecord) -> Int {
        let data = record.result.performanceData.reduce(0) { $0 + $1.utf8.count + 16 }
        return 512 + record.result.output.utf8.count + data
    }
}
