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

    /// Where others than root and the daemon's user may submit.
    static let openMode: mode_t = 0o3777
    /// Where nobody else may.
    static let privateMode: mode_t = 0o3700
    /// Of every file: its owner writes, the daemon's group reads.
    static let fileMode: mode_t = 0o640
    /// Most names that are looked at in one go; the others come with the next.
    ///
    /// 100,000: some 100 ms.
    static let nameLimit = 100_000

    init(path: String) { self.path = path }

    /// Opens it; nil when there is none.
    func open() throws(DropFault) -> Descriptor? {
        let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if number >= 0 { return Descriptor(number) }
        if errno == ENOENT { return nil }
        throw .directory(path: path, step: "opened", code: errno)
    }

    /// What lies in it.
    func entries(_ folder: Descriptor) throws(DropFault) -> [DropEntry] {
        let copy = openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            throw .directory(path: path, step: "listed", code: errno)
        }
        defer { closedir(stream) }
        var entries: [DropEntry] = []
        while entries.count < Self.nameLimit, let found = readdir(stream) {
            let name = withUnsafeBytes(of: &found.pointee.d_name) { bytes in
                Array(bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }) + [0]
            }
            let isDot = name.starts(with: [46, 0]) || name.starts(with: [46, 46, 0])
            var status = stat()
            // What went meanwhile is none.
            guard !isDot, fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                continue
            }
            entries.append(
                DropEntry(
                    rawName: name, owner: status.st_uid, byteCount: Int(status.st_size),
                    isRegular: status.st_mode & S_IFMT == S_IFREG,
                    changedAt: Timestamp(
                        microseconds: Int64(status.st_ctim.tv_sec) * 1_000_000
                            + Int64(status.st_ctim.tv_nsec) / 1000)))
        }
        return entries
    }

    /// Makes removals and names durable.
    func sync(_ folder: Descriptor) throws(DropFault) {
        guard fsync(folder.number) == 0 else {
            throw .directory(path: path, step: "made durable", code: errno)
        }
    }

    /// Removes something, an empty directory too; false when it is still there.
    func remove(_ rawName: [CChar], from folder: Descriptor) -> Bool {
        if unlinkat(folder.number, rawName, 0) == 0 || errno == ENOENT { return true }
        return unlinkat(folder.number, rawName, AT_REMOVEDIR) == 0 || errno == ENOENT
    }
}

/// Why something with the drop directory did not work.
enum DropFault: Error, Hashable, CustomStringConvertible {
    /// A step on the directory itself failed.
    case directory(path: String, step: String, code: Int32)
    case absent(path: String)
    case foreign(path: String, owner: uid_t)
    case inUse(path: String, name: String)
    case withoutGroup(path: String)
    /// A file could not be written.
    case file(path: String, code: Int32)
    case quota(path: String, reason: String)
    /// So long after the daemon was asked that nobody knows any more what it did.
    case late
    /// A file is no use, for ever.
    case unusable(String)
    /// A file cannot be read just now.
    case unread(code: Int32)
    /// A file went meanwhile.
    case gone

    var description: String {
        switch self {
        case .directory(let path, let step, EACCES):
            """
            The drop directory \(path) cannot be \(step): this user may not submit results while \
            no daemon answers. Nothing was stored. Ask for a Submitter object in forwarder.conf.
            """
        case .directory(let path, let step, let code):
            """
            The drop directory \(path) cannot be \(step): \(String(cString: strerror(code))). \
            Nothing can be submitted while no daemon answers. Make it for the daemon's user, or \
            set the Control object's drop_directory.
            """
        case .absent(let path):
            """
            There is no drop directory \(path): the daemon makes it when it starts, if it may. \
            Nothing was stored. Start the daemon, and submit again.
            """
        case .foreign(let path, let owner):
            """
            The drop directory \(path) belongs to uid \(owner), not to the daemon's user (uid \
            \(geteuid())), which could not remove what it took. Nothing is taken from it. Remedy: \
            chown it to the daemon's user.
            """
        case .inUse(let path, let name):
            """
            The drop directory \(path) holds \(name.printable), so it is in use for something \
            else. It was not touched, and nothing is taken from it. Remedy: set the Control \
            object's drop_directory to a directory of its own.
            """
        case .withoutGroup(let path):
            """
            Files in the drop directory \(path) do not get its group, so the daemon could not \
            read them. Nothing was stored. Remedy: chmod g+s \(path), with the daemon's group.
            """
        case .file(let path, let code):
            """
            \(path) could not be written: \(String(cString: strerror(code))). Nothing was stored. \
            Make room, and submit again.
            """
        case .quota(let path, let reason):
            """
            The drop directory \(path) takes no more of this user: \(reason). These results are \
            not stored. See `forwarder status` for what keeps the daemon from emptying it, or \
            start one, and submit them again.
            """
        case .late:
            """
            The daemon was asked too long ago, and did not answer: whether it stored the results \
            is not known. Look what the master shows before they are submitted again.
            """
        case .unusable(let reason): reason
        case .unread(let code): "it cannot be read: \(String(cString: strerror(code)))"
        case .gone: "it is gone"
        }
    }
}
