import Foundation

/// The system calls behind the control socket.
enum ControlSocket {
    /// Listens at `path`, mode 0600.
    static func listen(path: String) throws(ControlFault) -> Descriptor {
        let descriptor = try make()
        let previous = umask(0o177)
        defer { umask(previous) }
        let status = try withAddress(path) { bind(descriptor.number, $0, $1) }
        guard status == 0, Glibc.listen(descriptor.number, 16) == 0 else {
            throw fault("listen on", path)
        }
        return descriptor
    }

    /// Connects to a daemon that listens at `path`.
    static func connect(path: String) throws(ControlFault) -> Descriptor {
        let descriptor = try make()
        let status = try withAddress(path) { Glibc.connect(descriptor.number, $0, $1) }
        guard status == 0 else { throw fault("connect to", path) }
        return descriptor
    }

    /// The user at the other side of a connected socket.
    static func peerUser(of number: Int32) -> uid_t? {
        // struct ucred of Linux: pid, uid, gid, each 32 bits.
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(number, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else {
            return nil
        }
        return credentials.uid
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
        ControlFault(description: "Cannot \(verb) \(path): \(String(cString: strerror(errno))).")
    }
}
