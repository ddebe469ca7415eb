internal import Glibc

/// Looks at names in a file system; reads no content.
public protocol PathLookup: Sendable {
    /// True when something has this path.
    func exists(_ path: String) -> Bool
    /// The names in a directory without `.` and `..`, in any order, each with what it is.
    ///
    /// - Parameter limit: most names.
    /// - Throws: `.tooManyNames` when there are more; `.unreadable` for what is no directory, or
    ///   one that may not be read.
    func entries(of directory: String, limit: Int) throws(PathFault) -> [PathEntry]
    /// What a path is, following links; nil when there is none.
    func kind(of path: String) -> PathEntry.Kind?
}

/// Why names were not found.
public enum PathFault: Error, Hashable {
    /// There are more than are looked at.
    case tooManyNames
    /// A directory cannot be read.
    ///
    /// - Parameter code: an `errno` value.
    case unreadable(directory: String, code: Int32)

    /// What an `errno` value means, in words.
    static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}

/// One name in a directory.
public struct PathEntry: Sendable {
    /// What a name stands for, links followed.
    public enum Kind: Sendable {
        /// A directory.
        case directory
        /// A regular file.
        case file
        /// A socket, a device, a link to nowhere.
        case other
    }

    /// The name alone, without its directory.
    public let name: String

    /// An entry of this name.
    public init(name: String) {
        self.name = name
    }
}

/// The machine's own file system.
public struct SystemPaths: PathLookup {
    /// Looks with the rights of the process.
    public init() {}

    /// True when something has this path.
    public func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// The names in a directory.
    public func entries(of directory: String, limit: Int) throws(PathFault) -> [PathEntry] {
        guard let handle = unsafe opendir(directory.isEmpty ? "." : directory) else {
            throw .unreadable(directory: directory, code: errno)
        }
        defer { unsafe closedir(handle) }
        var entries: [PathEntry] = []
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != ".", name != ".." else { continue }
            guard entries.count < limit else { throw .tooManyNames }
            entries.append(PathEntry(name: name))
        }
        return entries
    }

    /// What a path is.
    public func kind(of path: String) -> PathEntry.Kind? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFDIR: .directory
        case S_IFREG: .file
        default: .other
        }
    }
}
