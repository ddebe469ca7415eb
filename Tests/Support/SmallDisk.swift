import Foundation

/// A small file system of a test's own; it goes when the test process dies.
///
/// Only root can have one.
package final class SmallDisk: Sendable {
    /// Where it is mounted.
    package let path: String
    private let watch: ChildProcess

    /// Mounts it on a folder.
    package init(at path: String, size: String) throws {
        self.path = path
        try Command.require(
            "mount", ["-t", "tmpfs", "-o", "size=\(size),mode=0700", "tmpfs", path])
        let script = #"tail --pid="$1" -f /dev/null; umount --lazy "$2""#
        let test = ProcessInfo.processInfo.processIdentifier
        watch = try ChildProcess("sh", ["-c", script, "guard", "\(test)", path])
    }

    /// Takes all the room that is left, to the last byte; again and again if need be.
    package func fill() throws {
        let name = "\(path)/filler-\(UInt32.random(in: 0 ... .max))"
        // lost on purpose: it ends with an error, as the disk is full
        _ = try Command.run("dd", ["if=/dev/zero", "of=\(name)", "bs=4k"])
    }

    /// Takes room until about so much is left.
    package func fill(leaving byteCount: Int) throws {
        let facts = try FileManager.default.attributesOfFileSystem(forPath: path)
        let free = (facts[.systemFreeSize] as? Int) ?? 0
        let name = "\(path)/filler-\(UInt32.random(in: 0 ... .max))"
        try Command.require("fallocate", ["-l", "\(max(free - byteCount, 4096))", name])
    }

    /// Gives back what was taken.
    package func free() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path)
        where name.hasPrefix("filler-") {
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
    }

    /// Lets nobody write to it any more; nothing may be open for writing.
    package func makeReadOnly() throws {
        try Command.require("mount", ["-o", "remount,ro", path])
    }

    /// Lets its owner write again.
    package func makeWritable() throws {
        try Command.require("mount", ["-o", "remount,rw", path])
    }

    /// Takes it away, used or not.
    package func unmount() {
        watch.signal(SIGKILL)
        // lost on purpose: what cannot be unmounted is seen in the mount table
        _ = try? Command.run("umount", ["--lazy", path])
    }
}
