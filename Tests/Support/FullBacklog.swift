import Foundation
import Glibc

/// A port of loopback whose host answers no attempt to connect, as a host that is gone does: its
/// queue of connections is full, and nobody takes one.
package final class FullBacklog {
    /// The port.
    package let port: UInt16
    private let descriptors: [Int32]

    /// Fills its queue.
    package init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isUp = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 0) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isUp else { throw SupportFault("no listener: errno \(errno)") }
        // The queue of length 0 holds one; the rest keep it full should that be more somewhere.
        let callers = (0..<4).map { _ in
            let caller = socket(
                AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            _ = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    connect(caller, address, length)
                }
            }
            return caller
        }
        port = UInt16(bigEndian: address.sin_port)
        descriptors = [listener] + callers
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
}
