#if canImport(Glibc)
    internal import Glibc
#endif

/// The pages of a spool's file and of its write-ahead log, read without SQLite.
///
/// SQLite stops at the first contradiction, and takes everything in the log behind a broken frame
/// for never committed. This reads on behind both. Nothing is written, no lock is taken.
///
/// - Source: SQLite, "Database File Format", sections 1 and 4.
struct PageImage {
    /// Pages, counted from 1, of file and log together.
    let pageCount: Int
    /// Frames of the log whose bytes are not those that were written.
    let brokenFrameCount: Int

    private let database: ReadOnlyFile
    private let log: LogFrames?

    /// Opens both files; a log that is not there is an empty one.
    ///
    /// - Throws: when the file is not there or not ours to read.
    init(path: String) throws(UnreadableFile) {
        database = try ReadOnlyFile(path: path)
        let file = SpoolFile(path: path)
        log = file.logByteCount > 0 ? LogFrames(try ReadOnlyFile(path: file.logPath)) : nil
        let filePages = database.byteCount / SpoolBounds.pageBytes
        pageCount = max(filePages, log?.highestPage ?? 0)
        brokenFrameCount = log?.brokenCount(beside: database) ?? 0
    }

    /// The newest bytes of a page, whole; nil beyond the end.
    func page(_ number: Int) -> [UInt8]? {
        guard number >= 1, number <= pageCount else { return nil }
        if let page = log?.page(number) { return page }
        return database.bytes(
            at: (number - 1) * SpoolBounds.pageBytes,
            count: SpoolBounds.pageBytes
        )
    }

    /// Pages that hold nothing now, by the free list as far as it can be followed.
    func freePages() -> Set<Int> {
        guard let first = page(1) else { return [] }
        var free: Set<Int> = []
        var trunk = Int(first.bigEndian32(at: 32))
        while trunk != 0, free.insert(trunk).inserted, let page = page(trunk) {
            let count = Int(page.bigEndian32(at: 4))
            guard count <= SpoolBounds.pageBytes / 4 - 2 else { break }
            for entry in 0..<count { free.insert(Int(page.bigEndian32(at: 8 + 4 * entry))) }
            trunk = Int(page.bigEndian32(at: 0))
        }
        return free
    }
}

/// A file that cannot be looked at.
package struct UnreadableFile: Error, CustomStringConvertible {
    /// Why not.
    enum Reason {
        /// The system said no.
        case refused(errno: Int32)
        /// It is something else; as it is called.
        case irregular(String)
    }

    let path: String
    let reason: Reason

    package var description: String {
        switch reason {
        case .refused(let errno):
            """
            \(path) cannot be read: \(String(cString: strerror(errno))). Nothing was changed. \
            Check the name, and run this as root or as the daemon's user.
            """
        case .irregular(let kind):
            """
            \(path) is \(kind), and no spool file. Nothing was read or changed. Name a regular \
            file.
            """
        }
    }
}

/// A file that is only looked at.
final class ReadOnlyFile {
    let byteCount: Int
    private let descriptor: Int32

    /// Opens a regular file; anything else is neither waited for nor read.
    init(path: String) throws(UnreadableFile) {
        // A FIFO would be waited for without O_NONBLOCK, which changes nothing for regular files.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            // a socket cannot even be opened
            let kind = errno == ENXIO ? "a socket or device" : nil
            throw UnreadableFile(
                path: path, reason: kind.map { .irregular($0) } ?? .refused(errno: errno))
        }
        var facts = stat()
        let reason: UnreadableFile.Reason? =
            if fstat(descriptor, &facts) != 0 {
                .refused(errno: errno)
            } else {
                Self.kind(of: facts.st_mode).map { .irregular($0) }
            }
        if let reason {
            close(descriptor)
            throw UnreadableFile(path: path, reason: reason)
        }
        byteCount = Int(facts.st_size)
    }

    /// What it is, if it is no regular file.
    private static func kind(of mode: mode_t) -> String? {
        switch mode & S_IFMT {
        case S_IFREG: nil
        case S_IFDIR: "a directory"
        case S_IFIFO: "a FIFO"
        case S_IFCHR, S_IFBLK: "a device"
        default: "something else"
        }
    }

    deinit { close(descriptor) }

    /// Exactly so many bytes, or nil where the file has fewer or the medium refuses.
    func bytes(at place: Int, count: Int) -> [UInt8]? {
        guard place >= 0, place + count <= byteCount else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let read = bytes[done...].withUnsafeMutableBytes { rest in
                pread(descriptor, rest.baseAddress, rest.count, off_t(place + done))
            }
            guard read > 0 else { return nil }
            done += read
        }
        return bytes
    }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// Four bytes as a number, most significant first; bounds are the caller's.
    func bigEndian32(at place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 8 | UInt32(self[place + $1]) }
    }
}
