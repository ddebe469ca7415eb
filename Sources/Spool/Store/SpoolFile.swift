#if canImport(Glibc)
    internal import Glibc
#endif

/// The spool's files: private to their owner, there before SQLite looks at them.
struct SpoolFile: Sendable {
    /// The database.
    let path: String
    /// The write-ahead log beside it.
    var logPath: String { path + "-wal" }

    /// Creates the directory when it is missing; only its last component.
    func prepareDirectory() throws(SpoolFault) {
        if mkdir(directory, 0o700) == 0 {
            try syncDirectory(Self.parent(of: directory))
        } else if errno != EEXIST {
            throw .unwritable(path: directory, errno: errno)
        }
        var facts = stat()
        guard stat(directory, &facts) == 0 else {
            throw .unwritable(path: directory, errno: errno)
        }
        guard facts.st_mode & S_IFMT == S_IFDIR else {
            throw .unwritable(path: directory, errno: ENOTDIR)
        }
    }

    /// Creates an empty file when there is none, and takes everybody else's rights away.
    ///
    /// - Durability: the file's name survives a power cut once this has returned.
    func prepareFile() throws(SpoolFault) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw .unwritable(path: path, errno: errno) }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw .unwritable(path: path, errno: EINVAL)
        }
        try checkHeader(descriptor, byteCount: Int(facts.st_size))
        if facts.st_mode & 0o777 != 0o600, fchmod(descriptor, 0o600) != 0 {
            throw .unwritable(path: path, errno: errno)
        }
        guard facts.st_size == 0 else { return }
        guard logByteCount == 0 else {
            // SQLite would delete the log, and with it all that is left.
            throw .damaged(path: path, detail: "it is empty, its write-ahead log is not")
        }
        guard fsync(descriptor) == 0 else { throw failure(errno) }
        try syncDirectory(directory)
    }

    /// Refuses a log that was hit: SQLite would take all behind the broken place for never
    /// committed.
    ///
    /// Called while nobody has the database open.
    func checkLog() throws(SpoolFault) {
        guard logByteCount > 0 else { return }
        let broken: Int
        do throws(UnreadableFile) {
            let log = try ReadOnlyFile(path: logPath)
            broken = LogFrames(log)?.brokenCount(beside: try ReadOnlyFile(path: path)) ?? 0
        } catch {
            switch error.reason {
            case .refused(let errno): throw failure(errno)
            case .irregular(let kind): throw .damaged(path: path, detail: "its log is \(kind)")
            }
        }
        guard broken == 0 else {
            throw .damaged(
                path: path,
                detail: "\(broken) parts of its write-ahead log changed since they were written"
            )
        }
    }

    /// What an error of the system means for the spool.
    func failure(_ code: Int32) -> SpoolFault {
        code == ENOSPC || code == EDQUOT
            ? .diskFull(path: path) : .unwritable(path: path, errno: code)
    }

    /// Bytes of the write-ahead log's file; 0 when there is none.
    var logByteCount: Int {
        var facts = stat()
        return stat(logPath, &facts) == 0 ? Int(facts.st_size) : 0
    }

    /// Tells a spool whose first page was hit from a file that never was one.
    ///
    /// - Source: SQLite file format, "The Database Header": magic at 0, application id at 68.
    private func checkHeader(_ descriptor: Int32, byteCount: Int) throws(SpoolFault) {
        guard byteCount > 0 else { return }
        // a cut while the file was made leaves part of its first page, which SQLite takes back
        guard access(path + "-journal", F_OK) != 0 else { return }
        var header = [UInt8](repeating: 0, count: 100)
        let count = pread(descriptor, &header, header.count, 0)
        guard count >= 0 else { throw .unwritable(path: path, errno: errno) }
        guard !header.starts(with: Array("SQLite format 3\0".utf8)) else { return }
        let id = header[68..<72].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard id == SpoolSchema.applicationID || header.allSatisfy({ $0 == 0 }) else {
            throw .foreign(path: path, detail: "it is not a SQLite database")
        }
        throw .damaged(path: path, detail: "its first page is not that of a database")
    }

    var directory: String { Self.parent(of: path) }

    private static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    func syncDirectory(_ directory: String) throws(SpoolFault) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unwritable(path: directory, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unwritable(path: directory, errno: errno) }
    }
}
