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
        guard let entry = getpwnam(name) else {
            throw .user(name: name, problem: "there is no such user on this host")
        }
        let user = entry.pointee.pw_uid
        let group = entry.pointee.pw_gid
        guard user != 0 else { throw .user(name: name, problem: "it is root") }
        guard initgroups(name, group) == 0, setgid(group) == 0,
            setuid(user) == 0
        else { throw .user(name: name, problem: String(cString: strerror(errno))) }
        guard setuid(0) != 0 else {
            throw .user(name: name, problem: "root could be taken back")
        }
    }
}
