import Foundation

/// The key files of all masters as the file system describes them, by which a change is known.
///
/// Not what they hold: a daemon that starts the uplink itself may read the keys and has no need to;
/// whether the new ones are any good, `forwarder-uplink --check` says. A file that was replaced,
/// written, chowned or touched counts as changed, and a link that leads elsewhere: each of these
/// shows in number, size or times, the change time among them, which nobody can set.
struct KeyFiles: Sendable, Hashable {
    /// What identifies a state of a file.
    private struct Mark: Sendable, Hashable {
        var device: UInt
        var number: UInt
        var size: Int
        var times: [Int]

        /// Nil for a file that is not there or out of sight.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = UInt(status.st_dev)
            number = UInt(status.st_ino)
            size = Int(status.st_size)
            times = [
                status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                status.st_ctim.tv_nsec,
            ]
        }
    }

    private let marks: [[Mark?]]

    /// The files as they are now.
    init(_ masters: [MasterNode]) {
        marks = masters.map { master in
            [master.certificatePath, master.keyPath, master.authorityPath].map(Mark.init)
        }
    }

    /// The places of the masters with a file that is not what it was then.
    func changed(since then: KeyFiles) -> Set<Int> {
        Set(marks.indices.filter { marks[$0] != then.marks[$0] })
    }
}
