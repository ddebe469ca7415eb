import Foundation
import Monitoring

/// The daemon's side: everything in the directory may be hostile but what the kernel says of it.
extension DropDirectory {
    /// Makes the directory if there is none, and gives it the mode that it is to have.
    ///
    /// A directory that was not the forwarder's before must hold nothing else: it would be open to
    /// everybody, and what has no name of a batch is removed.
    ///
    /// - Throws: when it is somebody else's or in use, or cannot pass on its group.
    func prepare(isPrivate: Bool) throws(DropFault) {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw .directory(path: path, step: "made", code: errno)
        }
        guard let folder = try open() else { throw .absent(path: path) }
        var status = stat()
        guard fstat(folder.number, &status) == 0 else {
            throw .directory(path: path, step: "looked at", code: errno)
        }
        guard status.st_uid == geteuid() else {
            throw .foreign(path: path, owner: status.st_uid)
        }
        if ![Self.privateMode, Self.openMode].contains(status.st_mode & 0o7777) {
            let others = try entries(folder).map(\.name)
                .filter { DropName($0) == nil && !DropName.isUnfinished($0) }
            if let other = others.min() { throw .inUse(path: path, name: other) }
        }
        let mode = isPrivate ? Self.privateMode : Self.openMode
        guard fchmod(folder.number, mode) == 0, fstat(folder.number, &status) == 0 else {
            throw .directory(path: path, step: "given its mode", code: errno)
        }
        guard status.st_mode & 0o7777 == mode else { throw .withoutGroup(path: path) }
        try sync(folder)
    }

    /// Reads one file; its owner is who submits.
    ///
    /// No link is followed and nothing is waited for. Only what a client of ours makes is read: a
    /// regular file with one name, its mode and the directory's group, which a hard link to a file
    /// from elsewhere has not.
    func batch(
        _ name: DropName, in folder: Descriptor
    ) throws(DropFault) -> (batch: SubmissionBatch, owner: uid_t) {
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let number = openat(folder.number, name.text, flags)
        guard number >= 0 else {
            switch errno {
            case ENOENT: throw .gone
            case ELOOP: throw .unusable("it is a symbolic link")
            case EACCES, EPERM: throw .unusable("the daemon may not read it")
            case ENXIO, ENODEV: throw .unusable("it is no regular file")
            default: throw .unread(code: errno)
            }
        }
        let file = Descriptor(number)
        var (own, above) = (stat(), stat())
        guard fstat(number, &own) == 0, fstat(folder.number, &above) == 0 else {
            throw .unread(code: errno)
        }
        guard own.st_mode & S_IFMT == S_IFREG else { throw .unusable("it is no regular file") }
        guard own.st_nlink == 1 else { throw .unusable("it has several names") }
        guard own.st_mode & 0o7777 == Self.fileMode, own.st_gid == above.st_gid else {
            throw .unusable("its mode or group is none that a client gives")
        }
        guard own.st_size <= SubmissionBatch.byteLimit else {
            throw .unusable(BatchFault.tooLong.description)
        }
        let bytes = try Self.content(of: file)
        do throws(BatchFault) {
            let batch = try SubmissionBatch(bytes)
            guard batch.id == name.id else { throw .outOfBounds("name") }
            return (batch, own.st_uid)
        } catch {
            throw .unusable(error.description)
        }
    }

    private static func content(of file: Descriptor) throws(DropFault) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= SubmissionBatch.byteLimit {
            let count = piece.withUnsafeMutableBytes { read(file.number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unread(code: errno) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
        return bytes
    }
}
