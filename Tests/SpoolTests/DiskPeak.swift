import Spool
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The most that a spool's database, log and ballast took together, in the middle of steps too.
final class DiskPeak: Sendable {
    private let path: Mutex<String>
    private let most = Mutex(0)

    init(_ path: String = "") { self.path = Mutex(path) }

    /// The most that was seen.
    var byteCount: Int { most.withLock { $0 } }

    /// Which spool; nothing was seen of it yet.
    func watch(_ path: String) {
        self.path.withLock { $0 = path }
        most.withLock { $0 = 0 }
    }

    func look() {
        let path = path.withLock { $0 }
        let now = ["", "-wal", ".ballast"].reduce(0) { sum, suffix in
            var facts = stat()
            return stat(path + suffix, &facts) == 0 ? sum + Int(facts.st_size) : sum
        }
        most.withLock { $0 = max($0, now) }
    }
}
