#if canImport(Glibc)
    internal import Glibc
#endif

/// The room on the spool's file system, and the part of it that is held back for bad times.
///
/// The ballast is a file of allocated blocks beside the database. Given up, it lets a spool on a
/// full disk be opened, leased from and settled; it is taken again when there is room.
extension SpoolFile {
    /// Blocks that nobody else can take; empty while they are given up.
    var ballastPath: String { path + ".ballast" }

    /// Below this SQLite's odd errors mean that there is no room.
    ///
    /// 128 KiB: four times what it writes at once into the index of its log.
    static let leastFreeBytes = 128 << 10

    /// What the spool's user may still write to the file system; nil when it does not say.
    var freeBytes: Int? { systemFacts.map { Self.bytes($0.f_bavail, $0) } }

    /// The size of the file system; unbounded when it does not say, as overlays and pools do.
    var capacityBytes: Int {
        let bytes = systemFacts.map { Self.bytes($0.f_blocks, $0) } ?? 0
        return bytes > 0 ? bytes : .max
    }

    /// True when nearly nothing can be written any more.
    var isOutOfRoom: Bool { freeBytes.map { $0 < Self.leastFreeBytes } ?? false }

    /// Bytes of ballast that are held.
    var ballastByteCount: Int {
        var facts = stat()
        return stat(ballastPath, &facts) == 0 ? Int(facts.st_size) : 0
    }

    /// True when results of this size may be accepted: settling keeps what it may need.
    ///
    /// Takes the ballast back first, so that nothing is accepted into the room it needs.
    func hasRoom(for byteCount: Int, _ bounds: SpoolBounds) -> Bool {
        guard let freeBytes else { return true }
        let missing = max(bounds.ballastBytes - ballastByteCount, 0)
        guard freeBytes >= missing + bounds.freeFloorBytes + byteCount else { return false }
        return missing == 0 || allocateBallast(bounds.ballastBytes)
    }

    /// Takes the ballast when more than it is free.
    func takeBallast(_ bounds: SpoolBounds) { _ = hasRoom(for: 0, bounds) }

    /// Takes what there is of the ballast, down to the least that helps, for the next opening.
    func takePartOfBallast(_ bounds: SpoolBounds) {
        var byteCount = bounds.ballastBytes
        while byteCount > ballastByteCount, byteCount >= Self.leastFreeBytes {
            if allocateBallast(byteCount) { return }
            byteCount /= 2
        }
    }

    /// Gives the ballast up, half of it to the log; true when that made room.
    func giveUpBallast(_ bounds: SpoolBounds) -> Bool {
        guard ballastByteCount > 0, truncate(ballastPath, 0) == 0 else { return false }
        claimLog(bounds)
        return true
    }

    /// Makes the log longer ahead of its use: others on a full disk take what is free before it
    /// grows by itself.
    ///
    /// - Source: SQLite file format, "WAL File Format": a frame without the header's salt ends it.
    ///
    /// The other half is left for the database, which an emptied log can make longer.
    func claimLog(_ bounds: SpoolBounds) {
        let descriptor = open(logPath, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // lost on purpose: what is not claimed now may still be there when it is needed
        _ = posix_fallocate(descriptor, 0, bounds.ballastBytes / 2)
    }

    /// Allocates the ballast; on failure as much is held as before, or nothing.
    private func allocateBallast(_ byteCount: Int) -> Bool {
        let descriptor = open(ballastPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let before = ballastByteCount
        if posix_fallocate(descriptor, 0, byteCount) == 0 {
            return before <= byteCount || ftruncate(descriptor, byteCount) == 0
        }
        // What was allocated before the failure would be missed elsewhere.
        _ = ftruncate(descriptor, before)
        return false
    }

    private var systemFacts: statvfs? {
        var facts = statvfs()
        return statvfs(directory, &facts) == 0 ? facts : nil
    }

    private static func bytes(_ blocks: UInt, _ facts: statvfs) -> Int {
        let (bytes, overflow) = blocks.multipliedReportingOverflow(by: facts.f_frsize)
        return overflow ? .max : Int(clamping: bytes)
    }
}

extension SpoolFile {
    /// Does `work`, and once more with the ballast's room if it has none.
    func usingBallast<Value>(
        _ bounds: SpoolBounds,
        _ work: () throws(SpoolFault) -> Value
    ) throws(SpoolFault) -> Value {
        do {
            return try work()
        } catch {
            guard case .diskFull = error, giveUpBallast(bounds) else { throw error }
            let value = try work()
            claimLog(bounds)
            return value
        }
    }

    /// Why the system lets nobody write here; nil when it does.
    ///
    /// Never opens the database: closing it again would drop SQLite's own locks (POSIX, fcntl).
    var errnoOfAccess: Int32? {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno }
        close(descriptor)
        for place in [directory, path] where access(place, W_OK) != 0 { return errno }
        return nil
    }
}
