import Foundation
import TestSupport

/// A listening socket on a claimed port of 127.0.0.1.
final class LoopbackListener: Sendable {
    private let socket: Int32
    private let port: LoopbackPort

    init(port: LoopbackPort) throws {
        self.port = port
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var reuse: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port.number).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = self.socket
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) }
        }
        guard status == 0, listen(socket, 64) == 0 else {
            let reason = String(cString: strerror(errno))
            throw SupportFault("cannot listen on \(port.number): \(reason)")
        }
    }

    deinit { close(socket) }

    /// The next connection; nil once it was stopped.
    func next() -> Int32? {
        let connection = accept(socket, nil, nil)
        guard connection >= 0 else { return nil }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        var noDelay: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, size)
        return connection
    }

    /// True when somebody came and waits.
    var isVisited: Bool {
        var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, 0) == 1
    }

    /// Takes no more connections.
    func stop() { shutdown(socket, Int32(SHUT_RDWR)) }
}
