import Foundation

/// A TCP port of 127.0.0.1 that nobody else in these tests is given while this exists.
///
/// The claim is a socket on the same port of 127.0.0.2: it dies with the process, leaves the port
/// of 127.0.0.1 to whoever is to listen there, and keeps it through restarts of that program.
package final class LoopbackPort: Sendable {
    /// The port.
    package let number: Int
    private let claim: Int32

    /// Below the ports that the kernel gives to outgoing connections (32,768 and up).
    private static let range = 20_000..<32_000

    /// Claims a free port.
    package init() throws {
        for candidate in Self.range.shuffled() {
            guard let claim = Self.bind(port: candidate, host: 2) else { continue }
            if let probe = Self.bind(port: candidate, host: 1) {
                close(probe)
                number = candidate
                self.claim = claim
                return
            }
            close(claim)
        }
        throw SupportFault("no free port on 127.0.0.1 in \(Self.range)")
    }

    deinit {
        close(claim)
    }

    private static func bind(port: Int, host: UInt32) -> Int32? {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0000 | host).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(handle, $0, size)
            }
        }
        guard status == 0, listen(handle, 1) == 0 else {
            close(handle)
            return nil
        }
        return handle
    }
}
