/// What the kernel says about one file, as far as trust depends on it.
package struct FileFacts: Sendable, Hashable {
    /// The owner's numeric id.
    package var owner: UInt32
    /// The permission bits, such as 0o644.
    package var permissions: UInt32
    /// True for a directory.
    package var isDirectory: Bool
    /// What tells it from all others, by whatever path; nil where that is not known.
    package var identity: FileIdentity?

    /// Facts with all their parts.
    package init(
        owner: UInt32, permissions: UInt32, isDirectory: Bool = false,
        identity: FileIdentity? = nil
    ) {
        self.owner = owner
        self.permissions = permissions
        self.isDirectory = isDirectory
        self.identity = identity
    }
}

/// One file or directory of the machine, whatever it is called.
package struct FileIdentity: Sendable, Hashable {
    /// The device that it is on.
    package var device: UInt64
    /// Its number there.
    package var inode: UInt64

    /// The one with this number on this device.
    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

/// Who may have written what the daemon executes.
package struct FileTrust: Sendable {
    /// The user that the daemon runs as.
    package var runningUser: UInt32

    /// The trust of a daemon that runs as this user.
    package init(runningUser: UInt32) {
        self.runningUser = runningUser
    }

    /// Why a file cannot be trusted, what that means and what to do; nil when it can.
    ///
    /// - Parameter power: what somebody can do who writes it; by default, have the daemon run it.
    package func complaint(
        about path: String,
        _ facts: FileFacts,
        power: String? = nil
    ) -> String? {
        let kind = facts.isDirectory ? "directory" : "file"
        let power = power ?? "run commands as uid \(runningUser)"
        if facts.owner != 0, facts.owner != runningUser {
            return "The \(kind) '\(path)' belongs to uid \(facts.owner). Whoever can change it can "
                + "\(power), so it must belong to root or to uid \(runningUser). "
                + "Remedy: chown root '\(path)'"
        }
        guard facts.permissions & 0o022 != 0 else { return nil }
        let mode = String(facts.permissions & 0o7777, radix: 8)
        return "The \(kind) '\(path)' can be written by its group or by everybody (mode \(mode)). "
            + "Whoever can change it can \(power). Remedy: chmod go-w '\(path)'"
    }
}
