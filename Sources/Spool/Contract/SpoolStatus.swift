package import Monitoring

/// What an append came to.
package struct AcceptReceipt: Hashable, Sendable {
    /// How many of the records, from the first on, are done with: stored, or refused and counted.
    package var taken = 0
    /// How many results are durable now.
    package var accepted = 0
    /// The objects whose lanes grew: their waiting results, counted once for all destinations.
    package var grown: [ObjectName: Int] = [:]
    /// Records that were refused, by object; their schedule was stored all the same.
    package var refused: [ObjectName: Int] = [:]
    /// Results that were given up for these, by object, at all destinations together.
    package var evicted: [ObjectName: Int] = [:]
    /// Why the records behind ``taken`` were left, where the caller wanted them left; nil when
    /// nothing stood in their way.
    package var obstacle: Obstacle?

    /// Why records are left.
    package enum Obstacle: Hashable, Sendable {
        /// The next one finds no room at the size limit.
        case full
        /// Nobody is registered that could get them.
        case noDestination
    }
}

/// What the spool holds, for `status`.
package struct SpoolStatus: Hashable, Sendable {
    /// Bytes on disk and their bound.
    package var size: SpoolSize
    /// Every destination, the retired ones too, in the order of registration.
    package var destinations: [DestinationStatus]
}

/// Bytes that the spool takes.
package struct SpoolSize: Hashable, Sendable {
    /// Bytes of pages that hold something.
    package var liveBytes: Int
    /// Bytes of the database file.
    package var fileBytes: Int
    /// Bytes of the write-ahead log's file.
    package var logBytes: Int
    /// Live bytes above which results are evicted or refused; below ``limitBytes`` by the
    /// write-ahead log's share and by what is held back for settling.
    package var acceptLimitBytes: Int
    /// The bound on file and log together.
    package var limitBytes: Int
}

/// What the spool holds for one destination.
package struct DestinationStatus: Hashable, Sendable {
    /// Which one.
    package var id: DestinationID
    /// Its name.
    package var name: String
    /// True when it is no longer configured: its rows wait for being dropped.
    package var isRetired: Bool
    /// Results that wait.
    package var queued: Int
    /// Results that are out or whose fate is unknown.
    package var leased: Int
    /// Delivered results that no read has confirmed yet.
    package var kept: Int
    /// Results that the master will never take.
    package var rejected: Int
    /// Objects whose newest withheld result is kept for inspection.
    package var withheldObjects: Int
    /// Objects that are left alone for a while.
    package var parkedObjects: Int
    /// What was lost or came to nothing.
    package var losses: LossCounts
    /// When the oldest result that waits or is out was executed, by this host's clock.
    package var oldestExecution: Timestamp?
}
