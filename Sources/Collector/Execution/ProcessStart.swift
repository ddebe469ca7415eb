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
    /// Its soft limit of open files; nil: this process's.
    var openFileLimit: Int?
    /// Whom it becomes; nil to stay this process's user.
    var user: PluginUser?
    /// True to have it killed when the thread that starts it ends, as by SIGKILL to this process.
    var endsWithStarter = false

    /// How much a plugin gives way to everything else on the host; Icinga's number.
    private static let niceIncrement: Int32 = 5

    /// Not writable for group and others: plugins keep state files, some run as root.
    private static let creationMask: Int32 = 0o022

    /// Starts the process in a session of its own.
    ///
    /// Blocks until its program runs or failed to; one of another user is not waited for, and its
    /// ending says why its program did not run.
    func start() throws(LaunchFault) -> StartedProcess {
        guard let program = arguments.first else {
            throw .unusableCommand("its command line is empty")
        }
        guard !arguments.contains(where: { $0.contains(0) }) else {
            throw .unusableCommand("an argument contains a NUL byte")
        }
        let name = String(decoding: program, as: UTF8.self)
        let failure = try user.map { (user) throws(LaunchFault) in
            try StartFailure(program: name, user: user.name)
        }
        var process = cspawn_process(pid: -1, pidfd: -1)
        let result = withRequest { cspawn_start($0, &process, failure?.place) }
        guard result < 0 else {
            return StartedProcess(
                id: process.pid,
                pidfd: Descriptor(process.pidfd),
                failure: failure
            )
        }
        throw LaunchFault(starting: name, code: -result)
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
                        request.open_file_limit = UInt64(openFileLimit ?? 0)
                        request.new_session = true
                        request.ends_with_starter = endsWithStarter
                        return withIdentity(of: &request, body)
                    }
                }
            }
        }
    }

    /// Another user starts in `/`: where this process is may be behind folders that are shut to it.
    private func withIdentity(
        of request: inout cspawn_request,
        _ body: (UnsafePointer<cspawn_request>) -> Int32
    ) -> Int32 {
        guard let user else { return body(&request) }
        return "/".withCString { directory in
            user.withIdentity { identity in
                request.directory = directory
                request.identity = identity
                return body(&request)
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
    /// Where one of another user says why its program does not run.
    let failure: StartFailure?

    /// Sends a signal to the process and all that it started and that stayed in its group.
    func signalGroup(_ signal: Int32) {
        // Lost on purpose: the group may be gone, or belong to another user after sudo where this
        // process may not kill others; the launcher's deadlines go on either way. One that had no
        // time yet to become a group of its own is alone.
        if kill(-id, signal) != 0, errno == ESRCH { _ = kill(id, signal) }
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
        if let fault = failure?.fault { return .notStarted("\(fault)") }
        return ending.was_killed ? .killed(signal: ending.status) : .exited(ending.status)
    }
}

/// Why the program of a process of another user does not run, as that process itself says.
final class StartFailure {
    /// Shared with the process until its program runs.
    let place: UnsafeMutablePointer<cspawn_fault>
    private let program: String
    private let user: String

    init(program: String, user: String) throws(LaunchFault) {
        guard let place = cspawn_fault_create() else {
            throw .system(call: "mmap", code: ENOMEM)
        }
        self.place = place
        self.program = program
        self.user = user
    }

    deinit { cspawn_fault_free(place) }

    /// The reason; nil when its program was run.
    ///
    /// Final once the process has ended.
    var fault: LaunchFault? {
        let said = place.pointee
        guard said.error != 0 else { return nil }
        return said.was_identity
            ? .notBecome(user: user, code: said.error)
            : LaunchFault(starting: program, code: said.error)
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
