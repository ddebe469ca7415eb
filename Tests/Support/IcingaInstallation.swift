import Foundation

/// Where an Icinga 2 lives and how it is run: this machine's own, or one in an unpacked Debian.
package struct IcingaInstallation: Sendable {
    /// Path of the binary, as it is seen from inside `root`.
    ///
    /// `/usr/sbin/icinga2` is a script that wants Debian's own paths and user.
    package let binary: String
    /// The unpacked system that it is in; nil for the machine's own.
    package let root: String?

    /// This machine's own; nil when there is none.
    package static let installed = IcingaInstallation(root: nil)

    /// The one in the system that was unpacked into `root`; nil when there is none.
    package init?(root: String?) {
        let place = "/usr/lib"
        // lost on purpose: a folder that cannot be listed holds no Icinga
        let names = (try? FileManager.default.contentsOfDirectory(atPath: (root ?? "") + place))
        let paths = (names ?? []).map { "\(place)/\($0)/icinga2/sbin/icinga2" }
        guard
            let found = paths.first(where: {
                FileManager.default.isExecutableFile(atPath: (root ?? "") + $0)
            })
        else { return nil }
        binary = found
        self.root = root
    }

    /// The words that run the binary with `arguments`; the process that they start becomes it.
    ///
    /// An unpacked one sees `folder` under its own path, and the machine's devices and processes.
    /// They are mounted in a mount namespace of its own, which ends with its last process however
    /// that ends, so nothing can stay mounted.
    package func command(_ arguments: [String], folder: String) -> [String] {
        guard let root else { return [binary] + arguments }
        let enter = ["unshare", "--mount", "--propagation", "private", "bash", "-c", Self.enter]
        return enter + ["enter", root, folder, binary] + arguments
    }

    private static let enter = """
        set -e
        root=$1 folder=$2; shift 2
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs tmpfs "$root/tmp"
        mkdir -p "$root$folder"
        mount --bind "$folder" "$root$folder"
        exec chroot "$root" "$@"
        """
}
