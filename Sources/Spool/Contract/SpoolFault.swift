#if canImport(Glibc)
    internal import Glibc
#endif

/// Why the spool did not do what it was asked to do.
///
/// Nothing of a failed call is stored.
package enum SpoolFault: Error, Hashable, Sendable {
    /// Another process owns the spool; its id, or nil when it did not say.
    case owned(path: String, byPID: Int32?)
    /// The file is not a spool of this program.
    case foreign(path: String, detail: String)
    /// A newer program wrote the file.
    case newerVersion(path: String, version: Int, known: Int)
    /// SQLite or a check after reading found the file inconsistent.
    case damaged(path: String, detail: String)
    /// The open file was removed, or another one stands in its place.
    case displaced(path: String)
    /// Directory or file cannot be created, opened or written.
    case unwritable(path: String, errno: Int32)
    /// The file system has no room left.
    case diskFull(path: String)
    /// The file is at its bound and even the reserve for settling is used up.
    case full(limitBytes: Int)
    /// A reader holds the write-ahead log, which therefore cannot be emptied.
    case logBlocked(bytes: Int)
    /// Another connection held the database longer than ``SpoolQueue/busyTimeout``.
    case busy(path: String)
    /// `synchronous=FULL` or the write-ahead log cannot be had on this file system.
    case notDurable(path: String, detail: String)
    /// The spool was closed.
    case closed
    /// SQLite failed in a way that none of the others describes.
    case storage(path: String, code: Int32, detail: String)
}

extension SpoolFault {
    /// What the caller does about a fault.
    package enum Disposition: Sendable {
        /// The next try can succeed without anybody's help.
        case retry
        /// Results are refused until room or rights are back; go on and say so.
        case alarm
        /// Move the file aside and start with a new one.
        case quarantine
        /// An operator has to act first.
        case stop
    }

    /// What the caller does about it.
    package var disposition: Disposition {
        switch self {
        case .busy: .retry
        case .diskFull, .full, .logBlocked, .storage: .alarm
        case .damaged, .foreign: .quarantine
        case .displaced: .alarm
        case .unwritable(_, let code): Self.passing.contains(code) ? .alarm : .stop
        case .owned, .newerVersion, .notDurable, .closed: .stop
        }
    }
}

extension SpoolFault {
    /// As what the file is moved aside, and what is wrong with it; nil for faults that leave it in
    /// place.
    package var damage: (kind: MovedSpool.Kind, detail: String)? {
        switch self {
        case .damaged(_, let detail): (.damaged, detail)
        case .foreign(_, let detail): (.foreign, detail)
        default: nil
        }
    }
}

extension SpoolFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .owned(let path, let pid):
            """
            The spool \(path) is in use by \(pid.map { "process \($0)" } ?? "another process"). \
            Only one process can own it. Stop that one, or talk to the running daemon.
            """
        case .foreign(let path, let detail):
            """
            \(path) is not a spool of forwarder: \(detail). Nothing was changed. `forwarder \
            daemon` moves it aside and begins a new spool; to keep it, move it away before.
            """
        case .newerVersion(let path, let version, let known):
            """
            The spool \(path) has format \(version), this program knows formats up to \(known). \
            It was left untouched. Install the newer forwarder again, or move the file away.
            """
        case .damaged(let path, let detail):
            """
            The spool \(path) is damaged: \(detail). Results in it may be lost. `forwarder \
            daemon` moves it aside with its date, never deletes it, and begins a new one.
            """
        case .displaced(let path):
            """
            The spool \(path) was removed or replaced while it was in use. What it held is \
            written to a file again, and delivery goes on from there. Leave the file alone while \
            forwarder runs.
            """
        case .unwritable(let path, let code):
            """
            \(path) cannot be written: \(String(cString: strerror(code))). No result can be kept. \
            \(Self.remedy(for: code))
            """
        case .diskFull(let path):
            """
            The file system of \(path) is full, or nearly. New results wait in memory until there \
            is room; what was accepted still goes to the masters. Free some space.
            """
        case .full(let limit):
            """
            The spool is full (\(limit) bytes). New results are refused and counted. \
            Raise size_limit, or restore the connection to the master.
            """
        case .logBlocked(let bytes):
            """
            The spool's write-ahead log has \(bytes) bytes and a reader keeps it from shrinking. \
            New results are refused. End the program that has the spool open (sqlite3?).
            """
        case .busy(let path):
            """
            Another program holds the database \(path). This step was not done and is tried \
            again. End the program that has the spool open (sqlite3?).
            """
        case .notDurable(let path, let detail):
            """
            \(path) cannot be made durable: \(detail). A power cut could lose accepted results, \
            so the spool stays shut. Put it on a local file system.
            """
        case .closed:
            "The spool is closed. Nothing was stored. This is a defect of the program: report it."
        case .storage(let path, let code, let detail):
            """
            SQLite failed on \(path) (code \(code)): \(detail). This step was not done. \
            Look for errors of the disk in the kernel's log.
            """
        }
    }
}

extension SpoolFault {
    /// Errors of the system that end without anybody touching forwarder's configuration.
    private static let passing: Set<Int32> = [
        EROFS, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, EAGAIN, EINTR, ESTALE,
    ]
    private static func remedy(for code: Int32) -> String {
        switch code {
        case EROFS: "Look why the file system is read-only (the kernel's log says) and remount it."
        case EIO: "Look for errors of the disk in the kernel's log."
        case EMFILE, ENFILE: "Raise the limit of open files (LimitNOFILE)."
        default:
            "Create its directory, owned by the daemon's user, or set the Spool object's path."
        }
    }

    static let readOnlyFileSystem = EROFS
    static let accessDenied = EACCES
}
