internal import Glibc

/// Why a plugin, or the launcher itself, could not be started.
package enum LaunchFault: Error, Hashable {
    /// A system call failed.
    case system(call: String, code: Int32)
    /// The kernel refused to run this program.
    case notExecuted(program: String, code: Int32)
    /// The process could not become the user that plugins run as.
    case notBecome(user: String, code: Int32)
    /// A command line or variable that no process can be given; the text names it.
    case unusableCommand(String)
    /// A process of an earlier check of the object ignores SIGKILL.
    case stillThere(process: Int32)

    /// What the kernel's refusal to start this program means.
    init(starting program: String, code: Int32) {
        switch code {
        case EAGAIN, ENOMEM, EMFILE, ENFILE: self = .system(call: "clone", code: code)
        default: self = .notExecuted(program: program, code: code)
        }
    }
}

extension LaunchFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let call, let code):
            """
            The plugin could not be started: \(call): \(Self.text(of: code)). This check has no \
            result of its own; the next one tries again. \(Self.remedy(for: code))
            """
        case .notExecuted(let program, let code):
            "execvpe(\(program)) failed: \(Self.text(of: code))"
        case .notBecome(let user, let code):
            """
            The plugin was not started: its process could not become the Checks object's user \
            '\(user)': \(Self.text(of: code)). Give the daemon back the right to change users \
            (CAP_SETUID, CAP_SETGID), or restart it to see what is wrong.
            """
        case .unusableCommand(let reason):
            "The plugin could not be started: \(reason). Correct the definition of its command."
        case .stillThere(let process):
            """
            The plugin was not started: process \(process) of an earlier check ignores SIGKILL, as \
            one does that waits for a dead disk or network file system. Find out what it waits for.
            """
        }
    }

    private static func remedy(for code: Int32) -> String {
        switch code {
        case EMFILE, ENFILE: "Raise the limit of open files (LimitNOFILE) or check less at a time."
        case EAGAIN: "Raise the limit of processes (TasksMax, LimitNPROC)."
        case ENOMEM: "The host is out of memory."
        default: "See the system's log."
        }
    }

    private static func text(of code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
