internal import Glibc
internal import Logging

/// The way to a daemon that did not start this process: its listening socket.
package enum DaemonSocket {
    /// How long to wait before the next try while no daemon listens, in microseconds.
    ///
    /// 1 s: results wait no longer than that for a daemon that was restarted.
    private static let pause: UInt32 = 1_000_000

    /// A descriptor that is connected to the daemon; waits, on the calling thread, until one
    /// listens.
    ///
    /// - Throws: `.socket` when no waiting can help.
    package static func connect(path: String) throws(ForwarderFault) -> Int32 {
        var isSaid = false
        while true {
            let error = try tryOnce(path)
            if case .success(let descriptor) = error { return descriptor }
            if case .failure(let reason) = error, !isSaid {
                isSaid = true
                Logger(label: "uplink").notice(
                    "waiting for the daemon",
                    metadata: ["socket": "\(path)", "why": "\(reason.text)"]
                )
            }
            usleep(pause)
        }
    }

    /// True once the other end was closed; what it sent before may still be there to read.
    package static func isHungUp(_ descriptor: Int32) -> Bool {
        var look = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&look, 1, 0) == 1 && look.revents & Int16(POLLHUP) != 0
    }

    /// Why nobody answered this time.
    private struct NotYet: Error { var text: String }

    private static func tryOnce(
        _ path: String
    ) throws(ForwarderFault) -> Result<Int32, NotYet> {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw .socket(path: path, problem: reason()) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8) + [0]
        guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
            close(descriptor)
            throw .socket(path: path, problem: "it is longer than the 107 bytes of a socket's path")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, size)
            }
        }
        if status == 0 { return .success(descriptor) }
        let error = errno
        close(descriptor)
        switch error {
        case ENOENT, ECONNREFUSED, EAGAIN, EINTR:
            return .failure(NotYet(text: String(cString: strerror(error))))
        default:
            throw .socket(path: path, problem: String(cString: strerror(error)))
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
