/// Where the spool lives and how much it may hold.
package struct SpoolSettings: Sendable, Hashable {
    /// The database file; `-wal`, `-shm` and `.lock` files appear beside it.
    package var path: String
    /// Most bytes on disk, the write-ahead log included; attribute `size_limit`, in bytes.
    package var sizeLimit: Int

    /// 64 MiB: a day of 1,000 services checked every five minutes with 200 bytes of output each.
    package static let defaultSizeLimit = 64 << 20
    /// 2 MiB: below that the write-ahead log alone would fill the spool.
    ///
    /// Less is taken as this.
    package static let minimumSizeLimit = 2 << 20

    /// Settings with all their parts.
    package init(path: String, sizeLimit: Int = Self.defaultSizeLimit) {
        self.path = path
        self.sizeLimit = max(sizeLimit, Self.minimumSizeLimit)
    }
}
