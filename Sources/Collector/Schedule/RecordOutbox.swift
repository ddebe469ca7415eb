package import Monitoring
internal import Synchronization

/// Finished checks between the thread that runs them and the task that stores them; bounded.
///
/// Back-pressure: checks go on when nobody takes the records, because a full disk must not blind
/// the host. Past the limit older records make room: first the oldest that changed nothing, then
/// the oldest changes, but never an object's newest record. What is given up is counted.
///
/// - Bounds: ``defaultByteLimit``, or the newest record of each object where those alone are more.
/// - Isolation: safe from anywhere; one task at a time calls ``next(atMost:)``.
package final class RecordOutbox: Sendable {
    /// Bytes held at most, by ``cost(of:)``.
    ///
    /// 16 MiB: some 20,000 usual results, an hour of a busy host; a quarter of what a daemon may
    /// use.
    package static let defaultByteLimit = 16 * 1024 * 1024

    fileprivate struct Entry {
        let number: UInt64
        let record: CheckRecord
    }

    fileprivate struct State {
        var entries: [Entry] = []
        /// The number of each object's newest entry.
        var newest: [ObjectName: UInt64] = [:]
        /// Whose records were handed out last; whoever asks for more has stored them.
        var handedOut: Set<ObjectName> = []
        var nextNumber: UInt64 = 0
        var byteCount = 0
        var lostCount = 0
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let byteLimit: Int
    /// Invariant: `byteCount` is the cost of `entries`, `newest` has exactly their objects;
    /// somebody waits only while `entries` is empty and the box is open.
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
                    guard state.entries.isEmpty && !state.isClosed else { return true }
                    precondition(state.waiter == nil, "one task takes the records")
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    /// True while a record of the object waits here, or was handed out and may not be stored yet.
    func holds(_ object: ObjectName) -> Bool {
        state.withLock { $0.newest[object] != nil || $0.handedOut.contains(object) }
    }

    /// Adds a record, and gives others up, as the type's description says.
    func put(_ record: CheckRecord) {
        let waiter = state.withLock { state in
            state.add(record)
            state.byteCount += Self.cost(of: record)
            while state.byteCount > byteLimit, let lesser = state.leastEntry {
                state.byteCount -= Self.cost(of: state.entries.remove(at: lesser).record)
                state.lostCount += 1
            }
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
            state.handedOut = []
            guard !state.entries.isEmpty else { return state.isClosed ? [] : nil }
            let batch = Array(state.entries.prefix(count))
            state.entries.removeFirst(batch.count)
            state.handedOut = Set(batch.map(\.record.result.object))
            for entry in batch {
                state.byteCount -= Self.cost(of: entry.record)
                guard state.isNewest(entry) else { continue }
                state.newest[entry.record.result.object] = nil
            }
            return batch.map(\.record)
        }
    }

    /// Its own bytes and a flat sum for the rest; snapshots are mostly shared.
    private static func cost(of record: CheckRecord) -> Int {
        let data = record.result.performanceData.reduce(0) { $0 + $1.utf8.count + 16 }
        return 512 + record.result.output.utf8.count + data
    }
}

extension RecordOutbox.State {
    fileprivate mutating func add(_ record: CheckRecord) {
        entries.append(RecordOutbox.Entry(number: nextNumber, record: record))
        newest[record.result.object] = nextNumber
        nextNumber += 1
    }

    fileprivate func isNewest(_ entry: RecordOutbox.Entry) -> Bool {
        newest[entry.record.result.object] == entry.number
    }

    /// Where the entry is that makes room first; nil when every entry is its object's newest.
    fileprivate var leastEntry: Int? {
        guard entries.count > newest.count else { return nil }
        return entries.firstIndex { $0.record.significance == .unchanged && !isNewest($0) }
            ?? entries.firstIndex { !isNewest($0) }
    }
}
