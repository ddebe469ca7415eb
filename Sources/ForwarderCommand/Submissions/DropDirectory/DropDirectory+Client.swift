import Foundation
import Monitoring

/// The side of those who submit.
extension DropDirectory {
    /// Puts a batch into the directory: when this returns, it is there after a power cut too.
    ///
    /// Its name sorts behind those of all files that this user put there before. The quota is
    /// looked at before and after it is written, so that of clients at work at the same time those
    /// that find too much, with all their files, give theirs up.
    ///
    /// - Parameter isInTime: asked at the last moment before others can see it.
    /// - Throws: `.unsynced` when it is there but could not be made durable; otherwise nothing was
    ///   put there.
    func put(
        _ batch: SubmissionBatch, at now: Timestamp, isInTime: () -> Bool = { true }
    ) throws(DropFault) {
        try finish(try begin(batch), at: now, isInTime: isInTime)
    }

    /// A batch that is written, and that nobody takes yet.
    struct Unfinished: Sendable {
        fileprivate let folder: Descriptor
        fileprivate let id: BatchID
    }

    /// Writes a batch under the name of an unfinished one, durably.
    ///
    /// - Throws: when it cannot, or when it would be too much; then nothing is there.
    func begin(_ batch: SubmissionBatch) throws(DropFault) -> Unfinished {
        guard let folder = try open() else { throw .absent(path: path) }
        let bytes = batch.bytes
        if let complaint = try holdings(folder).complaint(adding: bytes.count) {
            throw .quota(path: path, reason: complaint)
        }
        let name = DropName.unfinishedText(of: batch.id)
        do throws(DropFault) {
            try write(bytes, as: name, folder)
        } catch {
            unlinkat(folder.number, name, 0)
            throw error
        }
        return Unfinished(folder: folder, id: batch.id)
    }

    /// Gives what was begun its name; as ``put(_:at:isInTime:)``.
    func finish(
        _ begun: Unfinished, at now: Timestamp, isInTime: () -> Bool = { true }
    ) throws(DropFault) {
        let folder = begun.folder
        let written = DropName.unfinishedText(of: begun.id)
        let name: DropName
        do throws(DropFault) {
            let own = try holdings(folder)
            if let complaint = own.complaint { throw .quota(path: path, reason: complaint) }
            name = DropName(time: own.nextTime(at: now), id: begun.id)
            guard isInTime() else { throw .late }
            guard renameat(folder.number, written, folder.number, name.text) == 0 else {
                throw .file(path: "\(path)/\(name.text)", code: errno)
            }
        } catch {
            unlinkat(folder.number, written, 0)
            throw error
        }
        do throws(DropFault) {
            try sync(folder)
        } catch {
            throw .unsynced(path: "\(path)/\(name.text)", code: errno)
        }
    }

    /// What this user has there now.
    private func holdings(_ folder: Descriptor) throws(DropFault) -> DropHoldings {
        var own = DropHoldings(of: geteuid())
        try scan(folder) { entry in
            own.count(entry)
            return true
        }
        return own
    }

    private func write(
        _ bytes: [UInt8], as name: String, _ folder: Descriptor
    ) throws(DropFault) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let number = openat(folder.number, name, flags, 0o600)
        guard number >= 0 else {
            // Who may list but not write is told the same as who may not even list.
            if errno == EACCES { throw .directory(path: path, step: "written to", code: EACCES) }
            throw .file(path: "\(path)/\(name)", code: errno)
        }
        let file = Descriptor(number)
        var (own, above) = (stat(), stat())
        guard fchmod(number, Self.fileMode) == 0, fstat(number, &own) == 0,
            fstat(folder.number, &above) == 0
        else { throw .file(path: "\(path)/\(name)", code: errno) }
        guard own.st_gid == above.st_gid else { throw .withoutGroup(path: path) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .file(path: "\(path)/\(name)", code: errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(file.number) == 0 else {
            throw .file(path: "\(path)/\(name)", code: errno)
        }
    }
}
