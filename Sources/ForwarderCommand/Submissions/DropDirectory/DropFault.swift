import Foundation
import Monitoring

/// Why something with the drop directory did not work.
enum DropFault: Error, Hashable, CustomStringConvertible {
    /// A step on the directory itself failed.
    case directory(path: String, step: String, code: Int32)
    case absent(path: String)
    case foreign(path: String, owner: uid_t, user: uid_t)
    case inUse(path: String, name: String)
    case withoutGroup(path: String)
    /// Another daemon empties it.
    case shared(path: String)
    /// A file could not be written.
    case file(path: String, code: Int32)
    /// A file is there, but its name could not be made durable.
    case unsynced(path: String, code: Int32)
    case quota(path: String, reason: String)
    /// So long after the daemon was asked that nobody knows any more what it did.
    case late
    /// A file is no use, for ever.
    case unusable(String)
    /// A file cannot be read just now.
    case unread(code: Int32)
    /// A file went meanwhile.
    case gone

    /// True when the file is there all the same.
    var isPut: Bool { if case .unsynced = self { true } else { false } }

    var description: String {
        switch self {
        case .directory(let path, let step, EACCES):
            """
            The drop directory \(path) cannot be \(step): this user may not submit results while \
            no daemon answers. Nothing was put there. Ask for a Submitter object in forwarder.conf.
            """
        case .directory(let path, let step, EROFS):
            """
            The drop directory \(path) cannot be \(step): its file system is read-only. Nothing \
            can be submitted while no daemon answers. Have it mounted for writing, or set the \
            Control object's drop_directory.
            """
        case .directory(let path, let step, let code):
            """
            The drop directory \(path) cannot be \(step): \(String(cString: strerror(code))). \
            Nothing can be submitted while no daemon answers. Make it for the daemon's user, or \
            set the Control object's drop_directory.
            """
        case .absent(let path):
            """
            There is no drop directory \(path): the daemon makes it when it starts, if it may. \
            Nothing was put there. Start the daemon, and submit again.
            """
        case .foreign(let path, let owner, let user):
            """
            The drop directory \(path) belongs to uid \(owner), not to the daemon's user (uid \
            \(user)), which could not remove what it took. Nothing is taken from it. Remedy: \
            chown it to the daemon's user.
            """
        case .inUse(let path, let name):
            """
            The drop directory \(path) holds \(name.printable), so it is in use for something \
            else. It was not touched, and nothing is taken from it. Remedy: set the Control \
            object's drop_directory to a directory of its own.
            """
        case .withoutGroup(let path):
            """
            Files in the drop directory \(path) do not get its group, so the daemon could not \
            read them. Nothing was put there. Remedy: chmod g+s \(path), with the daemon's group.
            """
        case .file(let path, let code):
            """
            \(path) could not be written: \(String(cString: strerror(code))). Nothing was put \
            there. \(Self.hasNoRoom(code) ? "Make room" : "Mend that"), and submit again.
            """
        case .unsynced(let path, let code):
            """
            The results are in \(path), from where the daemon takes them; but their directory \
            could not be flushed (\(String(cString: strerror(code)))), so that a power cut before \
            that would lose them. Submitted again they would count twice. Look after the disk.
            """
        case .quota(let path, let reason):
            """
            The drop directory \(path) takes no more of this user: \(reason). Nothing was put \
            there. See `forwarder status` for what keeps the daemon from emptying it, or start \
            one, and submit them again.
            """
        case .late:
            "It was not dropped, as that is too long ago: the daemon could take it twice."
        case .shared(let path):
            """
            Another forwarder daemon uses the drop directory \(path). Nothing is taken from it \
            here. Remedy: stop that daemon, or set the Control object's drop_directory to a \
            directory of its own.
            """
        case .unusable(let reason): reason
        case .unread(let code): "it cannot be read: \(String(cString: strerror(code)))"
        case .gone: "it is gone"
        }
    }

    private static func hasNoRoom(_ code: Int32) -> Bool { code == ENOSPC || code == EDQUOT }
}
