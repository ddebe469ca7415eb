import Foundation
import Monitoring

/// Batches that wait for a check of an object, one submitter's in the order in which they came.
///
/// They wait without a turn, so that others go on; who comes later for the same object stands
/// behind them all the same.
struct SubmissionLines: Sendable {
    /// What is waited for, and for whom.
    struct Place: Sendable, Hashable {
        var submitter: uid_t
        var object: ObjectName
    }

    /// Who waits is bounded by the connections there are.
    private var lines: [Place: [BatchID]] = [:]

    /// True when nobody stands before this batch.
    func lets(_ id: BatchID, to place: Place) -> Bool {
        guard let first = lines[place]?.first else { return true }
        return first == id
    }

    /// Has a batch stand behind those that wait, where it does not stand there yet.
    mutating func join(_ id: BatchID, at place: Place) {
        guard lines[place]?.contains(id) != true else { return }
        lines[place, default: []].append(id)
    }

    mutating func leave(_ id: BatchID, at place: Place) {
        lines[place]?.removeAll { $0 == id }
        if lines[place]?.isEmpty == true { lines[place] = nil }
    }
}
