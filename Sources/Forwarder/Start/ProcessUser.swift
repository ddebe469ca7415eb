#if canImport(Glibc)
    internal import Glibc
#endif

/// Whom the process runs as.
package enum ProcessUser {
    /// Becomes this user for good, with its groups and no others.
    ///
    /// Does nothing when the process does not run as root: systemd has chosen the user then.
    ///
    /// - Throws: `.user`; the process must not go on then.
    package static func drop(to name: String) throws(ForwarderFault) {
        guard geteuid() == 0 else { return }
        let (user, group) = try find(name)
        guard initgroups(name, group) == 0, setgid(group) == 0,
            setuid(user) == 0
        else { throw .user(name: name, problem: String(cString: strerror(errno))) }
        guard setuid(0) != 0 else {
            throw .user(name: name, problem: "root could be taken back")
        }
    }

    /// The ids of a user that the process may become.
    ///
    /// - Throws: `.user`.
    static func find(_ name: String) throws(ForwarderFault) -> (user: uid_t, group: gid_t) {
        guard let entry = getpwnam(name) else {
            throw .user(name: name, problem: "there is no such user on this host")
        }
        guard entry.pointee.pw_uid != 0 else { throw .user(name: name, problem: "it is root") }
        return (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }
}
