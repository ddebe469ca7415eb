#if canImport(Glibc)
    internal import Glibc
#endif

/// Which file stands behind a name.
///
/// SQLite goes on writing to a file that lost its name; all that it stores then ends with the
/// process.
struct FilePlace: Hashable, Sendable {
    private let device: dev_t
    private let number: ino_t

    /// What stands at `path`; nil when nothing does.
    init?(of path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        device = facts.st_dev
        number = facts.st_ino
    }
}

extension SpoolFile {
    /// False when its name is gone or names another file; a name that cannot be looked up counts as
    /// in place.
    func isAt(_ place: FilePlace?) -> Bool {
        if let now = FilePlace(of: path) { return now == place }
        return errno != ENOENT && errno != ENOTDIR
    }

    /// The descriptor of a new, empty file beside this one, for its owner only.
    func make(_ path: String) throws(SpoolFault) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(errno) }
        return descriptor
    }
}
