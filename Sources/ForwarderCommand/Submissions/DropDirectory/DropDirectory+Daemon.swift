import Foundation
import Monitoring

/// The daemon's side: everything in the directory may be hostile but what the kernel says of it.
extension DropDirectory {
    /// Makes the directory if there is none, and gives it the mode that it is to have; returns it,
    /// held against other daemons for as long as the descriptor is open.
    ///
    /// A directory that was not the forwarder's before must hold nothing else: it would be open to
    /// everybody, and what has no name of a batch is removed. The kernel ends the hold with the
    /// process, however that ends. Clients hold nothing.
    ///
    /// - Throws: when it is somebody else's or in use, or cannot pass on its group.
    func claim(isPrivate: Bool) throws(DropFault) -> Descriptor {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw .directory(path: path, step: "made", code: errno)
        }
        if let owner, owner != geteuid() {
            throw .foreign(path: path, owner: owner, user: geteuid())
        }
        guard let folder = try open() else { throw .absent(path: path) }
        if let complaint = try complaint(about: folder, for: geteuid()) { throw complaint }
        guard flock(folder.number, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK { throw .shared(path: path) }
            throw .directory(path: path, step: "locked", code: errno)
        }
        let mode = isPrivate ? Self.privateMode : Self.openMode
        var status = stat()
        guard fchmod(folder.number, mode) == 0, fstat(folder.number, &status) == 0 else {
            throw .directory(path: path, step: "given its mode", code: errno)
        }
        guard status.st_mode & 0o7777 == mode else { throw .withoutGroup(path: path) }
        try sync(folder)
        return folder
    }

    /// What a daemon would alarm of; nil where all is well or nothing is there yet.
    ///
    /// - Parameter user: who the daemon is; nil for the directory's owner.
    func complaint(for user: uid_t?) -> DropFault? {
        do throws(DropFault) {
            guard let owner else { return nil }
            let user = user ?? owner
            guard owner == user else { return .foreign(path: path, owner: owner, user: user) }
            guard let folder = try open() else { return nil }
            return try complaint(about: folder, for: user)
        } catch {
            return error
        }
    }

    /// Whose the directory is; nil when there is none.
    private var owner: uid_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    /// Why a daemon of this user would not use the directory as it is; nil when it would.
    ///
    /// - Throws: when it cannot be looked at.
    private func complaint(
        about folder: Descriptor, for user: uid_t
    ) throws(DropFault) -> DropFault? {
        var status = stat()
        guard fstat(folder.number, &status) == 0 else {
            throw .directory(path: path, step: "looked at", code: errno)
        }
        guard status.st_uid == user else {
            return .foreign(path: path, owner: status.st_uid, user: user)
        }
        if [Self.privateMode, Self.openMode].contains(status.st_mode & 0o7777) { return nil }
        var other: String?
        try scan(folder) { entry in
            let isOurs = DropName(entry.name) != nil || DropName.isUnfinished(entry.name)
            if !isOurs { other = entry.name }
            return isOurs
        }
        return other.map { .inUse(path: path, name: $0) }
    }

    /// Looks at what lies there, on the calling thread; a second time where something came
    /// meanwhile or has a name from the future.
    ///
    /// - Parameter useless: hears what is no use, and why.
    func plan(
        _ folder: Descriptor, at now: Timestamp, of owner: uid_t? = nil,
        _ useless: (DropEntry, DropPlan.Useless) -> Void = { _, _ in }
    ) throws(DropFault) -> DropPlan {
        var plan = DropPlan(at: now, of: owner)
        try show(folder, to: &plan, useless)
        if !plan.ahead.isEmpty {
            plan = DropPlan(at: now, of: owner, through: plan.ahead)
            try show(folder, to: &plan, useless)
        }
        plan.close()
        return plan
    }

    private func show(
        _ folder: Descriptor, to plan: inout DropPlan,
        _ useless: (DropEntry, DropPlan.Useless) -> Void
    ) throws(DropFault) {
        try scan(folder) { entry in
            if let reason = plan.show(entry) { useless(entry, reason) }
            return true
        }
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
