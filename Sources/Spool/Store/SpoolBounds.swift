/// How `size_limit` is shared between queue, write-ahead log, ballast and settling.
struct SpoolBounds: Sendable {
    /// The bound on file, log and ballast together.
    let limitBytes: Int
    /// The size of the file system that they are on.
    var diskBytes = Int.max
    /// SQLite's unit of space.
    static let pageBytes = 4096

    /// What the log may take, and what its file is cut to.
    ///
    /// An eighth, 256 KiB to 8 MiB: enough for a batch of long outputs, not most of a small spool.
    /// At most a sixteenth of the file system, where that is small.
    var logBytes: Int { max(min(limitBytes / 8, diskBytes / 16, 8 << 20), 256 << 10) }

    /// A page as it stands in the log.
    ///
    /// - Source: SQLite file format, "WAL File Format": a frame has a header of 24 bytes.
    static let frameBytes = pageBytes + 24

    /// Frames that the log's share holds behind its own header of 32 bytes.
    var logFrames: Int { (logBytes - 32) / Self.frameBytes }

    /// The log is written back into the file once it holds so many frames; then it begins anew.
    var checkpointFrames: Int { logFrames / 2 }

    /// Frames that one transaction of many rows may write: what the log has room for before it must
    /// be written back, but for 8 that guesses may be wrong by.
    var stepFrames: Int { logFrames - checkpointFrames - 8 }

    /// What is held on disk to be given up when there is no room left.
    ///
    /// As much as the log: emptying a log can make the file longer by that.
    var ballastBytes: Int { logBytes }

    /// Nothing is accepted while less than this is free on the file system.
    ///
    /// As much as the log: settling can fill one without touching the ballast.
    var freeFloorBytes: Int { logBytes }

    /// What only settling may use, so that a full spool can still be delivered.
    ///
    /// A sixteenth, 128 KiB to 4 MiB: a settled row takes as much as a queued one, the indexes
    /// beside it take a little more for a while.
    var reserveBytes: Int { min(max(limitBytes / 16, 128 << 10), 4 << 20) }

    /// Above this nothing is accepted before something was evicted.
    var acceptBytes: Int { fileBytes - reserveBytes }

    /// Above this the file does not grow, whatever is asked.
    var fileBytes: Int { limitBytes - logBytes - ballastBytes }

    /// Results looked at for eviction in one append; the next one goes on where this one ended.
    ///
    /// 4,096: many times a batch, so that one append that meets the limit finds room, and still
    /// ends.
    static let evictionLimit = 4096

    /// Candidates for eviction that are fetched before the room is measured again.
    static let evictionStep = 64

    /// What a result takes beside its texts, and again for each destination.
    ///
    /// An estimate on the high side from the columns and indexes of a row; what is really taken is
    /// measured in pages after each step.
    static let resultOverheadBytes = 160
    static let deliveryOverheadBytes = 66
}
