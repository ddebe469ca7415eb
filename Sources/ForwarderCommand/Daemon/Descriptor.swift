import Foundation

/// A file descriptor that is closed when nobody holds it any more.
final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    /// `/dev/null`, for reading and writing.
    static func null() throws(ChildFault) -> Descriptor {
        let number = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard number >= 0 else { throw ChildFault(program: "/dev/null", errno: errno) }
        return Descriptor(number)
    }

    /// Writes all of `bytes` on the calling thread; false when the other side is gone.
    func writeAll(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    /// Waits on the calling thread, at most so many milliseconds; true when there is something to
    /// read, or the end.
    func isReadable(within milliseconds: Int32) -> Bool {
        var item = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return poll(&item, 1, milliseconds) == 1
    }

    /// Reads what is there, at most 64 KiB, on the calling thread; empty at the end.
    func readSome() -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            return buffer.prefix(max(0, count))
        }
    }
}

/// Two connected descriptors of the same kind.
struct SocketPair {
    let ours: Descriptor
    let theirs: Descriptor

    init() throws(ChildFault) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw ChildFault(program: "a socket pair", errno: errno)
        }
        ours = Descriptor(ends[0])
        theirs = Descriptor(ends[1])
    }
}
