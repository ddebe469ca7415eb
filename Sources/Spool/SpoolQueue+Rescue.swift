internal import GRDB
internal import Monitoring

#if canImport(Glibc)
    internal import Glibc
#endif

extension SpoolQueue {
    /// What became of the content of a spool whose file was removed or replaced while it was open.
    package enum Rescue: Sendable, Hashable {
        /// Its place was empty: it stands there again.
        case putBack
        /// Something else stands in its place, which was left alone.
        case setAside(MovedSpool)
    }

    /// Writes what a displaced spool holds to a file that has a name, and closes the spool.
    ///
    /// Nothing that was accepted before the file lost its name is lost, unless the process or the
    /// power ends before this has returned: a file without a name goes with its last user.
    ///
    /// - Durability: the rescued file and its name are on the medium when this returns.
    /// - Throws: `.diskFull`, `.unwritable`, and then it can be tried again; `.damaged`.
    package func rescue() async throws(SpoolFault) -> Rescue {
        try file.prepareDirectory()
        let moved = try Quarantine(file: file).freeName(.displaced, at: time.wall)
        do throws(SpoolFault) {
            try await copy(to: moved.path)
        } catch {
            unlink(moved.path)
            throw error
        }
        // lost on purpose: all of it is in the copy
        try? close()
        // As long as its name is free nobody has opened the copy. The log beside that name belongs
        // to the file that is gone.
        guard FilePlace(of: file.path) == nil else { return .setAside(moved) }
        for companion in Quarantine.companions { unlink(file.path + companion) }
        guard link(moved.path, file.path) == 0 else {
            guard errno == EEXIST else { throw file.failure(errno) }
            return .setAside(moved)
        }
        unlink(moved.path)
        try file.syncDirectory(file.directory)
        return .putBack
    }

    /// A whole copy, log included, without a log of its own.
    private func copy(to path: String) async throws(SpoolFault) {
        let descriptor = try file.make(path)
        defer { Glibc.close(descriptor) }
        let outcome: Result<Void, SpoolFault> = await withCheckedContinuation { continuation in
            database.asyncWriteWithoutTransaction { [file] db in
                do {
                    try db.execute(sql: "VACUUM INTO ?", arguments: [path])
                    continuation.resume(returning: .success(()))
                } catch {
                    continuation.resume(returning: .failure(SpoolFault(error, of: file)))
                }
            }
        }
        try outcome.get()
        guard fsync(descriptor) == 0 else { throw file.failure(errno) }
        try file.syncDirectory(file.directory)
    }
}
