package import Monitoring

/// What of a result may leave this host.
package enum Release: Sendable, Hashable {
    /// This, with the command line that it came of; an empty one says nothing of it.
    case released(CheckResult, command: [String])
    /// Nothing; why, cut to ``Parking/textByteLimit``, and when that was decided.
    case withheld(reason: String, at: Timestamp)
}

/// Decides what of a result leaves, before it is leased.
///
/// Called inside the transaction, for each result that is next in its lane: its argument and what
/// was captured decide alone. The snapshot that the result refers to is read only where the last
/// argument is called.
package typealias ReleaseRule =
    @Sendable (CheckResult, SnapshotID, () throws -> ObjectSnapshot) throws -> Release
