import Foundation
import Monitoring

/// The directory where results wait for a daemon: who submits writes a file, the daemon takes it.
///
/// As in /tmp, everybody may make files and nobody but their owner, the daemon and root may remove
/// or rename them (sticky). Files get the directory's group (setgid), which is the daemon's, and
/// can be read by it and by their owner only. Names can be listed: when and how much somebody
/// submits is no secret, what it says is.
struct DropDirectory: Sendable {
    let path: String
    /// Makes a descriptor's content durable; 0 when it is.
    private let flush: @Sendable (Int32) -> Int32

    /// Where others than root and the daemon's user may submit.
    static let openMode: mode_t = 0o3777
    /// Where nobody else may.
    static let privateMode: mode_t = 0o3700
    /// Of every file: its owner writes, the daemon's group reads.
    static let fileMode: mode_t = 0o640

    init(path: String, flush: @escaping @Sendable (Int32) -> Int32 = { fsync($0) }) {
        self.path = path
        self.flush = flush
    }

    /// Opens it; nil when there is none.
    func open() throws(DropFault) -> Descriptor? {
        let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if number >= 0 { return Descriptor(number) }
        if errno == ENOENT { return nil }
        throw .directory(path: path, step: "opened", code: errno)
    }

    /// Opens it; nil also when something else is at its place, where nobody can drop anything.
    func openIfThere() throws(DropFault) -> Descriptor? {
        do throws(DropFault) {
            return try open()
        } catch .directory(_, _, let code) where code == ENOTDIR || code == ELOOP {
            return nil
        }
    }

    /// True where this user can have put something there.
    func mayHold(filesOf user: uid_t) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        return status.st_mode & 0o022 != 0 || user == 0 || user == status.st_uid
    }

    /// True while its path still leads to what was opened.
    func isAt(_ folder: Descriptor) -> Bool {
        var (there, opened) = (stat(), stat())
        return lstat(path, &there) == 0 && fstat(folder.number, &opened) == 0
            && there.st_dev == opened.st_dev && there.st_ino == opened.st_ino
    }

    /// Shows what lies in it, one thing after the other; nothing of it is kept here.
    ///
    /// - Bound: the directory's own size, whatever lies there; some microseconds for each name.
    /// - Parameter visit: returns false when nothing more is to be shown.
    /// - Throws: when it was not shown to its end.
    func scan(
        _ folder: Descriptor, _ visit: (DropEntry) throws(DropFault) -> Bool
    ) throws(DropFault) {
        let copy = openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            throw .directory(path: path, step: "listed", code: errno)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let found = readdir(stream) else {
                guard errno == 0 else {
                    throw .directory(path: path, step: "listed", code: errno)
                }
                return
            }
            let name = withUnsafeBytes(of: &found.pointee.d_name) { bytes in
                Array(bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }) + [0]
            }
            // What went meanwhile is none.
            guard let entry = DropEntry(name, in: folder) else { continue }
            guard try visit(entry) else { return }
        }
    }

    /// Makes removals and names durable.
    func sync(_ folder: Descriptor) throws(DropFault) {
        guard flush(folder.number) == 0 else {
            throw .directory(path: path, step: "made durable", code: errno)
        }
    }

    /// Removes something, an empty directory too; false when it is still there.
    func remove(_ rawName: [CChar], from folder: Descriptor) -> Bool {
        if unlinkat(folder.number, rawName, 0) == 0 || errno == ENOENT { return true }
        return unlinkat(folder.number, rawName, AT_REMOVEDIR) == 0 || errno == ENOENT
    }
}

/// One thing in the drop directory, as the kernel tells it without opening it.
struct DropEntry: Sendable, Hashable {
    /// The name's bytes, which need not be text; NUL ends them.
    var rawName: [CChar]
    var owner: uid_t
    var byteCount: Int
    var isRegular: Bool
    /// When it was last changed, which nobody can set.
    var changedAt: Timestamp

    /// True where there is more than a batch can have, so that nobody needs to open it.
    var isTooLong: Bool { byteCount > SubmissionBatch.byteLimit }

    /// The name as text.
    var name: String {
        String(decoding: rawName.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension DropEntry {
    /// Looks at one name; nil for one that is not there and for the directories `.` and `..`.
    fileprivate init?(_ rawName: [CChar], in folder: Descriptor) {
        let isDot = rawName == [46, 0] || rawName == [46, 46, 0]
        var status = stat()
        guard !isDot, fstatat(folder.number, rawName, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            return nil
        }
        self.init(
            rawName: rawName, owner: status.st_uid, byteCount: Int(status.st_size),
            isRegular: status.st_mode & S_IFMT == S_IFREG,
            changedAt: Timestamp(
                microseconds: Int64(status.st_ctim.tv_sec) * 1_000_000
                    + Int64(status.st_ctim.tv_nsec) / 1000))
    }
}
