#if canImport(Glibc)
    internal import Glibc
#endif

/// The right to open a spool, held by one process at a time.
///
/// The kernel gives it back when the process ends, however it ends. The file stays: removing it
/// would let two processes hold locks on two files of the same name.
final class OwnerLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock beside the spool at `path`.
    ///
    /// - Throws: `.owned` when another process (or another part of this one) has it,
    ///   `.unwritable` when there can be none.
    init(path: String) throws(SpoolFault) {
        let lockPath = path + ".lock"
        let opened = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else {
            guard errno != ENOSPC else { throw .diskFull(path: path) }
            throw .unwritable(path: lockPath, errno: errno)
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let owner = Self.readOwner(opened)
            close(opened)
            guard code == EWOULDBLOCK else { throw .unwritable(path: lockPath, errno: code) }
            throw .owned(path: path, byPID: owner)
        }
        descriptor = opened
        Self.writeOwner(opened)
    }

    deinit {
        // A child that was forked a moment ago still has the descriptor: closing it is not enough.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// True while somebody has the lock of the spool at `path`; makes no file.
    static func isTaken(path: String) -> Bool {
        let opened = open(path + ".lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard opened >= 0 else { return false }
        defer { close(opened) }
        return flock(opened, LOCK_SH | LOCK_NB) != 0
    }

    private static func readOwner(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }

    /// Only a hint for messages: a disk too full for it does not stop anybody.
    private static func writeOwner(_ descriptor: Int32) {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = pwrite(descriptor, text, text.count, 0)
    }
}
