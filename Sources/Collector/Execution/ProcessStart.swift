internal import CSpawn
internal import Glibc
internal import Monitoring

/// What one new process is.
struct ProcessStart {
    /// Files to try in this order; see ``PluginEnvironment/candidates(for:)``.
    var candidates: [[UInt8]]
    /// Program name and arguments.
    var arguments: [[UInt8]]
    /// `NAME=value` each.
    var environment: [[UInt8]]
    /// Descriptor i of the process is the i-th of these; it gets no other.
    var descriptors: [Descriptor]

    /// How much a plugin gives way to everything else on the host; Icinga's number.
    private static let niceIncrement: Int32 = 5

    /// Not writable for group and others: plugins keep state files, some run as root.
    private static let creationMask: Int32 = 0o022

    /// Starts the process in a session of its own; blocks until its program runs or failed to.
    func start() throws(LaunchFault) -> StartedProcess {
        guard let program = arguments.first else {
            throw .unusableCommand("its command line is empty")
        }
        guard !arguments.contains(where: { $0.contains(0) }) else {
            throw .unusableCommand("an argument contains a NUL byte")
        }
        var process = cspawn_process(pid: -1, pidfd: -1)
        let result = withRequest { cspawn_start($0, &process) }
        switch -result {
        case ...0: return StartedProcess(id: process.pid, pidfd: Descriptor(process.pidfd))
        case EAGAIN, ENOMEM, EMFILE, ENFILE: throw .system(call: "clone", code: -result)
        default:
            throw .notExecuted(
                program: String(decoding: program, as: UTF8.self),
                code: -result
            )
        }
    }

    private func withRequest(_ body: (UnsafePointer<cspawn_request>) -> Int32) -> Int32 {
        let numbers = descriptors.map(\.number)
        let files = candidates.isEmpty ? [[]] : candidates
        return withCStrings(files) { files in
            withCStrings(arguments) { argv in
                withCStrings(environment) { envp in
                    numbers.withUnsafeBufferPointer { numbers in
                        var request = cspawn_request()
                        request.candidates = files
                        request.argv = argv
                        request.envp = envp
                        request.descriptors = numbers.baseAddress
                        request.descriptor_count = numbers.count
                        request.nice_increment = Self.niceIncrement
                        request.creation_mask = Self.creationMask
                        request.new_session = true
                        return body(&request)
                    }
                }
            }
        }
    }
}

/// A process that runs, or has ended and waits to be looked at.
struct StartedProcess {
    /// Its id, and that of its session and group; nobody else's while it is not reaped.
    let id: Int32
    /// Readable when it has ended.
    let pidfd: Descriptor

    /// Sends a signal to the process and all that it started and that stayed in its group.
    func signalGroup(_ signal: Int32) {
        // Lost on purpose: the group may be gone, or belong to another user after sudo; the
        // launcher's deadlines go on either way.
        _ = kill(-id, signal)
    }

    /// How it ended; nil while it runs.
    ///
    /// It stays a zombie and keeps its id.
    func peek() -> PluginEnding? { look(CSPAWN_PEEK) }

    /// Lets the kernel forget it, so that its id may be a stranger's from now on; false while it
    /// runs.
    @discardableResult
    func reap() -> Bool { look(CSPAWN_REAP) != nil }

    private func look(_ how: cspawn_wait) -> PluginEnding? {
        var ending = cspawn_ending()
        guard cspawn_look(pidfd.number, how, &ending) == 0 else {
            return .notStarted("How the plugin ended is not known: somebody else reaped it.")
        }
        guard ending.has_ended else { return nil }
        return ending.was_killed ? .killed(signal: ending.status) : .exited(ending.status)
    }
}

/// Calls `body` with a NULL-terminated vector of C strings, none of which may contain a NUL.
private func withCStrings(
    _ strings: [[UInt8]],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Int32
) -> Int32 {
    var bytes: [CChar] = []
    var starts: [Int] = []
    for string in strings {
        starts.append(bytes.count)
        bytes += string.map { CChar(bitPattern: $0) }
        bytes.append(0)
    }
    return bytes.withUnsafeBufferPointer { bytes in
        let pointers = starts.map { start in bytes.baseAddress.map { $0 + start } } + [nil]
        return pointers.withUnsafeBufferPointer { pointers in
            guard let first = pointers.baseAddress else {
                preconditionFailure("there is at least the NULL")
            }
            return body(first)
        }
    }
}
