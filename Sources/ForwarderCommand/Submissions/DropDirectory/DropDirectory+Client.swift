import Foundation
import Monitoring

/// The side of those who submit.
extension DropDirectory {
    /// Puts a batch into the directory: when this returns, it is there after a power cut too.
    ///
    /// Its name sorts behind those of all files that this user put there before.
    ///
    /// - Parameter isInTime: asked at the last moment before others can see it.
    /// - Throws: `.unsynced` when it is there but could not be made durable; otherwise nothing was
    ///   put there.
    func put(
        _ batch: SubmissionBatch, at now: Timestamp, isInTime: () -> Bool = { true }
    ) throws(DropFault) {
        guard let folder = try open() else { throw .absent(path: path) }
        let bytes = batch.bytes
        var own = DropHoldings(of: geteuid())
        try scan(folder) { entry in
            own.count(entry)
            return true
        }
        if let complaint = own.complaint(adding: bytes.count) {
            throw .quota(path: path, reason: complaint)
        }
        let name = DropName(time: own.nextTime(at: now), id: batch.id)
        do throws(DropFault) {
            try write(bytes, as: name.unfinishedText, folder)
            guard isInTime() else { throw .late }
            let status = renameat(
                folder.number, name.unfinishedText, folder.number, name.text)
            guard status == 0 else { throw .file(path: "\(path)/\(name.text)", code: errno) }
        } catch {
            unlinkat(folder.number, name.unfinishedText, 0)
            throw error
        }
        do throws(DropFault) {
            try sync(folder)
        } catch {
            throw .unsynced(path: "\(path)/\(name.text)", code: errno)
        }
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
