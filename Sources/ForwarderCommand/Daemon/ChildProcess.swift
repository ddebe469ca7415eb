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
        pidfd.isReadable(within: milliseconds)
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
