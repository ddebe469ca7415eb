import Foundation

/// The system calls behind the control socket.
enum ControlSocket {
    /// Listens at `path`; by default only the own user can connect.
    static func listen(path: String, mode: mode_t = 0o600) throws(ControlFault) -> Descriptor {
        let descriptor = try makePrivate(path: path)
        guard chmod(path, mode) == 0, Glibc.listen(descriptor.number, 16) == 0 else {
            throw fault("listen on", path)
        }
        return descriptor
    }

    /// Makes the socket's file, which is the own user's from its first moment on.
    ///
    /// Linux makes it with the descriptor's own mode, less the umask (`unix_bind` in
    /// net/unix/af_unix.c); a umask for the moment would be that of all threads.
    static func makePrivate(path: String) throws(ControlFault) -> Descriptor {
        let descriptor = try make()
        guard fchmod(descriptor.number, 0o600) == 0,
            try withAddress(path, { bind(descriptor.number, $0, $1) }) == 0
        else { throw fault("listen on", path) }
        return descriptor
    }

    /// Hands over every connection, on the calling thread, until the listener is shut down.
    static func acceptAll(on listener: Descriptor, _ take: (Descriptor) -> Void) {
        while true {
            let number = accept(listener.number, nil, nil)
            if number < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                if errno == EMFILE || errno == ENFILE || errno == ENOMEM {
                    // Out of descriptors: others must end first, and they do within their patience.
                    usleep(100_000)
                    continue
                }
                return
            }
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            take(Descriptor(number))
        }
    }

    /// Connects to a daemon that listens at `path`; nil when none does.
    ///
    /// - Parameter patience: how long connecting, and each reading and writing after it, may take;
    ///   nil for as long as it takes.
    /// - Throws: also when the kernel keeps this user away from it, because a daemon may be there.
    static func connect(
        path: String, patience: timeval? = nil
    ) throws(ControlFault) -> Descriptor? {
        let descriptor = try make()
        if let patience { setPatience(patience, of: descriptor) }
        let status = try withAddress(path) { Glibc.connect(descriptor.number, $0, $1) }
        guard status != 0 else { return descriptor }
        switch errno {
        case ENOENT, ECONNREFUSED, ENOTDIR, ENOTSOCK: return nil
        case EACCES, EPERM: throw forbidden(path)
        case EAGAIN:
            throw ControlFault(
                description: """
                    The daemon at \(path) takes no more connections: many wait already, or it \
                    hangs. Nothing was asked. Look into its log, and try again.
                    """)
        default: throw fault("connect to", path)
        }
    }

    private static func forbidden(_ path: String) -> ControlFault {
        var status = stat()
        let owner = lstat(path, &status) == 0 ? status.st_uid : nil
        let whose = owner.map { "the daemon's user (uid \($0))" } ?? "the daemon's user"
        return ControlFault(
            description: """
                The daemon's socket is \(path), but this user (uid \(geteuid())) may not talk to \
                the daemon. Nothing was asked. Run this as root or as \(whose).
                """)
    }

    /// Makes the folder that the socket will be in.
    static func prepareFolder(of path: String) throws(ControlFault) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard mkdir(folder, 0o755) != 0, errno != EEXIST else { return }
        throw ControlFault(
            description: """
                The folder \(folder) of the control socket cannot be made: \
                \(String(cString: strerror(errno))). The daemon cannot be asked anything and does \
                not start. Make it for the daemon's user, or set the Control object's path.
                """)
    }

    /// Removes a socket that nobody listens on any more; anything else at its place stays.
    static func removeAbandoned(path: String) throws(ControlFault) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ControlFault(
                description: """
                    \(path) exists and is no socket; it was left alone, and the daemon does not \
                    start. Set the Control object's path to another place.
                    """)
        }
        guard try connect(path: path) == nil else {
            throw ControlFault(
                description: """
                    Another daemon listens on \(path), and two must not share it. Stop that one, \
                    or set the Control object's path.
                    """)
        }
        unlink(path)
    }

    /// Bounds how long reading from and writing to a socket may take.
    static func setPatience(_ patience: timeval, of descriptor: Descriptor) {
        var patience = patience
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor.number, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor.number, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    }

    /// The user at the other side of a connected socket.
    static func peerUser(of number: Int32) -> uid_t? { asker(at: number)?.user }

    /// Most groups of a user.
    ///
    /// 65,536: the kernel's own limit.
    private static let groupLimit = 65_536
    /// Linux's name for the other side's supplementary groups, which Swift's Glibc lacks.
    private static let peerGroups: Int32 = 59

    /// The user at the other side of a connected socket, with all groups.
    static func asker(at number: Int32) -> ControlRights.Asker? {
        // struct ucred of Linux: pid, uid, gid, each 32 bits.
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(number, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else {
            return nil
        }
        var groups = [gid_t](repeating: credentials.gid, count: 32)
        size = socklen_t(groups.count * MemoryLayout<gid_t>.size)
        while getsockopt(number, SOL_SOCKET, peerGroups, &groups, &size) != 0 {
            guard errno == ERANGE, groups.count < groupLimit else { return nil }
            groups = [gid_t](repeating: credentials.gid, count: groups.count * 2)
            size = socklen_t(groups.count * MemoryLayout<gid_t>.size)
        }
        let others = groups.prefix(Int(size) / MemoryLayout<gid_t>.size)
        return ControlRights.Asker(
            user: credentials.uid, groups: Set(others).union([credentials.gid]))
    }

    private static func make() throws(ControlFault) -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = socket(AF_UNIX, kind, 0)
        guard number >= 0 else { throw fault("make a socket for", "the control socket") }
        return Descriptor(number)
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(ControlFault) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8) + [0]
        guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
            throw ControlFault(
                description: """
                    The path \(path) is longer than the 107 bytes that a socket may have. Set the \
                    Control object's path to a shorter one.
                    """)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
        }
    }

    private static func fault(_ verb: String, _ path: String) -> ControlFault {
        ControlFault(
            description: """
                Cannot \(verb) \(path): \(String(cString: strerror(errno))). The daemon cannot be \
                reached there. Set the Control object's path to a place its user can write to.
                """)
    }
}
