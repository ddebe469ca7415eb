package import Monitoring

/// What can still be read of a spool's file, damaged or not, without changing it.
///
/// Exactly the records whose own bytes were hit are missing: a result carries a checksum of itself,
/// and results are looked for in every page of the file when a tree is broken. What was deleted
/// before the damage does not come back, as long as the list of free pages or the deliveries can be
/// read.
package struct Salvage {
    /// Every result that was found, oldest first, once for each destination it waits at.
    package let entries: [SalvagedEntry]
    /// Results of which only a part was found.
    package let lostCount: Int
    /// Pages, cells and frames of the log that cannot be read.
    package let brokenCount: Int

    /// Reads a file and the log beside it.
    ///
    /// - Throws: when the file cannot be read at all.
    package init(path: String) throws(UnreadableFile) {
        let image = try PageImage(path: path)
        let tables = SalvagedTables(image)
        entries = tables.entries
        lostCount = tables.lostCount
        brokenCount = tables.brokenCount + image.brokenFrameCount
    }

    /// True when nothing is missing.
    package var isWhole: Bool { brokenCount == 0 && lostCount == 0 }

    /// What is missing, in words.
    package var damage: String {
        """
        The file is damaged: \(brokenCount) of its parts cannot be read, \(lostCount) results \
        were found incomplete and left out. The \(Set(entries.map(\.sequence)).count) results \
        that were printed are as they were stored.
        """
    }
}

/// One result at one destination, as it was found.
package struct SalvagedEntry: Hashable, Sendable {
    /// Its place in line.
    package var sequence: Sequence
    /// What was spooled.
    package var result: CheckResult
    /// What it changed.
    package var significance: Significance
    /// The destination's name; nil when the file does not say.
    package var destination: String?
    /// Where it stood there; nil when the file does not say.
    package var state: DeliveryState?
    /// Attempts that may have left this host.
    package var attempts: Int
    /// The stamp of its first attempt, in the master's clock.
    package var baseStamp: Timestamp?

    /// True for what a filter means; what is not known passes.
    package func passes(_ filter: QueueFilter) -> Bool {
        if let wanted = filter.sequence, wanted != sequence.rawValue { return false }
        if let state, !filter.states.contains(state) { return false }
        if let wanted = filter.destination, let destination, wanted != destination { return false }
        return filter.object.map { NamePattern($0).matches(result.object.fullName) } ?? true
    }
}
