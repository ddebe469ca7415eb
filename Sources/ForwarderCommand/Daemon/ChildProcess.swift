import CSpawn
import Foundation
import Monitoring

/// Why one of the daemon's own helpers could not be started.
struct ChildFault: Error, CustomStringConvertible {
    let program: String
    let errno: Int32

    var description: String {
        """
        \(program) could not be started: \(String(cString: strerror(errno))). Nothing can be \
        delivered. Install it beside forwarder, or set the Uplink object's program.
        """
    }
}

/// A process of ours with some descriptors; not a plugin.
struct ChildProcess: Sendable {
    let pid: pid_t
    private let pidfd: Descriptor

    /// Starts `program`; its descriptor i is `descriptors[i]`, all others are closed.
    ///
    /// Its environment holds nothing but a PATH.
    init(
        program: String, arguments: [String], descriptors: [Int32]
    ) throws(ChildFault) {
        var process = cspawn_process()
        let status = Self.start(program, arguments, descriptors, &process)
        guard status == 0 else { throw ChildFault(program: program, errno: -status) }
        pid = process.pid
        pidfd = Descriptor(process.pidfd)
    }

    private static func start(
        _ program: String, _ arguments: [String], _ descriptors: [Int32],
        _ process: inout cspawn_process
    ) -> Int32 {
        withCStrings([program]) { candidates in
            withCStrings([program] + arguments) { argv in
                withCStrings(["PATH=/usr/bin:/bin"]) { envp in
                    descriptors.withUnsafeBufferPointer { descriptors in
                        var request = cspawn_request()
                        request.candidates = candidates
                        request.argv = argv
                        request.envp = envp
                        request.descriptors = descriptors.baseAddress
                        request.descriptor_count = descriptors.count
                        request.creation_mask = -1
                        request.new_session = true
                        return cspawn_start(&request, &process, nil)
                    }
                }
            }
        }
    }

    /// Waits on the calling thread until the process has ended; its number stays its own.
    func waitUntilEnded() {
        var item = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
        while poll(&item, 1, -1) < 0, errno == EINTR {}
    }

    /// Waits on the calling thread, at most so many milliseconds; true when it has ended.
    func hasEnded(within milliseconds: Int32) -> Bool {
        var item = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
        return poll(&item, 1, milliseconds) == 1
    }

    /// How a process ended.
    enum Ending: Sendable, Hashable, CustomStringConvertible {
        case exited(Int32)
        case killed(bySignal: Int32)
        case unobserved

        var description: String {
            switch self {
            case .exited(let status): "exited with status \(status)"
            case .killed(let signal): "ended by signal \(signal)"
            case .unobserved: "its end could not be observed"
            }
        }
    }

    /// Says how the ended process ended.
    ///
    /// Its number may belong to a stranger afterwards.
    func reap() -> Ending {
        var ending = cspawn_ending()
        guard cspawn_look(pidfd.number, CSPAWN_REAP, &ending) == 0, ending.has_ended else {
            return .unobserved
        }
        return ending.was_killed ? .killed(bySignal: ending.status) : .exited(ending.status)
    }

    /// Ends the process; never after ``reap()``.
    func kill() { _ = Foundation.kill(pid, SIGKILL) }

    private static func withCStrings<Answer>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Answer
    ) -> Answer {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer<CChar>($0) } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

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
